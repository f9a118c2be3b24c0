#pragma once

#include <saccade/core/backend.hpp>
#include <saccade/ops/convolution.hpp>
#include <saccade/ops/normalization.hpp>
#include <saccade/ops/pointwise.hpp>

namespace saccade::inline SACCADE_NAMESPACE::ops {

/// A backend that normalises and activates what a convolution reads while it reads it, so that neither the normalised
/// nor the activated map is ever stored. Optional. One that can also train has to offer both directions.
template <class B>
concept FusedActivation =
    ConvolutionOps<B> && NormalizationOps<B> && PointwiseOps<B> &&
    requires(B b, Tensor<B> out, const Tensor<B> in, ActivationView<B> activation, ConvolutionGeometry geometry,
             const Tensor<B>* residual, double epsilon) {
      { b.batch_norm_rstd(in, epsilon, out) } -> std::same_as<void>;  // (running_variance, epsilon, rstd)
      // (x, activation, w, geometry, residual, y)
      { b.convolve_activated(in, activation, in, geometry, residual, out) } -> std::same_as<void>;
    } &&
    (!(TrainableConvolutionOps<B> && TrainableNormalizationOps<B> && TrainablePointwiseOps<B>) ||
     requires(B b, Tensor<B> out, const Tensor<B> in, ActivationView<B> activation, ConvolutionGeometry geometry,
              const Tensor<B>* d_residual, BatchNormHyper hyper, Write write) {
       // (x, hyper, running_mean, running_variance, mean, rstd); running_* are updated
       { b.batch_norm_statistics(in, hyper, out, out, out, out) } -> std::same_as<void>;
       // (d_y, x, activation, geometry, d_w, write)
       { b.convolve_activated_backward_weight(in, in, activation, geometry, out, write) } -> std::same_as<void>;
       // (d_activated, x, activation, d_residual, d_x, write, d_gamma, d_beta, d_slope, write)
       {
         b.activation_backward(in, in, activation, d_residual, out, write, out, out, out, write)
       } -> std::same_as<void>;
     });

/// One that offers the derivatives as well.
template <class B>
concept TrainableFusedActivation =
    FusedActivation<B> && TrainableConvolutionOps<B> && TrainableNormalizationOps<B> && TrainablePointwiseOps<B>;

namespace detail {
template <TensorMemory B>
void expect_activation(std::string_view operation, B& b, const Shape& x, const ActivationView<B>& activation) {
  expect_channels(operation, "x", x);
  expect_shape(operation, "gamma", "(C)", {x.last()}, b.shape(activation.gamma));
  expect_shape(operation, "beta", "(C)", {x.last()}, b.shape(activation.beta));
  expect_shape(operation, "mean", "(C)", {x.last()}, b.shape(activation.mean));
  expect_shape(operation, "rstd", "(C)", {x.last()}, b.shape(activation.rstd));
  expect_slope(operation, x, b.shape(activation.slope));
}
}  // namespace detail

/// The deviation by which evaluation normalises: rstd = 1 / sqrt(running_variance + epsilon).
///
/// @param running_variance, rstd  (C)
/// @throws ShapeError, ConfigError
template <FusedActivation B>
void batch_norm_rstd(B& b, const Tensor<B>& running_variance, double epsilon, Tensor<B>& rstd) {
  const Shape channels = b.shape(running_variance);
  expect_rank("batch_norm_rstd", "running_variance", "(C)", 1, channels);
  detail::expect_epsilon("batch_norm_rstd", epsilon);
  expect_shape("batch_norm_rstd", "rstd", "(C)", channels, b.shape(rstd));
  b.batch_norm_rstd(running_variance, epsilon, rstd);
}

/// The statistics of `batch_norm_train`, without its y.
///
/// @param x                               (..., C)
/// @param running_mean, running_variance  (C), updated
/// @param mean, rstd                      (C), written
/// @throws ShapeError, ConfigError
template <TrainableFusedActivation B>
void batch_norm_statistics(B& b, const Tensor<B>& x, const BatchNormHyper& hyper, Tensor<B>& running_mean,
                           Tensor<B>& running_variance, Tensor<B>& mean, Tensor<B>& rstd) {
  const Shape xs = b.shape(x);
  detail::expect_channels("batch_norm_statistics", "x", xs);
  detail::expect_hyper("batch_norm_statistics", hyper);
  expect_shape("batch_norm_statistics", "running_mean", "(C)", {xs.last()}, b.shape(running_mean));
  expect_shape("batch_norm_statistics", "running_variance", "(C)", {xs.last()}, b.shape(running_variance));
  expect_shape("batch_norm_statistics", "mean", "(C)", {xs.last()}, b.shape(mean));
  expect_shape("batch_norm_statistics", "rstd", "(C)", {xs.last()}, b.shape(rstd));
  if constexpr (SynchronizesBatches<B>) {
    if (is_synchronized(b)) {
      Tensor<B> variance = b.zeros({xs.last()});
      return detail::synchronized_statistics(
          b, xs, hyper, running_mean, running_variance, mean, variance, rstd,
          [&](const BatchNormHyper& of_part, Tensor<B>& own_mean, Tensor<B>& own_variance) {
            b.batch_norm_statistics(x, of_part, own_mean, own_variance, mean, rstd);
          });
    }
  }
  b.batch_norm_statistics(x, hyper, running_mean, running_variance, mean, rstd);
}

/// `convolve` of the activated input, a = PReLU(gamma (x - mean) rstd + beta), and a sum:
///     y = conv(a, w) [+ residual]
/// Padding puts zeros around a, not around x.
///
/// @param x         (B, H, W, C)
/// @param w         (O, kh, kw, C)
/// @param residual  null, or (B, H', W', O): another tensor, x, or y itself, to which is then added
/// @param y         (B, H', W', O), see `convolution_shape`
/// @throws ShapeError, ConfigError
/// Source: He et al., "Identity mappings in deep residual networks", ECCV 2016.
template <FusedActivation B>
void convolve_activated(B& b, const Tensor<B>& x, const ActivationView<B>& activation, const Tensor<B>& w,
                        const ConvolutionGeometry& geometry, const Tensor<B>* residual, Tensor<B>& y) {
  detail::expect_convolution("convolve_activated", "x", b.shape(x), "w", b.shape(w), geometry, "y", b.shape(y));
  detail::expect_activation("convolve_activated", b, b.shape(x), activation);
  if (residual) expect_shape("convolve_activated", "residual", "of the shape of y", b.shape(y), b.shape(*residual));
  b.convolve_activated(x, activation, w, geometry, residual, y);
}

/// `convolve_backward_weight` of the activated input, which is computed again: the adjoint of `convolve_activated` in
/// w, written to or added to d_w.
///
/// @param d_y  (B, H', W', O)
/// @param x    (B, H, W, C)
/// @param d_w  (O, kh, kw, C)
/// @throws ShapeError, ConfigError
template <TrainableFusedActivation B>
void convolve_activated_backward_weight(B& b, const Tensor<B>& d_y, const Tensor<B>& x,
                                        const ActivationView<B>& activation, const ConvolutionGeometry& geometry,
                                        Tensor<B>& d_w, Write write) {
  detail::expect_convolution("convolve_activated_backward_weight", "x", b.shape(x), "d_w", b.shape(d_w), geometry,
                             "d_y", b.shape(d_y));
  detail::expect_activation("convolve_activated_backward_weight", b, b.shape(x), activation);
  b.convolve_activated_backward_weight(d_y, x, activation, geometry, d_w, write);
}

/// Gradients of a = PReLU(v), v = gamma z + beta, z = (x - mean) rstd, where mean and rstd are the statistics of x, of
/// n values a channel. With e = d_activated where v > 0, and slope d_activated elsewhere:
///     d_x (+)= gamma rstd (e - sum e / n - z sum(e z) / n) [+ d_residual]
///     d_gamma (+)= sum e z,  d_beta (+)= sum e,  d_slope (+)= sum of d_activated v over v <= 0
///
/// @param d_activated, x  (..., C)
/// @param d_residual      null, or (..., C): the gradient that reaches x past the activation
/// @param d_x             (..., C), governed by `write`; may be the same tensor as d_activated when it is overwritten
/// @param d_gamma, d_beta  (C), governed by `write_parameters`
/// @param d_slope          (1) or (C) as slope, governed by `write_parameters`
/// @throws ShapeError
template <TrainableFusedActivation B>
void activation_backward(B& b, const Tensor<B>& d_activated, const Tensor<B>& x, const ActivationView<B>& activation,
                         const Tensor<B>* d_residual, Tensor<B>& d_x, Write write, Tensor<B>& d_gamma,
                         Tensor<B>& d_beta, Tensor<B>& d_slope, Write write_parameters) {
  const Shape xs = b.shape(x);
  detail::expect_activation("activation_backward", b, xs, activation);
  expect_shape("activation_backward", "d_activated", "of the shape of x", xs, b.shape(d_activated));
  if (d_residual) expect_shape("activation_backward", "d_residual", "of the shape of x", xs, b.shape(*d_residual));
  expect_shape("activation_backward", "d_x", "of the shape of x", xs, b.shape(d_x));
  expect_shape("activation_backward", "d_gamma", "(C)", {xs.last()}, b.shape(d_gamma));
  expect_shape("activation_backward", "d_beta", "(C)", {xs.last()}, b.shape(d_beta));
  expect_shape("activation_backward", "d_slope", "of the shape of slope", b.shape(activation.slope), b.shape(d_slope));
  if constexpr (SynchronizesBatches<B>) {
    if (is_synchronized(b)) {
      Tensor<B> own_slope = b.zeros(b.shape(activation.slope));
      detail::synchronized_backward(b, x, activation.gamma, activation.mean, activation.rstd, d_x, d_gamma, d_beta,
                                    write_parameters, [&](Tensor<B>& to_gamma, Tensor<B>& to_beta) {
                                      b.activation_backward(d_activated, x, activation, d_residual, d_x, write,
                                                            to_gamma, to_beta, own_slope, Write::overwrite);
                                    });
      return detail::put_sum(b, own_slope, d_slope, write_parameters);
    }
  }
  b.activation_backward(d_activated, x, activation, d_residual, d_x, write, d_gamma, d_beta, d_slope, write_parameters);
}

}  // namespace saccade::ops
