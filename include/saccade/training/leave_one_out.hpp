#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/tensor.hpp>
#include <saccade/ops/linear.hpp>
#include <saccade/ops/memory.hpp>
#include <saccade/ops/pointwise.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// A baseline: the mean of what the other rollouts over the same image earn. Rollout r of image n is image
/// r * images + n of the batch, for R rollouts of each:
///     baseline[r, n] = 1 / (R - 1) * sum over s != r of returns[s, n]
/// It does not depend on the draws that it judges, so the gradient of equation 3 stays unbiased.
/// Source: Kool, van Hoof and Welling, "Buy 4 REINFORCE samples, get a baseline for free!", 2019.
template <class B>
class LeaveOneOut {
 public:
  /// @param rollouts  of each image, at least 2
  /// @throws ConfigError
  LeaveOneOut(B& b, Index images, Index rollouts)
      : others_(b.zeros({images * rollouts, images * rollouts})),
        returns_(b.zeros({images * rollouts, 1})),
        mean_(b.zeros({images * rollouts, 1})),
        baseline_(b.zeros({images * rollouts})) {
    expect_config(rollouts >= 2,
                  "leave_one_out: training.rollouts must be at least 2, but is " + std::to_string(rollouts));
    const Index batch = images * rollouts;
    std::vector<Scalar<B>> weights(static_cast<std::size_t>(batch * batch));
    for (Index i = 0; i < batch; ++i) {
      for (Index j = 0; j < batch; ++j) {
        if (i != j && i % images == j % images)
          weights[static_cast<std::size_t>(i * batch + j)] = Scalar<B>(1) / static_cast<Scalar<B>>(rollouts - 1);
      }
    }
    ops::upload(b, std::span<const Scalar<B>>(weights), others_);
  }

  /// Of returns (B), valid until the next call: (B).
  const Tensor<B>& of(B& b, const Tensor<B>& returns) {
    ops::write_columns(b, returns, 0, returns_, Write::overwrite);              // (B, 1)
    ops::linear_backward_input(b, others_, returns_, mean_, Write::overwrite);  // (B, 1): others_ returns_
    ops::read_columns(b, mean_, 0, baseline_, Write::overwrite);                // (B)
    return baseline_;
  }

 private:
  Tensor<B> others_;    // (B, B)  1 / (R - 1) for the other rollouts over the same image, else 0
  Tensor<B> returns_;   // (B, 1)
  Tensor<B> mean_;      // (B, 1)
  Tensor<B> baseline_;  // (B)
};

}  // namespace saccade
