#pragma once

#include <saccade/ops/optimizer.hpp>

#include <concepts>

namespace saccade::inline SACCADE_NAMESPACE {

/// Several trainers, in threads, processes or machines, that make every step together, each with a batch of its own.
///
/// `all_reduce_mean(b, list)` leaves in every gradient of the list the mean over all of them of that gradient. The list
/// (ops::ParameterList) has the gradients as `terms[i].gradient`, in the same order everywhere, and the numbers of one
/// mean are the same in each, to the bit, so that the weights stay the same too. The loss of a trainer is a mean over
/// its batch: with batches of one size the result is the gradient of all of them as one batch, where no statistic of
/// the batch is in it (Normalization::group). A sum would be as many times longer, and clipped by another norm.
///
/// It is called once a step, by each, between the backward pass and the measuring of the gradient, from the host and
/// outside of any recorded body: a recorded step has then two bodies, one before and one after (ops::run_step). What it
/// starts on a device is ordered with the operations of `b`. A gradient that is not finite in one is so in all, and
/// then none of them moves; one that throws leaves the others waiting, and it is for the collective to end that.
///
/// Draws are keyed by the seed of a trainer: with the same seed every trainer draws the same, and begins with the same
/// weights; with others they must be given the same weights before the first step.
template <class C, class B>
concept Collective = OptimizerOps<B> && requires(C& collective, B& b, ops::ParameterList<B>& list) {
  { collective.all_reduce_mean(b, list) } -> std::same_as<void>;
};

/// One trainer by itself: every gradient is its own mean.
struct NoCollective {
  template <OptimizerOps B>
  void all_reduce_mean(B&, ops::ParameterList<B>&) const {}
};

}  // namespace saccade
