#pragma once

#include <saccade/components/categorical.hpp>
#include <saccade/components/linear_layer.hpp>
#include <saccade/components/policy_config.hpp>
#include <saccade/components/policy_inputs.hpp>
#include <saccade/core/component.hpp>
#include <saccade/ops/policy.hpp>

#include <string>

namespace saccade::inline SACCADE_NAMESPACE {

/// The zoom of the next glimpse, which a policy draws beside its place, and independently of it where the state is
/// known:
///
///     p = softmax(W [h, patch, context] + b);  zoom ~ p
///     d(-advantage ln p(zoom))/d logits = advantage (p - onehot(zoom))
///
/// The mode is the most probable zoom. The entropy bonus subtracts entropy / B times that of p from the loss.
/// h (B, hidden), patch (B, patch), context (B, context); logits, p (B, zooms); zoom (B), a whole number from 0 on.
/// Source: Williams 1992 (REINFORCE for a multinomial).
template <class B>
requires LinearOps<B> && PointwiseOps<B> && PolicyOps<B> && LossOps<B>
class ZoomHead {
  using Layer = LinearLayer<B>;

 public:
  using Config = PolicyConfig;  ///< a policy over cells reads no context here: its context is a number for each cell
  using Parameters = typename Layer::Parameters;

  struct Cache {
    Tensor<B> seen;           // (B, hidden + patch + context), or of length 0 if it is h alone
    Tensor<B> logits;         // (B, zooms)
    Tensor<B> probabilities;  // (B, zooms)
    Tensor<B> best;           // (B)  the most probable zoom
    Tensor<B> zoom;           // (B)  drawn
  };

  struct Workspace {
    typename Categorical<B>::Workspace categorical;
    Tensor<B> d_logits;  // (B, zooms)
    Tensor<B> d_seen;    // (B, hidden + patch + context), or of length 0
  };

  explicit ZoomHead(const Config& config)
      : config_(config),
        context_(config.kind == PolicyKind::cell ? 0 : config.context),
        layer_({.inputs = config.hidden + config.patch + context_,
                .outputs = config.zooms,
                .initialization = initialization::near_zero}) {
    expect_config(config.zooms >= 2, "ZoomHead: zooms must be at least 2, but is " + std::to_string(config.zooms));
  }

  [[nodiscard]] Parameters make_parameters(B& b) const { return layer_.make_parameters(b); }

  [[nodiscard]] Cache make_cache(B& b, Index batch) const {
    return {.seen = b.zeros(seen_shape(batch)),
            .logits = b.zeros({batch, config_.zooms}),
            .probabilities = b.zeros({batch, config_.zooms}),
            .best = b.zeros({batch}),
            .zoom = b.zeros({batch})};
  }

  [[nodiscard]] Workspace make_workspace(B& b, Index batch) const {
    return {.categorical = Categorical<B>::make_workspace(b, batch, config_.zooms),
            .d_logits = b.zeros({batch, config_.zooms}),
            .d_seen = b.zeros(seen_shape(batch))};
  }

  void describe(B& b, const Parameters& p, const PolicyInputs<B>& in, Cache& cache) const {
    if (reads_more()) {
      ops::write_columns(b, in.state, 0, cache.seen, Write::overwrite);
      if (config_.patch > 0) ops::write_columns(b, in.patch, config_.hidden, cache.seen, Write::overwrite);
      if (context_ > 0) ops::write_columns(b, in.context, config_.hidden + config_.patch, cache.seen, Write::overwrite);
    }
    layer_.forward(b, p, reads_more() ? cache.seen : in.state, cache.logits);  // (B, zooms)
    ops::softmax(b, cache.logits, cache.probabilities);
    ops::most_probable(b, cache.probabilities, cache.best);  // (B)
  }

  /// Image n draws number n of `key`, that of the place, in the stream of zooms.
  void sample(B& b, const RandomKey& key, Cache& cache) const {
    ops::sample_categorical(b, cache.probabilities, zoom_key(key), cache.zoom);  // (B)
  }

  void take_mode(B& b, Cache& cache) const { ops::copy(b, cache.best, cache.zoom); }

  /// y[n] += ln p(zoom[n]), (B).
  void add_log_density(B& b, const Cache& cache, Workspace& w, Tensor<B>& y) const {
    Categorical<B>::add_log_density(b, cache.logits, cache.zoom, w.categorical, y);
  }

  /// y[n] += the entropy of p, (B), in nats.
  void add_entropy(B& b, const Cache& cache, Workspace& w, Tensor<B>& y) const {
    Categorical<B>::add_entropy(b, cache.probabilities, w.categorical, y);
  }

  /// Adds the gradient of sum_n -advantage[n] ln p(zoom[n]), and that of the entropy bonus.
  /// @param advantage  (B), a constant
  void score_gradient(B& b, const Parameters& p, const PolicyInputs<B>& in, const Cache& cache,
                      const Tensor<B>& advantage, Workspace& w, Parameters& d_p, PolicyInputGradients<B> d_in)
      const requires TrainableLinearOps<B> && TrainablePointwiseOps<B> && TrainableLossOps<B> {
    ops::softmax_cross_entropy_backward(b, cache.probabilities, cache.zoom, advantage, w.d_logits, Write::overwrite);
    if (config_.entropy > 0) {
      Categorical<B>::log_probabilities(b, cache.probabilities, w.categorical);
      b.fill(Scalar<B>(0), w.categorical.potential);
      ops::axpy(b, static_cast<Scalar<B>>(config_.entropy), w.categorical.log, w.categorical.potential);
      Categorical<B>::add_potential_gradient(b, cache.probabilities, w.categorical, w.d_logits);
    }
    layer_.backward_parameters(b, reads_more() ? cache.seen : in.state, w.d_logits, d_p);
    const bool attached = config_.state == StateGradient::attached;
    if (reads_more()) {
      layer_.backward_input(b, p, w.d_logits, w.d_seen, Write::overwrite);
      if (config_.patch > 0) ops::read_columns(b, w.d_seen, config_.hidden, d_in.patch, Write::accumulate);
      if (context_ > 0) ops::read_columns(b, w.d_seen, config_.hidden + config_.patch, d_in.context, Write::accumulate);
      if (attached) ops::read_columns(b, w.d_seen, 0, d_in.state, Write::accumulate);
    } else if (attached) {
      layer_.backward_input(b, p, w.d_logits, d_in.state, Write::accumulate);
    }
  }

 private:
  [[nodiscard]] bool reads_more() const { return config_.patch + context_ > 0; }

  [[nodiscard]] Shape seen_shape(Index batch) const {
    return reads_more() ? Shape{batch, config_.hidden + config_.patch + context_} : Shape{0};
  }

  Config config_;
  Index context_;
  Layer layer_;
};

}  // namespace saccade
