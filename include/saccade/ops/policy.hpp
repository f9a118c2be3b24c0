#pragma once

#include <saccade/core/backend.hpp>
#include <saccade/ops/check.hpp>

namespace saccade::inline SACCADE_NAMESPACE::ops {

/// sample[b, i] = mean[b, i] + sigma z, with z standard normal; element (b, i) draws number b N + i of `key`.
///
/// @param mean, sample  (B, N)
/// @param sigma         > 0
/// @throws ShapeError, ConfigError
/// Source of the draws: math/gaussian.hpp.
template <PolicyOps B>
void sample_gaussian(B& b, const Tensor<B>& mean, Scalar<B> sigma, const RandomKey& key, Tensor<B>& sample) {
  detail::expect_argument(sigma > 0, "sample_gaussian", "sigma must be positive", static_cast<double>(sigma));
  expect_rank("sample_gaussian", "mean", "(B, N)", 2, b.shape(mean));
  expect_shape("sample_gaussian", "sample", "(B, N)", b.shape(mean), b.shape(sample));
  b.sample_gaussian(mean, sigma, key, sample);
}

/// sample[i] = low + (high - low) u, u uniform in (0, 1); element i draws number i of `key`. `sample` of any shape.
/// @throws ConfigError unless low <= high
template <PolicyOps B>
void sample_uniform(B& b, Scalar<B> low, Scalar<B> high, const RandomKey& key, Tensor<B>& sample) {
  detail::expect_ordered("sample_uniform", static_cast<double>(low), static_cast<double>(high));
  b.sample_uniform(low, high, key, sample);
}

/// classes[b] = k with probability probabilities[b, k]; row b draws number b of `key`.
///
/// @param probabilities  (B, K), rows that sum to 1
/// @param classes        (B)
/// @throws ShapeError
template <PolicyOps B>
void sample_categorical(B& b, const Tensor<B>& probabilities, const RandomKey& key, Tensor<B>& classes) {
  const Shape shape = b.shape(probabilities);
  detail::expect_scores("sample_categorical", "probabilities", shape);
  expect_shape("sample_categorical", "classes", "(B)", {shape[0]}, b.shape(classes));
  b.sample_categorical(probabilities, key, classes);
}

/// REINFORCE gradient of a Gaussian location policy, for a loss to be minimised:
///     d_mean[b, i] (+)= -advantage[b] (sample[b, i] - mean[b, i]) / sigma^2
///
/// @param sample     (B, N)  the location drawn, before clamping; a constant: no gradient flows into it
/// @param mean       (B, N)  the policy's output, in location units (1 = half the image)
/// @param advantage  (B)     reward minus baseline; a constant as well
/// @param sigma      > 0     standard deviation, in location units
/// @param d_mean     (B, N)
/// @throws ShapeError, ConfigError
/// Source: Williams 1992; Xu et al. 2019, eq. 3.
template <TrainablePolicyOps B>
void gaussian_policy_backward(B& b, const Tensor<B>& sample, const Tensor<B>& mean, const Tensor<B>& advantage,
                              Scalar<B> sigma, Tensor<B>& d_mean, Write write) {
  const Shape shape = b.shape(mean);
  detail::expect_argument(sigma > 0, "gaussian_policy_backward", "sigma must be positive", static_cast<double>(sigma));
  expect_rank("gaussian_policy_backward", "mean", "(B, N)", 2, shape);
  expect_shape("gaussian_policy_backward", "sample", "(B, N)", shape, b.shape(sample));
  expect_shape("gaussian_policy_backward", "advantage", "(B)", {shape[0]}, b.shape(advantage));
  expect_shape("gaussian_policy_backward", "d_mean", "(B, N)", shape, b.shape(d_mean));
  b.gaussian_policy_backward(sample, mean, advantage, sigma, d_mean, write);
}

}  // namespace saccade::ops
