#pragma once

#include <saccade/core/component.hpp>

#include <concepts>

namespace saccade::inline SACCADE_NAMESPACE {

/// What a learner judges: rollouts that the model has just made and scored, over images whose first `batch / rollouts`
/// come again for every further rollout.
template <class B, class Model>
struct Rollouts {
  const Model& model;
  const typename Model::Parameters& parameters;
  typename Model::Statistics& statistics;
  ImageBatch<B> images;
  typename Model::Episode& episode;
};

/// How a policy learns from rollouts: `judge` turns the rewards in the episode's steps into returns and advantages of
/// its decisions, and the model then descends -sum of advantage * ln pi. An advantage is a constant that carries all
/// factors of its term: the weight of the policy in the loss, 1 / B for a mean over the batch, the weight of the image.
///
/// `passes()` is how many updates one batch of rollouts makes. Before each but the first the same locations are rolled
/// out again with the weights of now, and `judge_again(b, rollouts, work)` sets the advantages anew; a learner of one
/// pass has no such function. `Work` is memory for batches of one size. On a backend that is ops::RecordedStep both
/// call operations only. See PolicyGradient, and ProximalPolicyOptimization.
template <class L, class B, class Model>
concept Learner = std::move_constructible<L> && requires(const L& learner, B& b, const Model& model, Index images,
                                                         Rollouts<B, Model> rollouts, typename L::Work& work) {
  { learner.passes() } -> std::convertible_to<Index>;
  { learner.make_work(b, model, images, images) } -> std::same_as<typename L::Work>;  // of each image: rollouts
  learner.judge(b, rollouts, work);
};

}  // namespace saccade
