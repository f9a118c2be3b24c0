#pragma once

#include <CLI/CLI.hpp>

#include "common/backend_choice.hpp"
#include "common/options.hpp"

namespace program {

inline void add_backend_options(Options& options, BackendChoice& choice) {
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

}  // namespace program
