#pragma once

#include <saccade/backends/reference/host_tensor.hpp>
#include <saccade/math/mask.hpp>

namespace saccade::inline SACCADE_NAMESPACE::reference {

/// TrainableMaskOps, eq. 1; all tensors (B, H, W, C).
template <std::floating_point Scalar>
struct Mask {
  using Tensor = HostTensor<Scalar>;

  void apply_mask(const Tensor& trunk, const Tensor& mask_logits, Tensor& attended) const {
    for (Index i = 0; i < trunk.shape.size(); ++i) {
      attended.data()[i] = math::attend(trunk.data()[i], mask_logits.data()[i]);
    }
  }

  void apply_mask_backward(const Tensor& trunk, const Tensor& mask_logits, const Tensor& d_attended, Tensor& d_trunk,
                           Write write_trunk, Tensor& d_mask_logits, Write write_logits) const {
    for (Index i = 0; i < trunk.shape.size(); ++i) {
      const auto derivative = math::attend_derivative(trunk.data()[i], mask_logits.data()[i]);
      const Scalar d = d_attended.data()[i];
      store<Scalar>(d * derivative.trunk, write_trunk, d_trunk.data()[i]);
      store<Scalar>(d * derivative.logit, write_logits, d_mask_logits.data()[i]);
    }
  }
};

}  // namespace saccade::reference
