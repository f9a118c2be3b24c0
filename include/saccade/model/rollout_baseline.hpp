#pragma once

#include <saccade/model/episode.hpp>
#include <saccade/ops/linear.hpp>
#include <saccade/ops/memory.hpp>
#include <saccade/ops/pointwise.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

/// Baselines of a policy's reward that come from other rollouts over the same images. Neither depends on the draws that
/// it judges, so the gradient of equation 3 stays unbiased. They are put into the episode after `score` and before
/// `backpropagate`.
namespace saccade::inline SACCADE_NAMESPACE {

/// Baseline::self_critical: what the policy earns at its means.
///
/// @param greedy  a scored rollout over the same images with Locations::mean
/// Source: Rennie et al., "Self-critical sequence training for image captioning", CVPR 2017; PatchDrop, Uzkent and
/// Ermon, CVPR 2020.
template <class B, class E>
void set_self_critical_baseline(B& b, const Episode<B, E>& greedy, Episode<B, E>& episode) {
  for (std::size_t t = 0; t < episode.steps.size(); ++t)
    ops::copy(b, credited(greedy, t), episode.steps[t].policy.baseline);  // (B)
  for (auto& glance : episode.glance) ops::copy(b, credited_first(greedy), glance.policy.baseline);
}

/// Baseline::leave_one_out: the mean of what the other rollouts over the same image earn. Rollout r of image n is image
/// r * images + n of the batch, for R rollouts of each:
///     baseline[r, n] = 1 / (R - 1) * sum over s != r of credited[s, n]
/// Source: Kool, van Hoof and Welling, "Buy 4 REINFORCE samples, get a baseline for free!", 2019.
template <class B>
class LeaveOneOut {
 public:
  /// @param rollouts  of each image, at least 2
  /// @throws ConfigError
  LeaveOneOut(B& b, Index images, Index rollouts)
      : others_(b.zeros({images * rollouts, images * rollouts})),
        earned_(b.zeros({images * rollouts, 1})),
        mean_(b.zeros({images * rollouts, 1})) {
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

  template <class E>
  void apply(B& b, Episode<B, E>& episode) {
    for (std::size_t t = 0; t < episode.steps.size(); ++t)
      set(b, credited(episode, t), episode.steps[t].policy.baseline);
    for (auto& glance : episode.glance) set(b, credited_first(episode), glance.policy.baseline);
  }

 private:
  void set(B& b, const Tensor<B>& earned, Tensor<B>& baseline) {
    ops::write_columns(b, earned, 0, earned_, Write::overwrite);               // (B, 1)
    ops::linear_backward_input(b, others_, earned_, mean_, Write::overwrite);  // (B, 1): others_ earned_
    ops::read_columns(b, mean_, 0, baseline, Write::overwrite);                // (B)
  }

  Tensor<B> others_;  // (B, B)  1 / (R - 1) for the other rollouts over the same image, else 0
  Tensor<B> earned_;  // (B, 1)
  Tensor<B> mean_;    // (B, 1)
};

}  // namespace saccade
