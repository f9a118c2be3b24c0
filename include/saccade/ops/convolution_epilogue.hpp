#pragma once

#include <saccade/core/backend.hpp>
#include <saccade/ops/convolution.hpp>
#include <saccade/ops/linear.hpp>
#include <saccade/ops/normalization.hpp>
#include <saccade/ops/pointwise.hpp>

namespace saccade::inline SACCADE_NAMESPACE::ops {

/// A backend that finishes the result of a convolution before it stores it. Optional.
template <class B>
concept FusedEpilogue = ConvolutionOps<B> && LinearOps<B> && NormalizationOps<B> && PointwiseOps<B> &&
    requires(B b, Tensor<B> out, const Tensor<B> in, ConvolutionGeometry geometry, ConvolutionEpilogue<B> epilogue) {
  // (x, w, geometry, epilogue, y)
  { b.convolve_epilogue(in, in, geometry, epilogue, out) } -> std::same_as<void>;
};

/// A convolution with what follows it in inference, step by step where they are asked for:
///     v = conv(x, w) [+ bias],  n = gamma (v - mean) / sqrt(variance + epsilon) + beta,  y = rectifier(n [+ residual])
///
/// @param x         (B, H, W, C)
/// @param w         (O, kh, kw, C / groups)
/// @param epilogue  see ConvolutionEpilogue; its residual may be x, but not y
/// @param y         (B, H', W', O), see `convolution_shape`
/// @throws ShapeError, ConfigError
template <class B>
requires ConvolutionOps<B> && LinearOps<B> && NormalizationOps<B> && PointwiseOps<B>
void convolve(B& b, const Tensor<B>& x, const Tensor<B>& w, const ConvolutionGeometry& geometry,
              const ConvolutionEpilogue<B>& epilogue, Tensor<B>& y) {
  const Shape ys = b.shape(y);
  detail::expect_convolution("convolve", "x", b.shape(x), "w", b.shape(w), geometry, "y", ys);
  if (epilogue.bias) expect_shape("convolve", "bias", "(O)", {ys[3]}, b.shape(*epilogue.bias));
  const auto& norm = epilogue.normalization;
  if (norm) {
    expect_shape("convolve", "gamma", "(O)", {ys[3]}, b.shape(norm->gamma));
    expect_shape("convolve", "beta", "(O)", {ys[3]}, b.shape(norm->beta));
    expect_shape("convolve", "mean", "(O)", {ys[3]}, b.shape(norm->mean));
    expect_shape("convolve", "variance", "(O)", {ys[3]}, b.shape(norm->variance));
    detail::expect_epsilon("convolve", norm->epsilon);
  }
  if (epilogue.residual) expect_shape("convolve", "residual", "of the shape of y", ys, b.shape(*epilogue.residual));

  if constexpr (FusedEpilogue<B>) {
    b.convolve_epilogue(x, w, geometry, epilogue, y);
  } else {
    b.convolve(x, w, geometry, y);
    if (epilogue.bias) b.add_bias(*epilogue.bias, y);
    if (norm) b.batch_norm_infer(y, norm->gamma, norm->beta, norm->mean, norm->variance, norm->epsilon, y);
    if (epilogue.residual) b.axpy(Scalar<B>(1), *epilogue.residual, y);
    if (epilogue.rectifier == Rectifier::relu) b.relu(y, y);
    if (epilogue.rectifier == Rectifier::relu6) b.relu6(y, y);
  }
}

}  // namespace saccade::ops
