#pragma once

#include <saccade/core/geometry.hpp>
#include <saccade/core/random_key.hpp>
#include <saccade/core/tensor.hpp>

#include <concepts>
#include <span>

/// The backend contract. A backend is an object with three types (Scalar, Tensor, Image) and small member functions,
/// grouped below into concepts. Every function returns void and takes its outputs last, except where noted.
///
/// * Tensors are dense and row-major. Images and feature maps are (B, H, W, C), channel fastest.
/// * Shapes have been checked by saccade::ops, the only caller: a backend may assume them.
/// * An output that is not an accumulating one is overwritten whole, whatever it held.
/// * `Write` follows the gradient output, or the pair of parameter gradients, that it governs.
/// * An empty batch is legal and does nothing; gradients of parameters are then overwritten with 0.
/// * Results may not depend on the number of threads.
namespace saccade::inline SACCADE_NAMESPACE {

/// Owns and moves memory. `zeros` and `shape` return their result; `download` waits until the data has arrived.
template <class B>
concept TensorMemory =
    std::floating_point<Scalar<B>> && std::movable<Tensor<B>> &&
    requires(B b, Tensor<B> out, const Tensor<B> in, Shape shape, Scalar<B> value,
             std::span<const Scalar<B>> source, std::span<Scalar<B>> target) {
      { b.zeros(shape) } -> std::same_as<Tensor<B>>;
      { b.shape(in) } -> std::same_as<Shape>;
      { b.fill(value, out) } -> std::same_as<void>;
      { b.copy(in, out) } -> std::same_as<void>;  // (x, y): of as many elements, in row-major order, of any two shapes
      { b.upload(source, out) } -> std::same_as<void>;
      { b.download(in, target) } -> std::same_as<void>;
      { b.synchronize() } -> std::same_as<void>;
    };

/// Dense layers: x (M, K), w (N, K), y (M, N), bias (N).
template <class B>
concept LinearOps = TensorMemory<B> && requires(B b, Tensor<B> out, const Tensor<B> in, Write write) {
  { b.linear(in, in, out, write) } -> std::same_as<void>;  // (x, w, y): y (+)= x w^T
  { b.add_bias(in, out) } -> std::same_as<void>;           // (bias (C), y (..., C)): y += bias
};

/// Axioms: <linear(x), d_y> = <x, linear_backward_input(d_y)>, and the same for w and for the bias.
template <class B>
concept TrainableLinearOps = LinearOps<B> && requires(B b, Tensor<B> out, const Tensor<B> in, Write write) {
  { b.linear_backward_input(in, in, out, write) } -> std::same_as<void>;   // (d_y, w, d_x): d_x (+)= d_y w
  { b.linear_backward_weight(in, in, out, write) } -> std::same_as<void>;  // (d_y, x, d_w): d_w (+)= d_y^T x
  { b.add_bias_backward(in, out, write) } -> std::same_as<void>;           // (d_y (..., C), d_bias (C))
};

/// Cross-correlation, in groups: x (B, H, W, C), w (O, kh, kw, C / groups), y (B, H', W', O).
template <class B>
concept ConvolutionOps =
    TensorMemory<B> && requires(B b, Tensor<B> out, const Tensor<B> in, ConvolutionGeometry geometry) {
      { b.convolve(in, in, geometry, out) } -> std::same_as<void>;  // (x, w, geometry, y)
    };

/// Axioms: both backward functions are adjoints of `convolve`.
template <class B>
concept TrainableConvolutionOps =
    ConvolutionOps<B> && requires(B b, Tensor<B> out, const Tensor<B> in, ConvolutionGeometry geometry, Write write) {
      { b.convolve_backward_input(in, in, geometry, out, write) } -> std::same_as<void>;   // (d_y, w, g, d_x)
      { b.convolve_backward_weight(in, in, geometry, out, write) } -> std::same_as<void>;  // (d_y, x, g, d_w)
    };

/// x, y (..., C); gamma, beta, running_mean, running_variance (C); group statistics (B, groups).
template <class B>
concept NormalizationOps =
    TensorMemory<B> && requires(B b, Tensor<B> out, const Tensor<B> in, double epsilon, Index groups) {
      // (x, gamma, beta, running_mean, running_variance, epsilon, y)
      { b.batch_norm_infer(in, in, in, in, in, epsilon, out) } -> std::same_as<void>;
      // (x (B, H, W, C), gamma, beta, groups, epsilon, y, mean, rstd)
      { b.group_norm(in, in, in, groups, epsilon, out, out, out) } -> std::same_as<void>;
    };

/// `mean` and `rstd` = 1 / sqrt(variance + epsilon), variance biased, are what backward needs. The running variance
/// takes the unbiased one, as in PyTorch (the biased one where there is a single value).
template <class B>
concept TrainableNormalizationOps =
    NormalizationOps<B> &&
    requires(B b, Tensor<B> out, const Tensor<B> in, BatchNormHyper hyper, Index groups, Write write) {
      // (x, gamma, beta, hyper, running_mean, running_variance, y, mean (C), rstd (C)); running_* are updated
      { b.batch_norm_train(in, in, in, hyper, out, out, out, out, out) } -> std::same_as<void>;
      // (d_y, x, gamma, mean, rstd, d_x, write, d_gamma, d_beta, write)
      { b.batch_norm_backward(in, in, in, in, in, out, write, out, out, write) } -> std::same_as<void>;
      // (d_y, x, gamma, groups, mean, rstd, d_x, write, d_gamma, d_beta, write)
      { b.group_norm_backward(in, in, in, groups, in, in, out, write, out, out, write) } -> std::same_as<void>;
    };

/// Elementwise, where y may be the same tensor as x; and rows and columns, where it may not.
template <class B>
concept PointwiseOps =
    TensorMemory<B> && requires(B b, Tensor<B> out, const Tensor<B> in, Scalar<B> number, Index first, Write write) {
      { b.relu(in, out) } -> std::same_as<void>;                        // (x, y): max(x, 0)
      { b.relu6(in, out) } -> std::same_as<void>;                       // (x, y): min(max(x, 0), 6)
      { b.prelu(in, in, out) } -> std::same_as<void>;                   // (x (..., C), slope (1) or (C), y)
      { b.sigmoid(in, out) } -> std::same_as<void>;                     // (x, y)
      { b.tanh(in, out) } -> std::same_as<void>;                        // (x, y)
      { b.exp(in, out) } -> std::same_as<void>;                         // (x, y): e^x
      { b.log(in, out) } -> std::same_as<void>;                         // (x, y): ln x, -infinity at 0
      { b.rsqrt(in, out) } -> std::same_as<void>;                       // (x, y): 1 / sqrt(x)
      { b.clamp(in, number, number, out) } -> std::same_as<void>;       // (x, low, high, y)
      { b.add(in, in, out) } -> std::same_as<void>;                     // (x1, x2, y): x1 + x2
      { b.multiply(in, in, out, write) } -> std::same_as<void>;         // (x1, x2, y): y (+)= x1 x2
      { b.axpy(number, in, out) } -> std::same_as<void>;                // (alpha, x, y): y += alpha x
      { b.row_sums(in, out, write) } -> std::same_as<void>;             // (x (M, K), y (M))
      // (table (N, K), rows (M), whole numbers in [0, N), y (M, K)): y[m] = table[rows[m]]
      { b.take_rows(in, in, out) } -> std::same_as<void>;
      // Adjoint to one another. (x (..., K), first, y (..., N)): y (+)= x[..., first : first + N]. Beside a (M, K) a
      // (M) counts as (M, 1).
      { b.read_columns(in, first, out, write) } -> std::same_as<void>;
      // (x (..., N), first, y (..., K)): y[..., first : first + N] (+)= x; the other columns stay.
      { b.write_columns(in, first, out, write) } -> std::same_as<void>;
    };

/// Derivatives; from the output where it can be. d_x may be the same tensor as d_y when overwritten, except in
/// `row_sums_backward`. `exp` needs none: d_x (+)= y d_y is `multiply`.
template <class B>
concept TrainablePointwiseOps = PointwiseOps<B> && requires(B b, Tensor<B> out, const Tensor<B> in, Write write) {
  { b.relu_backward(in, in, out, write) } -> std::same_as<void>;     // (y, d_y, d_x)
  { b.relu6_backward(in, in, out, write) } -> std::same_as<void>;    // (y, d_y, d_x)
  { b.sigmoid_backward(in, in, out, write) } -> std::same_as<void>;  // (y, d_y, d_x)
  { b.tanh_backward(in, in, out, write) } -> std::same_as<void>;     // (y, d_y, d_x)
  { b.row_sums_backward(in, out, write) } -> std::same_as<void>;     // (d_y (M), d_x (M, K)): d_x (+)= d_y
  // (x, slope, d_y, d_x, write, d_slope, write)
  { b.prelu_backward(in, in, in, out, write, out, write) } -> std::same_as<void>;
};

/// x (B, H, W, C). `argmax` has the shape of y and holds the place in the window, ky * window + kx, of the first
/// largest value in row-major order.
template <class B>
concept PoolingOps = TensorMemory<B> && requires(B b, Tensor<B> out, const Tensor<B> in, PoolingGeometry geometry) {
  { b.max_pool(in, geometry, out, out) } -> std::same_as<void>;  // (x, geometry, y, argmax)
  { b.global_average_pool(in, out) } -> std::same_as<void>;      // (x, y (B, C))
  { b.spatial_softmax(in, out, out) } -> std::same_as<void>;     // (x, log_sum (B, C), position (B, 2 C))
};

template <class B>
concept TrainablePoolingOps =
    PoolingOps<B> && requires(B b, Tensor<B> out, const Tensor<B> in, PoolingGeometry geometry, Write write) {
      { b.max_pool_backward(in, in, geometry, out, write) } -> std::same_as<void>;  // (d_y, argmax, geometry, d_x)
      { b.global_average_pool_backward(in, out, write) } -> std::same_as<void>;     // (d_y (B, C), d_x (B, H, W, C))
      // (x, log_sum, position, d_position, d_x)
      { b.spatial_softmax_backward(in, in, in, in, out, write) } -> std::same_as<void>;
    };

/// x (B, h, w, C), y (B, H, W, C); any sizes.
template <class B>
concept UpsampleOps = TensorMemory<B> && requires(B b, Tensor<B> out, const Tensor<B> in, Corners corners) {
  { b.upsample_bilinear(in, corners, out) } -> std::same_as<void>;  // (x, corners, y)
};

template <class B>
concept TrainableUpsampleOps =
    UpsampleOps<B> && requires(B b, Tensor<B> out, const Tensor<B> in, Corners corners, Write write) {
      { b.upsample_bilinear_backward(in, corners, out, write) } -> std::same_as<void>;  // (d_y, corners, d_x)
    };

/// Hard attention. `location` (B, 2) in [-1, 1], x to the right and y down, -1 and +1 the outer edges of the image; with
/// geometry.zooms above 1 (B, 3), the third number the zoom;
/// `patches` (B, g, g, S*C), scale by scale. Not differentiable, by design: the location learns from the reward.
/// `make_image` returns a handle of resident pixels: a view that needs them alive on the CPU, a copy on a device.
template <class B>
concept GlimpseOps = TensorMemory<B> && std::movable<Image<B>> &&
                     requires(B b, Tensor<B> out, const Tensor<B> in, ImageView view, const Image<B> image,
                              ImageBatch<B> images, GlimpseGeometry geometry) {
                       { b.make_image(view) } -> std::same_as<Image<B>>;
                       { b.width(image) } -> std::same_as<Index>;
                       { b.height(image) } -> std::same_as<Index>;
                       { b.crop_glimpses(images, in, geometry, out) } -> std::same_as<void>;
                     };

/// Soft attention, eq. 1: a = (1 + sigmoid(m)) * t; all (B, H, W, C).
template <class B>
concept MaskOps = TensorMemory<B> && requires(B b, Tensor<B> out, const Tensor<B> in) {
  { b.apply_mask(in, in, out) } -> std::same_as<void>;  // (trunk, mask_logits, attended)
};

template <class B>
concept TrainableMaskOps = MaskOps<B> && requires(B b, Tensor<B> out, const Tensor<B> in, Write write) {
  // (trunk, mask_logits, d_attended, d_trunk, write, d_mask_logits, write)
  { b.apply_mask_backward(in, in, in, out, write, out, write) } -> std::same_as<void>;
};

/// logits, probabilities (B, K); labels, classes, loss (B); a class is its index, as a whole number.
template <class B>
concept LossOps = TensorMemory<B> && requires(B b, Tensor<B> out, const Tensor<B> in) {
  { b.softmax(in, out) } -> std::same_as<void>;                         // (logits, probabilities)
  { b.softmax_cross_entropy(in, in, out, out) } -> std::same_as<void>;  // (logits, labels, probabilities, loss)
  { b.most_probable(in, out) } -> std::same_as<void>;                   // (scores, classes): the first largest
  { b.correct(in, in, out) } -> std::same_as<void>;                     // (classes, labels, y (B)): 1 if equal, else 0
};

template <class B>
concept TrainableLossOps = LossOps<B> && requires(B b, Tensor<B> out, const Tensor<B> in, Write write) {
  // (probabilities, labels, d_loss (B), d_logits): d_logits (+)= d_loss (p - onehot(label))
  { b.softmax_cross_entropy_backward(in, in, in, out, write) } -> std::same_as<void>;
};

/// Draws: element i uses math::random_block(key, i), so every backend draws the same; see math/gaussian.hpp and
/// math/policy.hpp.
template <class B>
concept PolicyOps = TensorMemory<B> && requires(B b, Tensor<B> out, const Tensor<B> in, Scalar<B> number, RandomKey key) {
  { b.sample_gaussian(in, number, key, out) } -> std::same_as<void>;         // (mean (B, N), sigma, key, sample)
  { b.sample_uniform(number, number, key, out) } -> std::same_as<void>;      // (low, high, key, sample)
  { b.sample_categorical(in, key, out) } -> std::same_as<void>;              // (probabilities (B, K), key, classes (B))
};

template <class B>
concept TrainablePolicyOps =
    PolicyOps<B> && requires(B b, Tensor<B> out, const Tensor<B> in, Scalar<B> number, Write write) {
      // (sample (B, N), mean (B, N), advantage (B), sigma, d_mean): -advantage (sample - mean) / sigma^2
      { b.gaussian_policy_backward(in, in, in, number, out, write) } -> std::same_as<void>;
    };

/// p, g, m, v of one shape; scale (1) multiplies the gradient; hyper (8) as AdamHyper orders it.
template <class B>
concept OptimizerOps = TensorMemory<B> && requires(B b, Tensor<B> out, const Tensor<B> in, Scalar<B> number, Write write) {
  { b.sum_of_squares(in, out, write) } -> std::same_as<void>;           // (x, y (1))
  // (sum (1), max_norm, scale (1)): NaN where the sum is not finite
  { b.clip_scale(in, number, out) } -> std::same_as<void>;
  { b.mark_not_finite(in, out) } -> std::same_as<void>;  // (x, mark (1)): NaN where x is not finite, else it stays
  // A scale that is not finite leaves p, m and v as they are.
  { b.adam_step(in, in, in, out, out, out) } -> std::same_as<void>;     // (g, scale, hyper, p, m, v)
};

/// Enough to classify.
template <class B>
concept Backend = LinearOps<B> && ConvolutionOps<B> && NormalizationOps<B> && PointwiseOps<B> && PoolingOps<B> &&
                  UpsampleOps<B> && GlimpseOps<B> && MaskOps<B> && LossOps<B> && PolicyOps<B>;

/// Enough to train.
template <class B>
concept TrainableBackend =
    Backend<B> && TrainableLinearOps<B> && TrainableConvolutionOps<B> && TrainableNormalizationOps<B> &&
    TrainablePointwiseOps<B> && TrainablePoolingOps<B> && TrainableUpsampleOps<B> && TrainableMaskOps<B> &&
    TrainableLossOps<B> && TrainablePolicyOps<B> && OptimizerOps<B>;

}  // namespace saccade
