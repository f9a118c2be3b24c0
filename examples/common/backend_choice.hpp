#pragma once

#include <saccade/core/error.hpp>

#include <string>

namespace program {

/// Which backend computes, as the command line says.
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
};

}  // namespace program
