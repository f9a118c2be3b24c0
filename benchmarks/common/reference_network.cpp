#include "model_network.hpp"

#include <saccade/backends/reference/reference_backend.hpp>

namespace bench {

/// The reference backend has one thread.
std::unique_ptr<Network> make_reference_network(const NetworkSpec& spec, int) {
  using B = saccade::ReferenceBackend<float>;
  return std::make_unique<ModelNetwork<B>>(std::make_unique<B>(), spec);
}

}  // namespace bench
