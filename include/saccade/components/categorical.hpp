#pragma once

#include <saccade/core/component.hpp>
#include <saccade/ops/loss.hpp>
#include <saccade/ops/memory.hpp>
#include <saccade/ops/pointwise.hpp>

namespace saccade::inline SACCADE_NAMESPACE {

/// What policies that draw one of N say of it: log-density, entropy, and what is added to the loss for each of the N.
/// logits, p (B, N), p = softmax(logits); drawn (B).
template <class B>
requires PointwiseOps<B> && LossOps<B>
struct Categorical {
  struct Workspace {
    Tensor<B> log;        // (B, N)  ln p
    Tensor<B> potential;  // (B, N)  U
    Tensor<B> weighted;   // (B, N)  p U
    Tensor<B> mean;       // (B)     sum_i p_i U_i
    Tensor<B> mean_each;  // (B, N)  the same for each
    Tensor<B> softmax;    // (B, N)
    Tensor<B> negative;   // (B)     -ln p(drawn)
  };

  [[nodiscard]] static Workspace make_workspace(B& b, Index batch, Index count) {
    const Shape each{batch, count};
    return {.log = b.zeros(each),
            .potential = b.zeros(each),
            .weighted = b.zeros(each),
            .mean = b.zeros({batch}),
            .mean_each = b.zeros(each),
            .softmax = b.zeros(each),
            .negative = b.zeros({batch})};
  }

  /// w.log = ln p. What cannot be drawn has the probability 0, and 0 ln 0 counts as 0.
  static void log_probabilities(B& b, const Tensor<B>& p, Workspace& w) {
    ops::clamp(b, p, Scalar<B>(1e-30), Scalar<B>(1), w.log);
    ops::log(b, w.log, w.log);  // (B, N)
  }

  /// y[n] += ln p(drawn[n]), (B).
  static void add_log_density(B& b, const Tensor<B>& logits, const Tensor<B>& drawn, Workspace& w, Tensor<B>& y) {
    ops::softmax_cross_entropy(b, logits, drawn, w.softmax, w.negative);
    ops::axpy(b, Scalar<B>(-1), w.negative, y);  // (B)
  }

  /// y[n] += -sum_i p_i ln p_i, (B), in nats.
  static void add_entropy(B& b, const Tensor<B>& p, Workspace& w, Tensor<B>& y) {
    log_probabilities(b, p, w);
    ops::multiply(b, p, w.log, w.weighted, Write::overwrite);
    ops::row_sums(b, w.weighted, w.mean, Write::overwrite);
    ops::axpy(b, Scalar<B>(-1), w.mean, y);  // (B)
  }

  /// d_logits += 1/B p (U - sum_i p_i U_i), the gradient of 1/B sum_i p_i U_i, for U = w.potential, which is changed.
  static void add_potential_gradient(B& b, const Tensor<B>& p, Workspace& w, Tensor<B>& d_logits) {
    ops::multiply(b, p, w.potential, w.weighted, Write::overwrite);
    ops::row_sums(b, w.weighted, w.mean, Write::overwrite);            // (B)
    ops::row_sums_backward(b, w.mean, w.mean_each, Write::overwrite);  // (B, N)
    ops::axpy(b, Scalar<B>(-1), w.mean_each, w.potential);
    ops::multiply(b, p, w.potential, w.weighted, Write::overwrite);
    ops::axpy(b, over_batch(b, 1, p), w.weighted, d_logits);
  }
};

}  // namespace saccade
