#include "metered_backend.hpp"
#include "model_network.hpp"

#include <saccade/backends/eigen/eigen_backend.hpp>

namespace bench {

std::unique_ptr<Network> make_eigen_profile(const NetworkSpec& spec, int threads) {
  using B = MeteredBackend<saccade::EigenBackend<float>>;
  return std::make_unique<ModelNetwork<B>>(std::make_unique<B>(threads), spec);
}

}  // namespace bench
