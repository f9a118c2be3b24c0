#pragma once

#include <saccade/components/linear_layer.hpp>
#include <saccade/core/component.hpp>
#include <saccade/ops/memory.hpp>
#include <saccade/ops/pointwise.hpp>

#include <string>

namespace saccade::inline SACCADE_NAMESPACE {

/// Predicts from the state what will be earned: value = w h + b, learned by the squared error of the return, a mean
/// over the batch. Stops at h. h (B, hidden); value, returns (B).
template <class B>
requires LinearOps<B> && PointwiseOps<B>
class ValueHead {
  using Layer = LinearLayer<B>;

 public:
  struct Config {
    Index hidden = 256;
  };
  using Parameters = typename Layer::Parameters;

  struct Cache {
    Tensor<B> column;  // (B, 1)
    Tensor<B> value;   // (B)
  };

  struct Workspace {
    Tensor<B> d_value;   // (B)
    Tensor<B> d_column;  // (B, 1)
  };

  explicit ValueHead(const Config& config)
      : layer_({.inputs = config.hidden, .outputs = 1, .initialization = initialization::near_zero}) {}

  [[nodiscard]] Parameters make_parameters(B& b) const { return layer_.make_parameters(b); }
  [[nodiscard]] Cache make_cache(B& b, Index batch) const { return {b.zeros({batch, 1}), b.zeros({batch})}; }
  [[nodiscard]] Workspace make_workspace(B& b, Index batch) const { return {b.zeros({batch}), b.zeros({batch, 1})}; }

  void forward(B& b, const Parameters& p, const Tensor<B>& h, Cache& cache) const {
    layer_.forward(b, p, h, cache.column);                                 // (B, 1)
    ops::read_columns(b, cache.column, 0, cache.value, Write::overwrite);  // (B)
  }

  /// d_value = 2 / B (value - returns). Gradients of parameters accumulate.
  void backward(B& b, const Tensor<B>& h, const Tensor<B>& returns, const Cache& cache, Workspace& w,
                Parameters& d_p) const requires TrainableLinearOps<B> {
    const Scalar<B> factor = over_batch(b, 2, returns);
    b.fill(Scalar<B>(0), w.d_value);
    ops::axpy(b, factor, cache.value, w.d_value);
    ops::axpy(b, -factor, returns, w.d_value);                          // (B)
    ops::write_columns(b, w.d_value, 0, w.d_column, Write::overwrite);  // (B, 1)
    layer_.backward_parameters(b, h, w.d_column, d_p);
  }

 private:
  Layer layer_;
};

}  // namespace saccade
