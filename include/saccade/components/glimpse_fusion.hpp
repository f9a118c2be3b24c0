#pragma once

#include <saccade/components/linear_layer.hpp>
#include <saccade/ops/pointwise.hpp>

namespace saccade::inline SACCADE_NAMESPACE {

/// Joins what was seen with where: g = ReLU(W [f, l] + b).
/// features (B, F), location (B, L), L = 2 or 3, glimpse (B, outputs). Source: Xu et al. 2019, section 2.2.
template <class B>
  requires LinearOps<B> && PointwiseOps<B>
class GlimpseFusion {
 public:
  struct Config {
    Index features = 64;
    Index location = 2;  ///< numbers of a location, see GlimpseGeometry
    Index outputs = 256;
  };

  using Parameters = typename LinearLayer<B>::Parameters;

  struct Cache {
    Tensor<B> joined;  // (B, F + L)
  };

  struct Workspace {
    Tensor<B> d_pre;     // (B, outputs)
    Tensor<B> d_joined;  // (B, F + L)
  };

  explicit GlimpseFusion(const Config& config)
      : config_(config),
        layer_({.inputs = config.features + config.location,
                .outputs = config.outputs,
                .initialization = initialization::rectified}) {}

  [[nodiscard]] Parameters make_parameters(B& b) const { return layer_.make_parameters(b); }

  [[nodiscard]] Cache make_cache(B& b, Index batch) const { return {b.zeros({batch, joined()})}; }

  [[nodiscard]] Workspace make_workspace(B& b, Index batch) const {
    return {b.zeros({batch, config_.outputs}), b.zeros({batch, joined()})};
  }

  void forward(B& b, const Parameters& p, const Tensor<B>& features, const Tensor<B>& location, Cache& cache,
               Tensor<B>& glimpse) const {
    ops::write_columns(b, features, 0, cache.joined, Write::overwrite);                 // (B, F + L)
    ops::write_columns(b, location, config_.features, cache.joined, Write::overwrite);  // (B, F + L)
    layer_.forward(b, p, cache.joined, glimpse);                                        // (B, outputs)
    ops::relu(b, glimpse, glimpse);                                                     // (B, outputs)
  }

  /// The location is a constant drawn by the policy: the columns of its gradient are dropped here, on purpose. Were
  /// they followed, the cross-entropy would train the policy, for which equation 3 has no term.
  void backward(B& b, const Parameters& p, const Tensor<B>& glimpse, const Cache& cache, const Tensor<B>& d_glimpse,
                Workspace& w, Parameters& d_p, Tensor<B>& d_features) const
    requires TrainableLinearOps<B> && TrainablePointwiseOps<B>
  {
    ops::relu_backward(b, glimpse, d_glimpse, w.d_pre, Write::overwrite);  // (B, outputs)
    layer_.backward_parameters(b, cache.joined, w.d_pre, d_p);
    layer_.backward_input(b, p, w.d_pre, w.d_joined, Write::overwrite);       // (B, F + L)
    ops::read_columns(b, w.d_joined, 0, d_features, Write::overwrite);        // (B, F)
  }

 private:
  [[nodiscard]] Index joined() const { return config_.features + config_.location; }

  Config config_;
  LinearLayer<B> layer_;
};

}  // namespace saccade
