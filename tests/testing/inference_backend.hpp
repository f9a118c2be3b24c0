#pragma once

#include <saccade/backends/reference/reference_backend.hpp>

/// A backend that classifies and cannot be trained: no derivative is accessible.
class InferenceBackend : public saccade::ReferenceBackend<float> {
  using Base = saccade::ReferenceBackend<float>;
  using Base::adam_step;
  using Base::add_bias_backward;
  using Base::apply_mask_backward;
  using Base::batch_norm_backward;
  using Base::batch_norm_train;
  using Base::clip_scale;
  using Base::convolve_backward_input;
  using Base::convolve_backward_weight;
  using Base::gaussian_policy_backward;
  using Base::global_average_pool_backward;
  using Base::group_norm_backward;
  using Base::linear_backward_input;
  using Base::linear_backward_weight;
  using Base::mark_not_finite;
  using Base::max_pool_backward;
  using Base::prelu_backward;
  using Base::relu_backward;
  using Base::row_sums_backward;
  using Base::sigmoid_backward;
  using Base::softmax_cross_entropy_backward;
  using Base::spatial_softmax_backward;
  using Base::sum_of_squares;
  using Base::tanh_backward;
  using Base::upsample_bilinear_backward;
};

/// With the derivatives of the dense layer and of nothing else: a backend that is half done.
class HalfTrainableBackend : public InferenceBackend {
 public:
  void linear_backward_input(const Tensor&, const Tensor&, Tensor&, saccade::Write) {}
  void linear_backward_weight(const Tensor&, const Tensor&, Tensor&, saccade::Write) {}
  void add_bias_backward(const Tensor&, Tensor&, saccade::Write) {}
};
