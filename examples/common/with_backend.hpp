#pragma once

#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/core/error.hpp>
#include <saccade/training/checkpoint.hpp>

#if defined(SACCADE_WITH_CUDA)
#include <saccade/cuda.hpp>
#endif

#include <string>

#include "common/backend_choice.hpp"

/// The one place where a program learns what a backend is called.
namespace program {

/// How far a checkpoint's golden answer may be off.
[[nodiscard]] inline double golden_tolerance_of(const BackendChoice& choice) {
  return choice.precision() == "fp32" ? saccade::golden_tolerance : saccade::golden_tolerance_bf16;
}

/// Calls `work(backend)` with the chosen backend. @throws Error where this build or this machine has none of that name;
/// ConfigError where it has not the precision
template <class Work>
int with_backend(const BackendChoice& choice, Work work) {
  using saccade::Precision;
  const std::string word = choice.precision();
  const Precision precision = word == "bf16" ? Precision::bf16 : word == "tf32" ? Precision::tf32 : Precision::single;
  if (choice.name == "cuda") {
#if defined(SACCADE_WITH_CUDA)
    saccade::CudaBackend<float> backend({.device = choice.device, .precision = precision});
    return work(backend);
#else
    throw saccade::Error("this build has no CUDA backend; docs/cuda.md says what it needs");
#endif
  }
  saccade::EigenBackend<float> backend({.threads = choice.threads, .precision = precision});
  return work(backend);
}

}  // namespace program
