#pragma once

#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/core/error.hpp>
#include <saccade/training/checkpoint.hpp>

#include <CLI/CLI.hpp>

#include <string>

/// The one place where a program learns what a backend is called.
namespace program {

struct BackendChoice {
  std::string name = "eigen";
  int threads = 0;  ///< 0: as many as the machine has
  std::string precision = "single";

  /// How far a checkpoint's golden answer may be off.
  [[nodiscard]] double golden_tolerance() const {
    return precision == "bf16" ? saccade::golden_tolerance_bf16 : saccade::golden_tolerance;
  }
};

inline void add_backend_options(CLI::App& options, BackendChoice& choice) {
  options.add_option("--backend", choice.name, "that computes")->check(CLI::IsMember({"eigen", "cuda"}));
  options.add_option("--threads", choice.threads, "that compute; 0: as many as the machine has")
      ->check(CLI::Range(0, 1024));
}

/// For programs that only classify.
inline void add_precision_option(CLI::App& options, BackendChoice& choice) {
  options.add_option("--precision", choice.precision, "of convolutions; bf16 needs AMX or AVX512_BF16")
      ->check(CLI::IsMember({"single", "bf16"}));
}

/// Calls `work(backend)` with the chosen backend. @throws ConfigError where this build has none of that name, or the
/// processor no bf16
template <class Work>
int with_backend(const BackendChoice& choice, Work work) {
  if (choice.name != "eigen") throw saccade::ConfigError("this build has no CUDA backend");
  using saccade::Precision;
  saccade::EigenBackend<float> backend(
      {.threads = choice.threads, .precision = choice.precision == "bf16" ? Precision::bf16 : Precision::single});
  return work(backend);
}

}  // namespace program
