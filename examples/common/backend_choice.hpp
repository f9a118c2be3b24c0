#pragma once

#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/core/error.hpp>

#include <CLI/CLI.hpp>

#include <string>

/// The one place where a program learns what a backend is called.
namespace program {

struct BackendChoice {
  std::string name = "eigen";
  int threads = 0;  ///< 0: as many as the machine has
};

inline void add_backend_options(CLI::App& options, BackendChoice& choice) {
  options.add_option("--backend", choice.name, "that computes")->check(CLI::IsMember({"eigen", "cuda"}));
  options.add_option("--threads", choice.threads, "that compute; 0: as many as the machine has")
      ->check(CLI::Range(0, 1024));
}

/// Calls `work(backend)` with the chosen backend. @throws ConfigError where this build has none of that name
template <class Work>
int with_backend(const BackendChoice& choice, Work work) {
  if (choice.name != "eigen") throw saccade::ConfigError("this build has no CUDA backend");
  saccade::EigenBackend<float> backend(choice.threads);
  return work(backend);
}

}  // namespace program
