#pragma once

#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/core/error.hpp>
#include <saccade/training/checkpoint.hpp>

#if defined(SACCADE_WITH_CUDA)
#include <saccade/cuda.hpp>
#endif

#include <CLI/CLI.hpp>

#include <string>

/// The one place where a program learns what a backend is called.
namespace program {

struct BackendChoice {
  std::string name = "eigen";
  int threads = 0;             ///< of the processor; 0: as many as the machine has
  std::string precision_word;  ///< empty: the backend's own
  int device = 0;              ///< number of the GPU

  /// "fp32", "tf32" or "bf16". @throws ConfigError where the backend does not have it
  [[nodiscard]] std::string precision() const {
    if (name == "cuda") return precision_word.empty() ? "tf32" : precision_word;
    saccade::expect_config(precision_word != "tf32", "the backend eigen computes in fp32 or bf16; tf32 is of CUDA");
    return precision_word.empty() ? "fp32" : precision_word;
  }

  /// What decides the bits of a result: "eigen", "eigen_bf16", "cuda_fp32", "cuda_tf32" or "cuda_bf16".
  [[nodiscard]] std::string arithmetic() const {
    return name == "eigen" && precision() == "fp32" ? name : name + '_' + precision();
  }

  /// How far a checkpoint's golden answer may be off.
  [[nodiscard]] double golden_tolerance() const {
    return precision() == "fp32" ? saccade::golden_tolerance : saccade::golden_tolerance_bf16;
  }
};

inline void add_backend_options(CLI::App& options, BackendChoice& choice) {
  options.add_option("--backend", choice.name, "that computes")->check(CLI::IsMember({"eigen", "cuda"}));
  options.add_option("--threads", choice.threads, "that compute; 0: as many as the machine has")
      ->check(CLI::Range(0, 1024));
  options
      .add_option("--precision", choice.precision_word,
                  "of products: fp32, tf32 (cuda only) or bf16, which on a processor needs AMX or AVX512_BF16")
      ->check(CLI::IsMember({"fp32", "tf32", "bf16"}))
      ->default_str("fp32; tf32 on cuda");
  options.add_option("--device", choice.device, "number of the GPU, for the backend cuda")->check(CLI::Range(0, 1023));
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
