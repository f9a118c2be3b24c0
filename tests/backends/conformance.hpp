#pragma once

#include <saccade/testing/conformance.hpp>

#include "support/catch.hpp"

/// Runs every case of the conformance kit.
template <class B>
void check_conformance(std::function<B()> make, saccade::testing::ConformanceOptions<B> options = {}) {
  for (const saccade::testing::Case& c : saccade::testing::conformance_cases<B>(std::move(make), std::move(options))) {
    const saccade::testing::Report report = c.run();
    INFO(c.name << ": " << report.message());
    CHECK(report.passed());
  }
}
