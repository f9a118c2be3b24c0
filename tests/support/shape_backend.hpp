#pragma once

#include <saccade/model/dry_run_backend.hpp>

#include <vector>

#include "testing/inference_backend.hpp"

namespace saccade_test {

/// A backend without numbers: tensors are shapes, and operations only count. It can classify, and says what that costs.
class ShapeBackend : public saccade::DryRunBackend<InferenceBackend> {
 public:
  saccade::Index multiply_adds = 0;       ///< of convolutions and linear layers
  std::vector<saccade::Shape> pooled;     ///< outputs of the max-poolings, in order
  std::vector<saccade::Shape> upsampled;  ///< outputs of the upsamplings, in order

  void linear(const Tensor& x, const Tensor& w, Tensor&, saccade::Write) {
    multiply_adds += x.shape[0] * w.shape.size();
  }
  void convolve(const Tensor&, const Tensor& w, saccade::ConvolutionGeometry, Tensor& y) {
    multiply_adds += y.shape.size() / y.shape[3] * w.shape.size();
  }
  void max_pool(const Tensor&, saccade::PoolingGeometry, Tensor& y, Tensor&) { pooled.push_back(y.shape); }
  void upsample_bilinear(const Tensor&, saccade::Corners, Tensor& y) { upsampled.push_back(y.shape); }
};

static_assert(saccade::Backend<ShapeBackend>);
static_assert(!saccade::TrainableBackend<ShapeBackend>);

}  // namespace saccade_test
