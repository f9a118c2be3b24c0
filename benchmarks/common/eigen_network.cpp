#include "model_network.hpp"

#include <saccade/backends/eigen/eigen_backend.hpp>

namespace bench {

namespace {

std::unique_ptr<Network> make(const NetworkSpec& spec, const saccade::EigenOptions& options) {
  using B = saccade::EigenBackend<float>;
  return std::make_unique<ModelNetwork<B>>(std::make_unique<B>(options), spec);
}

}  // namespace

std::unique_ptr<Network> make_eigen_network(const NetworkSpec& spec, int threads) {
  return make(spec, {.threads = threads});
}

std::unique_ptr<Network> make_eigen_bf16_network(const NetworkSpec& spec, int threads) {
  return make(spec, {.threads = threads, .precision = saccade::Precision::bf16});
}

}  // namespace bench
