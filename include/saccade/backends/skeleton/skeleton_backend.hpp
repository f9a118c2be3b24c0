#pragma once

#include <saccade/core/backend.hpp>
#include <saccade/core/error.hpp>

#include <concepts>
#include <span>
#include <string>

namespace saccade::inline SACCADE_NAMESPACE {

/// A backend to copy, rename and fill in. It satisfies TrainableBackend, and every function throws an Error that says
/// what it must do. core/backend.hpp is the contract, backends/reference/ shows each loop, and the conformance kit
/// (saccade/testing.hpp) says when a function is right.
///
/// `(+)=` means `=` under Write::overwrite and `+=` under Write::accumulate; an output without a Write is overwritten.
template <std::floating_point Number>
class SkeletonBackend {
 public:
  using Scalar = Number;

  /// Your handle of dense row-major memory; movable, perhaps move-only.
  struct Tensor {};

  /// Your handle of an 8-bit RGB image.
  struct Image {};

  // TensorMemory
  [[nodiscard]] Tensor zeros(Shape) { missing("zeros", "return a new tensor of the shape, filled with 0"); }
  [[nodiscard]] Shape shape(const Tensor&) { missing("shape", "return the shape the tensor was made with"); }
  void fill(Scalar, Tensor&) { missing("fill", "set every element of y to the value"); }
  void copy(const Tensor&, Tensor&) {
    missing("copy", "y = x in row-major order, of as many elements in any two shapes");
  }
  void upload(std::span<const Scalar>, Tensor&) { missing("upload", "copy the numbers of the host, row-major, to y"); }
  void download(const Tensor&, std::span<Scalar>) {
    missing("download", "copy x to the host, row-major, and return when the data has arrived");
  }
  void synchronize() { missing("synchronize", "return when all work handed in so far is done"); }

  // LinearOps
  void linear(const Tensor&, const Tensor&, Tensor&, Write) {
    missing("linear", "y (+)= x w^T with x (M, K), w (N, K), y (M, N)");
  }
  void add_bias(const Tensor&, Tensor&) { missing("add_bias", "y[..., c] += bias[c] with bias (C), y (..., C)"); }
  void linear_backward_input(const Tensor&, const Tensor&, Tensor&, Write) {
    missing("linear_backward_input", "d_x (+)= d_y w with d_y (M, N), w (N, K), d_x (M, K)");
  }
  void linear_backward_weight(const Tensor&, const Tensor&, Tensor&, Write) {
    missing("linear_backward_weight", "d_w (+)= d_y^T x with d_y (M, N), x (M, K), d_w (N, K)");
  }
  void add_bias_backward(const Tensor&, Tensor&, Write) {
    missing("add_bias_backward", "d_bias[c] (+)= the sum of d_y[..., c] with d_y (..., C), d_bias (C)");
  }

  // ConvolutionOps
  void convolve(const Tensor&, const Tensor&, ConvolutionGeometry, Tensor&) {
    missing(
        "convolve",
        "y[b, i, j, o] = sum over u, v, c of x[b, i stride + u - top, j stride + v - left, g C / groups + c] "
        "w[o, u, v, c], g = o groups / O rounded down, zeros outside, with x (B, H, W, C), w (O, kh, kw, C / groups), "
        "y (B, H', W', O)");
  }
  void convolve_backward_input(const Tensor&, const Tensor&, ConvolutionGeometry, Tensor&, Write) {
    missing("convolve_backward_input",
            "d_x (+)= the adjoint of convolve in x, applied to d_y, with d_y (B, H', W', O), "
            "w (O, kh, kw, C / groups), d_x (B, H, W, C)");
  }
  void convolve_backward_weight(const Tensor&, const Tensor&, ConvolutionGeometry, Tensor&, Write) {
    missing("convolve_backward_weight",
            "d_w (+)= the adjoint of convolve in w, applied to d_y, with d_y (B, H', W', O), x (B, H, W, C), "
            "d_w (O, kh, kw, C / groups)");
  }

  // NormalizationOps
  void batch_norm_infer(const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&, double, Tensor&) {
    missing(
        "batch_norm_infer",
        "y = gamma (x - running_mean) / sqrt(running_variance + epsilon) + beta with x, y (..., C), all others (C)");
  }
  void group_norm(const Tensor&, const Tensor&, const Tensor&, Index, double, Tensor&, Tensor&, Tensor&) {
    missing(
        "group_norm",
        "y = gamma (x - mean) rstd + beta, rstd = 1 / sqrt(biased variance + epsilon), over the pixels and C / groups "
        "channels of a group of one sample, with x, y (B, H, W, C), gamma, beta (C), mean, rstd (B, groups)");
  }
  void batch_norm_train(const Tensor&, const Tensor&, const Tensor&, BatchNormHyper, Tensor&, Tensor&, Tensor&, Tensor&,
                        Tensor&) {
    missing("batch_norm_train",
            "y = gamma (x - mean) rstd + beta with the statistics of this batch, x, y (..., C), gamma, beta, mean, "
            "rstd (C); running = (1 - momentum) running + momentum statistic, the variance unbiased");
  }
  void batch_norm_backward(const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&, Tensor&, Write,
                           Tensor&, Tensor&, Write) {
    missing("batch_norm_backward",
            "d_beta (+)= sum d_y, d_gamma (+)= sum d_y xhat, d_x (+)= gamma rstd (d_y - mean of d_y - xhat mean of "
            "(d_y xhat)), xhat = (x - mean) rstd, with d_y, x, d_x (..., C), all others (C)");
  }
  void group_norm_backward(const Tensor&, const Tensor&, const Tensor&, Index, const Tensor&, const Tensor&, Tensor&,
                           Write, Tensor&, Tensor&, Write) {
    missing("group_norm_backward",
            "d_beta (+)= sum d_y, d_gamma (+)= sum d_y xhat, d_x (+)= rstd (e - mean of e - xhat mean of (e xhat)), "
            "e = gamma d_y, means over a group, with d_y, x, d_x (B, H, W, C), mean, rstd (B, groups), all others (C)");
  }

  // PointwiseOps
  void relu(const Tensor&, Tensor&) { missing("relu", "y = max(x, 0)"); }
  void relu6(const Tensor&, Tensor&) { missing("relu6", "y = min(max(x, 0), 6)"); }
  void prelu(const Tensor&, const Tensor&, Tensor&) {
    missing("prelu", "y = x where x > 0, slope x elsewhere, with x, y (..., C), slope (1) or (C)");
  }
  void sigmoid(const Tensor&, Tensor&) { missing("sigmoid", "y = 1 / (1 + exp(-x))"); }
  void tanh(const Tensor&, Tensor&) { missing("tanh", "y = tanh(x)"); }
  void exp(const Tensor&, Tensor&) { missing("exp", "y = e^x"); }
  void log(const Tensor&, Tensor&) { missing("log", "y = ln x, minus infinity at 0"); }
  void rsqrt(const Tensor&, Tensor&) { missing("rsqrt", "y = 1 / sqrt(x)"); }
  void clamp(const Tensor&, Scalar, Scalar, Tensor&) { missing("clamp", "y = min(max(x, low), high)"); }
  void add(const Tensor&, const Tensor&, Tensor&) { missing("add", "y = x1 + x2"); }
  void multiply(const Tensor&, const Tensor&, Tensor&, Write) { missing("multiply", "y (+)= x1 x2, elementwise"); }
  void axpy(Scalar, const Tensor&, Tensor&) { missing("axpy", "y += alpha x"); }
  void row_sums(const Tensor&, Tensor&, Write) {
    missing("row_sums", "y[m] (+)= the sum of x[m, k] over k with x (M, K), y (M)");
  }
  void take_rows(const Tensor&, const Tensor&, Tensor&) {
    missing("take_rows", "y[m] = table[rows[m]] with table (N, K), rows (M), whole numbers in [0, N), y (M, K)");
  }
  void read_columns(const Tensor&, Index, Tensor&, Write) {
    missing("read_columns",
            "y (+)= x[..., first : first + N] with x (..., K), y (..., N); a y (M) counts as (M, 1) beside a (M, K)");
  }
  void write_columns(const Tensor&, Index, Tensor&, Write) {
    missing("write_columns",
            "y[..., first : first + N] (+)= x, the other columns of y untouched, with x (..., N), y (..., K); a x (M) "
            "counts as (M, 1) beside a (M, K)");
  }
  void relu_backward(const Tensor&, const Tensor&, Tensor&, Write) {
    missing("relu_backward", "d_x (+)= d_y where y > 0, 0 elsewhere");
  }
  void relu6_backward(const Tensor&, const Tensor&, Tensor&, Write) {
    missing("relu6_backward", "d_x (+)= d_y where 0 < y < 6, 0 elsewhere");
  }
  void sigmoid_backward(const Tensor&, const Tensor&, Tensor&, Write) {
    missing("sigmoid_backward", "d_x (+)= d_y y (1 - y)");
  }
  void tanh_backward(const Tensor&, const Tensor&, Tensor&, Write) {
    missing("tanh_backward", "d_x (+)= d_y (1 - y^2)");
  }
  void row_sums_backward(const Tensor&, Tensor&, Write) {
    missing("row_sums_backward", "d_x[m, k] (+)= d_y[m] with d_y (M), d_x (M, K)");
  }
  void prelu_backward(const Tensor&, const Tensor&, const Tensor&, Tensor&, Write, Tensor&, Write) {
    missing("prelu_backward",
            "d_x (+)= d_y where x > 0, slope d_y elsewhere; d_slope (+)= the sum of d_y x where x <= 0, over all that "
            "share a slope, with x, d_y, d_x (..., C), slope, d_slope (1) or (C)");
  }

  // PoolingOps
  void max_pool(const Tensor&, PoolingGeometry, Tensor&, Tensor&) {
    missing("max_pool",
            "y = the largest value of the window, argmax = ky window + kx of the first one, padding never wins, with "
            "x (B, H, W, C), y and argmax (B, H', W', C)");
  }
  void global_average_pool(const Tensor&, Tensor&) {
    missing("global_average_pool", "y[b, c] = the mean of x[b, :, :, c] with x (B, H, W, C), y (B, C)");
  }
  void spatial_softmax(const Tensor&, Tensor&, Tensor&) {
    missing("spatial_softmax",
            "log_sum = ln of the sum over the pixels of exp(x), position = the mean of their middles (x, y), from -1 to 1, "
            "weighted with exp(x - log_sum), with x (B, H, W, C), log_sum (B, C), position (B, 2 C)");
  }
  void max_pool_backward(const Tensor&, const Tensor&, PoolingGeometry, Tensor&, Write) {
    missing("max_pool_backward",
            "d_x (+)= each d_y at the place that argmax names, sums where windows overlap, with d_y, argmax "
            "(B, H', W', C), d_x (B, H, W, C)");
  }
  void global_average_pool_backward(const Tensor&, Tensor&, Write) {
    missing("global_average_pool_backward", "d_x[b, h, w, c] (+)= d_y[b, c] / (H W) with d_y (B, C), d_x (B, H, W, C)");
  }
  void spatial_softmax_backward(const Tensor&, const Tensor&, const Tensor&, const Tensor&, Tensor&, Write) {
    missing("spatial_softmax_backward",
            "d_x (+)= exp(x - log_sum) times the scalar product, channel by channel, of d_position with the pixel's middle "
            "less position, with x, d_x (B, H, W, C), log_sum (B, C), position, d_position (B, 2 C)");
  }

  // UpsampleOps
  void upsample_bilinear(const Tensor&, Corners, Tensor&) {
    missing("upsample_bilinear",
            "y = x at the source positions of math/bilinear.hpp, interpolated, with x (B, h, w, C), y (B, H, W, C)");
  }
  void upsample_bilinear_backward(const Tensor&, Corners, Tensor&, Write) {
    missing("upsample_bilinear_backward",
            "d_x (+)= the adjoint of upsample_bilinear, applied to d_y, with d_y (B, H, W, C), d_x (B, h, w, C)");
  }

  // GlimpseOps
  [[nodiscard]] Image make_image(ImageView) {
    missing("make_image", "return a handle of the pixels, a copy or a view");
  }
  [[nodiscard]] Index width(const Image&) { missing("width", "return the columns of the image"); }
  [[nodiscard]] Index height(const Image&) { missing("height", "return the rows of the image"); }
  void crop_glimpses(ImageBatch<SkeletonBackend> images, const Tensor&, const GlimpseGeometry&, Tensor&) {
    missing("crop_glimpses",
            "write the windows of math/glimpse.hpp over the " + std::to_string(images.size()) +
                " oriented images, normalised, with location (B, 2 or 3), patches (B, g, g, S*C), channel s * 3 + c");
  }

  // MaskOps
  void apply_mask(const Tensor&, const Tensor&, Tensor&) {
    missing("apply_mask", "attended = (1 + sigmoid(mask_logits)) trunk, all (B, H, W, C)");
  }
  void apply_mask_backward(const Tensor&, const Tensor&, const Tensor&, Tensor&, Write, Tensor&, Write) {
    missing("apply_mask_backward",
            "d_trunk (+)= d_attended (1 + s), d_mask_logits (+)= d_attended trunk s (1 - s), s = sigmoid(mask_logits), "
            "all (B, H, W, C)");
  }

  // LossOps
  void softmax(const Tensor&, Tensor&) {
    missing("softmax", "probabilities = exp(logits) / the sum of them over a row, both (B, K), safe for large logits");
  }
  void softmax_cross_entropy(const Tensor&, const Tensor&, Tensor&, Tensor&) {
    missing("softmax_cross_entropy",
            "probabilities = softmax(logits), loss[b] = -ln probabilities[b, labels[b]], with logits, probabilities "
            "(B, K), labels, loss (B)");
  }
  void most_probable(const Tensor&, Tensor&) {
    missing("most_probable", "classes[b] = the first k of the largest scores[b, k], with scores (B, K), classes (B)");
  }
  void correct(const Tensor&, const Tensor&, Tensor&) {
    missing("correct", "y[b] = 1 if classes[b] = labels[b], else 0, all (B)");
  }
  void softmax_cross_entropy_backward(const Tensor&, const Tensor&, const Tensor&, Tensor&, Write) {
    missing(
        "softmax_cross_entropy_backward",
        "d_logits[b, k] (+)= d_loss[b] (probabilities[b, k] - [k = labels[b]]), with probabilities, d_logits (B, K), "
        "labels, d_loss (B)");
  }

  // PolicyOps
  void sample_gaussian(const Tensor&, Scalar, RandomKey, Tensor&) {
    missing("sample_gaussian",
            "sample[i] = math::gaussian_draw(mean[i], sigma, math::random_block(key, i)), with mean, sample (B, N)");
  }
  void sample_uniform(Scalar, Scalar, RandomKey, Tensor&) {
    missing("sample_uniform", "sample[i] = math::uniform_draw(low, high, math::random_block(key, i)), any shape");
  }
  void sample_categorical(const Tensor&, RandomKey, Tensor&) {
    missing("sample_categorical",
            "classes[b] = math::categorical_draw(probabilities[b], K, math::random_block(key, b)), with probabilities "
            "(B, K), classes (B)");
  }
  void gaussian_policy_backward(const Tensor&, const Tensor&, const Tensor&, Scalar, Tensor&, Write) {
    missing("gaussian_policy_backward",
            "d_mean[b, n] (+)= -advantage[b] (sample[b, n] - mean[b, n]) / sigma^2, with sample, mean, d_mean (B, N), "
            "advantage (B)");
  }

  // OptimizerOps
  void sum_of_squares(const Tensor&, Tensor&, Write) {
    missing("sum_of_squares", "y[0] (+)= the sum of x[i]^2, with x of any shape, y (1)");
  }
  void clip_scale(const Tensor&, Scalar, Tensor&) {
    missing("clip_scale", "scale[0] = min(1, max_norm / sqrt(sum[0])), NaN where the sum is not finite, with sum, scale (1)");
  }
  void mark_not_finite(const Tensor&, Tensor&) {
    missing("mark_not_finite", "mark[0] = NaN unless all of x is finite, else leave it, with mark (1)");
  }
  void adam_step(const Tensor&, const Tensor&, const Tensor&, Tensor&, Tensor&, Tensor&) {
    missing("adam_step",
            "take the step of math::adam_step with the gradient scale[0] g, and none where scale[0] is not finite, with "
            "g, p, m, v of one shape, scale (1), hyper (8) in the order of AdamHyper");
  }

 private:
  [[noreturn]] static void missing(const std::string& function, const std::string& duty) {
    throw Error("SkeletonBackend::" + function + " is not written yet; what it must do: " + duty + ".");
  }
};

static_assert(TrainableBackend<SkeletonBackend<float>>);

}  // namespace saccade
