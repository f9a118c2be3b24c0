#pragma once

#include <saccade/model/feature_store.hpp>

#include <CLI/CLI.hpp>

#include <cstddef>
#include <memory>

#include "common/options.hpp"

/// The option of programs that keep a frozen encoder's features.
namespace program {

inline CLI::Option* add_feature_cache_option(Options& options, saccade::Index& megabytes) {
  return options
      .add_option("--feature-cache-mb", megabytes,
                  "MiB of a frozen encoder's features that are kept; 0: none. Changes no number, and saves time where "
                  "glimpses repeat: see the field lattice")
      ->check(CLI::Range(0, 1 << 24));
}

/// The store that the option asks for; null where it is 0.
template <class Scalar>
[[nodiscard]] std::shared_ptr<saccade::FeatureStore<Scalar>> make_feature_store(saccade::Index megabytes) {
  if (megabytes == 0) return nullptr;
  return std::make_shared<saccade::FeatureStore<Scalar>>(static_cast<std::size_t>(megabytes) << 20);
}

}  // namespace program
