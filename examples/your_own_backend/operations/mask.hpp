#pragma once

#include "tensor.hpp"

namespace torch_example {

/// TrainableMaskOps, eq. 1: a = (1 + s) t with s = sigmoid(m); all (B, H, W, C).
struct Mask {
  void apply_mask(const Tensor& trunk, const Tensor& mask_logits, Tensor& attended) const {
    at::addcmul_out(attended, trunk, trunk, at::sigmoid(mask_logits));
  }

  /// d_trunk (+)= d_a (1 + s), d_mask_logits (+)= d_a t s (1 - s)
  void apply_mask_backward(const Tensor& trunk, const Tensor& mask_logits, const Tensor& d_attended, Tensor& d_trunk,
                           Write write_trunk, Tensor& d_mask_logits, Write write_logits) const {
    const Tensor s = at::sigmoid(mask_logits);
    adopt(at::addcmul(d_attended, d_attended, s), write_trunk, d_trunk);
    adopt(at::sigmoid_backward(d_attended * trunk, s), write_logits, d_mask_logits);
  }
};

}  // namespace torch_example
