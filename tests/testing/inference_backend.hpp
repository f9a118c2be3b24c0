#pragma once

#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/ops/forwarding_backend.hpp>

/// A backend that classifies and cannot be trained: it has no derivative.
class InferenceBackend : public saccade::ForwardingBackend<InferenceBackend, saccade::ReferenceBackend<float>, false> {
};

/// With the derivatives of the dense layer and of nothing else: a backend that is half done.
class HalfTrainableBackend : public InferenceBackend {
 public:
  void linear_backward_input(const Tensor&, const Tensor&, Tensor&, saccade::Write) {}
  void linear_backward_weight(const Tensor&, const Tensor&, Tensor&, saccade::Write) {}
  void add_bias_backward(const Tensor&, Tensor&, saccade::Write) {}
};
