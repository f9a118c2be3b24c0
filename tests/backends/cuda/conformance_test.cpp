#include <saccade/cuda.hpp>
#include <saccade/testing.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <functional>

#if defined(SACCADE_CUDA_EMULATION)
#include "emulation/grid.hpp"
#include "emulation/machine.hpp"
#endif

/// The whole conformance kit on CudaBackend, in each precision.

namespace {

using Backend = saccade::CudaBackend<float>;

void conforms(saccade::Precision precision, double epsilon) {
  const std::function<Backend()> make = [precision] { return Backend({.precision = precision}); };
  saccade::testing::ConformanceOptions<Backend> options;
  options.epsilon = epsilon;
#if defined(SACCADE_CUDA_EMULATION)
  // A kernel that depends on the order of its threads gives other bits the second time.
  options.make_another = [make, order = 0u]() mutable {
    saccade_test::emulation::set_thread_order(++order);
    return make();
  };
  options.allocations = [] { return static_cast<saccade::Index>(saccade_test::emulation::allocations()); };
#endif
  for (const saccade::testing::Case& c : saccade::testing::conformance_cases<Backend>(make, options)) {
    const saccade::testing::Report report = c.run();
    INFO(c.name << ": " << report.message());
    CHECK(report.passed());
#if defined(SACCADE_CUDA_EMULATION)
    saccade_test::emulation::set_thread_order(0);
#endif
  }
}

}  // namespace

TEST_CASE("CudaBackend conforms in single precision") { conforms(saccade::Precision::single, std::ldexp(1.0, -23)); }

TEST_CASE("CudaBackend conforms in TF32, with 10 bits behind the point of what is multiplied") {
  conforms(saccade::Precision::tf32, std::ldexp(1.0, -10));
}

TEST_CASE("CudaBackend conforms in bf16, with 7 bits behind the point") {
  conforms(saccade::Precision::bf16, std::ldexp(1.0, -7));
}
