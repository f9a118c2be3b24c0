#pragma once

#include <saccade/core/backend.hpp>
#include <saccade/ops/check.hpp>

/// A class is its index, as a whole number, in [0, K). All throw ShapeError.
namespace saccade::inline SACCADE_NAMESPACE::ops {

/// probabilities[b, k] = exp(logits[b, k]) / sum_j exp(logits[b, j]), without overflow for any logits.
/// `logits`, `probabilities` (B, K).
template <LossOps B>
void softmax(B& b, const Tensor<B>& logits, Tensor<B>& probabilities) {
  detail::expect_scores("softmax", "logits", b.shape(logits));
  expect_shape("softmax", "probabilities", "(B, K)", b.shape(logits), b.shape(probabilities));
  b.softmax(logits, probabilities);
}

/// loss[b] = -log softmax(logits[b])[labels[b]], and the probabilities, which its backward needs.
/// `logits`, `probabilities` (B, K); `labels`, `loss` (B).
template <LossOps B>
void softmax_cross_entropy(B& b, const Tensor<B>& logits, const Tensor<B>& labels, Tensor<B>& probabilities,
                           Tensor<B>& loss) {
  const Shape shape = b.shape(logits);
  detail::expect_scores("softmax_cross_entropy", "logits", shape);
  expect_shape("softmax_cross_entropy", "labels", "(B)", {shape[0]}, b.shape(labels));
  expect_shape("softmax_cross_entropy", "probabilities", "(B, K)", shape, b.shape(probabilities));
  expect_shape("softmax_cross_entropy", "loss", "(B)", {shape[0]}, b.shape(loss));
  b.softmax_cross_entropy(logits, labels, probabilities, loss);
}

/// d_logits[b, k] (+)= d_loss[b] (probabilities[b, k] - [k = labels[b]]).
/// `probabilities`, `d_logits` (B, K); `labels`, `d_loss` (B). With d_loss = advantage and labels = the sampled classes
/// this is the REINFORCE gradient of a categorical policy.
template <TrainableLossOps B>
void softmax_cross_entropy_backward(B& b, const Tensor<B>& probabilities, const Tensor<B>& labels,
                                    const Tensor<B>& d_loss, Tensor<B>& d_logits, Write write) {
  const Shape shape = b.shape(probabilities);
  detail::expect_scores("softmax_cross_entropy_backward", "probabilities", shape);
  expect_shape("softmax_cross_entropy_backward", "labels", "(B)", {shape[0]}, b.shape(labels));
  expect_shape("softmax_cross_entropy_backward", "d_loss", "(B)", {shape[0]}, b.shape(d_loss));
  expect_shape("softmax_cross_entropy_backward", "d_logits", "(B, K)", shape, b.shape(d_logits));
  b.softmax_cross_entropy_backward(probabilities, labels, d_loss, d_logits, write);
}

/// classes[b] = the k of the largest scores[b, k], the first of equals. `scores` (B, K); `classes` (B).
template <LossOps B>
void most_probable(B& b, const Tensor<B>& scores, Tensor<B>& classes) {
  const Shape shape = b.shape(scores);
  detail::expect_scores("most_probable", "scores", shape);
  expect_shape("most_probable", "classes", "(B)", {shape[0]}, b.shape(classes));
  b.most_probable(scores, classes);
}

/// y[b] = 1 if classes[b] = labels[b], else 0. All (B).
template <LossOps B>
void correct(B& b, const Tensor<B>& classes, const Tensor<B>& labels, Tensor<B>& y) {
  const Shape shape = b.shape(classes);
  expect_rank("correct", "classes", "(B)", 1, shape);
  expect_shape("correct", "labels", "(B)", shape, b.shape(labels));
  expect_shape("correct", "y", "(B)", shape, b.shape(y));
  b.correct(classes, labels, y);
}

}  // namespace saccade::ops
