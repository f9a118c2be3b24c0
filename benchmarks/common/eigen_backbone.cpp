#include "backbone_work.hpp"

#include <saccade/backends/eigen/eigen_backend.hpp>

namespace bench {

std::function<void()> make_eigen_backbone(bool training, int threads) {
  using B = saccade::EigenBackend<float>;
  const auto work = std::make_shared<BackboneWork<B>>(std::make_unique<B>(threads), 8, 128, training);
  if (training) return [=] { work->train(); };
  return [=] { work->infer(); };
}

}  // namespace bench
