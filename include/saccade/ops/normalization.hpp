#pragma once

#include <saccade/core/backend.hpp>
#include <saccade/ops/check.hpp>
#include <saccade/ops/synchronized_normalization.hpp>

namespace saccade::inline SACCADE_NAMESPACE::ops {

namespace detail {
inline void expect_epsilon(std::string_view operation, double epsilon) {
  expect_argument(epsilon > 0, operation, "epsilon must be positive", epsilon);
}

inline void expect_hyper(std::string_view operation, const BatchNormHyper& hyper) {
  expect_epsilon(operation, hyper.epsilon);
  expect_argument(hyper.momentum >= 0 && hyper.momentum <= 1, operation, "the momentum must be in [0, 1]",
                  hyper.momentum);
}

inline void expect_groups(std::string_view operation, Index groups, Index channels) {
  if (groups >= 1 && channels % groups == 0) return;
  throw ConfigError(std::string(operation) + ": the number of groups must divide the " + std::to_string(channels) +
                    " channels, but is " + std::to_string(groups));
}
}  // namespace detail

/// Batch normalisation with given statistics: y = gamma (x - running_mean) / sqrt(running_variance + epsilon) + beta.
///
/// @param x, y  (..., C)
/// @param gamma, beta, running_mean, running_variance  (C)
/// @throws ShapeError, ConfigError
/// Source: Ioffe and Szegedy 2015.
template <NormalizationOps B>
void batch_norm_infer(B& b, const Tensor<B>& x, const Tensor<B>& gamma, const Tensor<B>& beta,
                      const Tensor<B>& running_mean, const Tensor<B>& running_variance, double epsilon, Tensor<B>& y) {
  const Shape xs = b.shape(x);
  detail::expect_channels("batch_norm_infer", "x", xs);
  detail::expect_epsilon("batch_norm_infer", epsilon);
  expect_shape("batch_norm_infer", "gamma", "(C)", {xs.last()}, b.shape(gamma));
  expect_shape("batch_norm_infer", "beta", "(C)", {xs.last()}, b.shape(beta));
  expect_shape("batch_norm_infer", "running_mean", "(C)", {xs.last()}, b.shape(running_mean));
  expect_shape("batch_norm_infer", "running_variance", "(C)", {xs.last()}, b.shape(running_variance));
  expect_shape("batch_norm_infer", "y", "of the shape of x", xs, b.shape(y));
  b.batch_norm_infer(x, gamma, beta, running_mean, running_variance, epsilon, y);
}

/// Batch normalisation with the statistics of this batch, over all axes but the last:
///     rstd = 1 / sqrt(biased variance + epsilon),  y = gamma (x - mean) rstd + beta
/// The running statistics move towards those of the batch by `momentum`; the variance that they see is the unbiased
/// one, as in PyTorch (the biased one where there is a single value). The batch is that of all processes where the
/// backend has been told so: see BatchSynchronization.
///
/// @param x, y  (..., C)
/// @param gamma, beta                     (C)
/// @param running_mean, running_variance  (C), updated
/// @param mean, rstd                      (C), written; `batch_norm_backward` needs them
/// @throws ShapeError, ConfigError
/// Source: Ioffe and Szegedy 2015.
template <TrainableNormalizationOps B>
void batch_norm_train(B& b, const Tensor<B>& x, const Tensor<B>& gamma, const Tensor<B>& beta,
                      const BatchNormHyper& hyper, Tensor<B>& running_mean, Tensor<B>& running_variance, Tensor<B>& y,
                      Tensor<B>& mean, Tensor<B>& rstd) {
  const Shape xs = b.shape(x);
  detail::expect_channels("batch_norm_train", "x", xs);
  detail::expect_hyper("batch_norm_train", hyper);
  expect_shape("batch_norm_train", "gamma", "(C)", {xs.last()}, b.shape(gamma));
  expect_shape("batch_norm_train", "beta", "(C)", {xs.last()}, b.shape(beta));
  expect_shape("batch_norm_train", "running_mean", "(C)", {xs.last()}, b.shape(running_mean));
  expect_shape("batch_norm_train", "running_variance", "(C)", {xs.last()}, b.shape(running_variance));
  expect_shape("batch_norm_train", "y", "of the shape of x", xs, b.shape(y));
  expect_shape("batch_norm_train", "mean", "(C)", {xs.last()}, b.shape(mean));
  expect_shape("batch_norm_train", "rstd", "(C)", {xs.last()}, b.shape(rstd));
  if constexpr (SynchronizesBatches<B>) {
    if (is_synchronized(b)) {
      Tensor<B> variance = b.zeros({xs.last()});
      detail::synchronized_statistics(b, xs, hyper, running_mean, running_variance, mean, variance, rstd,
                                      [&](const BatchNormHyper& of_part, Tensor<B>& own_mean, Tensor<B>& own_variance) {
                                        b.batch_norm_train(x, gamma, beta, of_part, own_mean, own_variance, y, mean,
                                                           rstd);
                                      });
      return b.batch_norm_infer(x, gamma, beta, mean, variance, hyper.epsilon, y);
    }
  }
  b.batch_norm_train(x, gamma, beta, hyper, running_mean, running_variance, y, mean, rstd);
}

/// Gradients of `batch_norm_train`, with n values a channel and z = (x - mean) rstd:
///     d_beta (+)= sum d_y,  d_gamma (+)= sum d_y z,  d_x (+)= gamma rstd (d_y - sum d_y / n - z sum(d_y z) / n)
///
/// @param d_y, x, d_x  (..., C); `write` governs d_x, which may be the same tensor as d_y when it is overwritten
/// @param gamma, mean, rstd, d_gamma, d_beta  (C); `write_parameters` governs d_gamma and d_beta
/// @throws ShapeError
template <TrainableNormalizationOps B>
void batch_norm_backward(B& b, const Tensor<B>& d_y, const Tensor<B>& x, const Tensor<B>& gamma, const Tensor<B>& mean,
                         const Tensor<B>& rstd, Tensor<B>& d_x, Write write, Tensor<B>& d_gamma, Tensor<B>& d_beta,
                         Write write_parameters) {
  const Shape xs = b.shape(x);
  detail::expect_channels("batch_norm_backward", "x", xs);
  expect_shape("batch_norm_backward", "d_y", "of the shape of x", xs, b.shape(d_y));
  expect_shape("batch_norm_backward", "gamma", "(C)", {xs.last()}, b.shape(gamma));
  expect_shape("batch_norm_backward", "mean", "(C)", {xs.last()}, b.shape(mean));
  expect_shape("batch_norm_backward", "rstd", "(C)", {xs.last()}, b.shape(rstd));
  expect_shape("batch_norm_backward", "d_x", "of the shape of x", xs, b.shape(d_x));
  expect_shape("batch_norm_backward", "d_gamma", "(C)", {xs.last()}, b.shape(d_gamma));
  expect_shape("batch_norm_backward", "d_beta", "(C)", {xs.last()}, b.shape(d_beta));
  const auto by_part = [&](Tensor<B>& to_gamma, Tensor<B>& to_beta, Write write_sums) {
    b.batch_norm_backward(d_y, x, gamma, mean, rstd, d_x, write, to_gamma, to_beta, write_sums);
  };
  if constexpr (SynchronizesBatches<B>) {
    if (is_synchronized(b)) {
      return detail::synchronized_backward(
          b, x, gamma, mean, rstd, d_x, d_gamma, d_beta, write_parameters,
          [&](Tensor<B>& to_gamma, Tensor<B>& to_beta) { by_part(to_gamma, to_beta, Write::overwrite); });
    }
  }
  by_part(d_gamma, d_beta, write_parameters);
}

/// Group normalisation: like `batch_norm_train`, but over the pixels and the C / groups channels of one group of one
/// image, so that samples do not touch each other and training and inference are the same.
///
/// @param x, y         (B, H, W, C)
/// @param gamma, beta  (C)
/// @param groups       divides C; channels of a group are neighbours
/// @param mean, rstd   (B, groups), written; `group_norm_backward` needs them
/// @throws ShapeError, ConfigError
/// Source: Wu and He 2018.
template <NormalizationOps B>
void group_norm(B& b, const Tensor<B>& x, const Tensor<B>& gamma, const Tensor<B>& beta, Index groups, double epsilon,
                Tensor<B>& y, Tensor<B>& mean, Tensor<B>& rstd) {
  const Shape xs = b.shape(x);
  detail::expect_images("group_norm", "x", "(B, H, W, C)", xs);
  detail::expect_groups("group_norm", groups, xs[3]);
  detail::expect_epsilon("group_norm", epsilon);
  expect_shape("group_norm", "gamma", "(C)", {xs[3]}, b.shape(gamma));
  expect_shape("group_norm", "beta", "(C)", {xs[3]}, b.shape(beta));
  expect_shape("group_norm", "y", "of the shape of x", xs, b.shape(y));
  expect_shape("group_norm", "mean", "(B, groups)", {xs[0], groups}, b.shape(mean));
  expect_shape("group_norm", "rstd", "(B, groups)", {xs[0], groups}, b.shape(rstd));
  b.group_norm(x, gamma, beta, groups, epsilon, y, mean, rstd);
}

/// Gradients of `group_norm`. With e = gamma d_y, z = (x - mean) rstd and n values a group:
///     d_beta (+)= sum d_y,  d_gamma (+)= sum d_y z,  d_x (+)= rstd (e - sum e / n - z sum(e z) / n)
/// where the first two sums run over a channel of the whole batch, the others over a group of one image.
///
/// @param d_y, x, d_x             (B, H, W, C); `write` governs d_x
/// @param mean, rstd              (B, groups)
/// @param gamma, d_gamma, d_beta  (C); `write_parameters` governs d_gamma and d_beta
/// @throws ShapeError, ConfigError
template <TrainableNormalizationOps B>
void group_norm_backward(B& b, const Tensor<B>& d_y, const Tensor<B>& x, const Tensor<B>& gamma, Index groups,
                         const Tensor<B>& mean, const Tensor<B>& rstd, Tensor<B>& d_x, Write write, Tensor<B>& d_gamma,
                         Tensor<B>& d_beta, Write write_parameters) {
  const Shape xs = b.shape(x);
  detail::expect_images("group_norm_backward", "x", "(B, H, W, C)", xs);
  detail::expect_groups("group_norm_backward", groups, xs[3]);
  expect_shape("group_norm_backward", "d_y", "of the shape of x", xs, b.shape(d_y));
  expect_shape("group_norm_backward", "gamma", "(C)", {xs[3]}, b.shape(gamma));
  expect_shape("group_norm_backward", "mean", "(B, groups)", {xs[0], groups}, b.shape(mean));
  expect_shape("group_norm_backward", "rstd", "(B, groups)", {xs[0], groups}, b.shape(rstd));
  expect_shape("group_norm_backward", "d_x", "of the shape of x", xs, b.shape(d_x));
  expect_shape("group_norm_backward", "d_gamma", "(C)", {xs[3]}, b.shape(d_gamma));
  expect_shape("group_norm_backward", "d_beta", "(C)", {xs[3]}, b.shape(d_beta));
  b.group_norm_backward(d_y, x, gamma, groups, mean, rstd, d_x, write, d_gamma, d_beta, write_parameters);
}

}  // namespace saccade::ops
