#pragma once

#include <saccade/backends/eigen/convolution.hpp>
#include <saccade/backends/eigen/glimpse.hpp>
#include <saccade/backends/eigen/linear.hpp>
#include <saccade/backends/eigen/loss.hpp>
#include <saccade/backends/eigen/mask.hpp>
#include <saccade/backends/eigen/normalization.hpp>
#include <saccade/backends/eigen/optimizer.hpp>
#include <saccade/backends/eigen/pointwise.hpp>
#include <saccade/backends/eigen/policy.hpp>
#include <saccade/backends/eigen/pooling.hpp>
#include <saccade/backends/eigen/recurrent.hpp>
#include <saccade/backends/eigen/upsample.hpp>
#include <saccade/core/backend.hpp>

#include <algorithm>
#include <concepts>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>

namespace saccade::inline SACCADE_NAMESPACE {

/// How an EigenBackend is made.
struct EigenOptions {
  int threads = 0;  ///< that work at the same time, the caller included; 0: as many as the machine has
  InstructionSet instruction_set = best_instruction_set();
  Precision precision = Precision::single;  ///< of forward convolutions; bf16 is for inference
  std::optional<Bf16Unit> bf16_unit = {};   ///< that multiplies bf16; empty: the fastest of this processor
};

namespace eigen {

/// The kernels that the options ask for, or null. @throws ConfigError if there are none
template <class Scalar>
[[nodiscard]] const Bf16Kernels* bf16_kernels(const EigenOptions& options) {
  if (options.precision == Precision::single) return nullptr;
  expect_config(options.precision == Precision::bf16, "EigenBackend: a processor has no " + name(options.precision));
  expect_config(std::is_same_v<Scalar, float>, "EigenBackend: bf16 convolutions are for a backend of float");
  const std::optional<Bf16Unit> unit = options.bf16_unit ? options.bf16_unit : best_bf16_unit();
  expect_config(
      unit.has_value(),
      "EigenBackend: bf16 needs a processor with AMX or AVX512_BF16; Bf16Unit::portable emulates one, slowly");
  expect_config(supports(*unit), "EigenBackend: this processor cannot multiply bf16 with " + name(*unit));
  return &bf16_kernels(*unit);
}

}  // namespace eigen

/// The default backend: the processor, with its vector instructions found at run time and a pool of threads.
///
/// * Every result has the same bits for any number of threads: work is divided by the sizes of the problem alone.
/// * Scratch memory grows to what the largest operation needs and is kept: after the first step of a network no
///   operation allocates.
/// * Sums over many elements are accumulated in double, or in blocks.
/// * With Precision::bf16 a forward convolution rounds its activated input and its weights to bf16 where that is faster
///   on the unit at hand; it sums in single precision, and everything else is as without. So is backward: its gradients
///   are those of the convolution that was not rounded.
/// * Move-only. One thread at a time may use an object; use one object for each thread that runs a model.
///
/// The functions are those of core/backend.hpp; each header included above holds one family of them.
template <std::floating_point Number = float>
class EigenBackend {
 public:
  using Scalar = Number;
  using Tensor = eigen::HostTensor<Number>;
  using Image = ImageView;

  /// @throws ConfigError if the number of threads is negative, or the processor cannot run the instruction set or bf16
  explicit EigenBackend(const EigenOptions& options)
      : engine_(std::make_unique<eigen::Engine>(options.threads, options.instruction_set,
                                                eigen::bf16_kernels<Number>(options))) {}
  explicit EigenBackend(int threads = 0) : EigenBackend(EigenOptions{.threads = threads}) {}

  [[nodiscard]] int threads() const { return engine_->threads(); }
  [[nodiscard]] InstructionSet instruction_set() const { return engine_->instruction_set(); }
  [[nodiscard]] Precision precision() const { return engine_->bf16() ? Precision::bf16 : Precision::single; }
  /// What multiplies bf16; nothing in single precision.
  [[nodiscard]] std::optional<Bf16Unit> bf16_unit() const {
    return engine_->bf16() ? std::optional(engine_->bf16()->unit) : std::nullopt;
  }

  [[nodiscard]] Tensor zeros(const Shape& shape) { return Tensor(shape); }
  [[nodiscard]] Shape shape(const Tensor& x) const { return x.shape(); }
  void fill(Scalar value, Tensor& y) {
    eigen::transform(*engine_, y.size(), y.data(), [value] { return value; });
  }
  void copy(const Tensor& x, Tensor& y) {
    eigen::transform(
        *engine_, y.size(), y.data(), [](Scalar value) { return value; }, eigen::dense(x));
  }
  void upload(std::span<const Scalar> source, Tensor& y) { std::copy(source.begin(), source.end(), y.data()); }
  void download(const Tensor& x, std::span<Scalar> target) { std::copy_n(x.data(), x.size(), target.begin()); }
  void synchronize() {}

  void linear(const Tensor& x, const Tensor& w, Tensor& y, Write write) { eigen::linear(*engine_, x, w, y, write); }
  void linear_backward_input(const Tensor& d_y, const Tensor& w, Tensor& d_x, Write write) {
    eigen::linear_backward_input(*engine_, d_y, w, d_x, write);
  }
  void linear_backward_weight(const Tensor& d_y, const Tensor& x, Tensor& d_w, Write write) {
    eigen::linear_backward_weight(*engine_, d_y, x, d_w, write);
  }
  void add_bias(const Tensor& bias, Tensor& y) { eigen::add_bias(*engine_, bias, y); }
  void add_bias_backward(const Tensor& d_y, Tensor& d_bias, Write write) {
    eigen::add_bias_backward(*engine_, d_y, d_bias, write);
  }

  void convolve(const Tensor& x, const Tensor& w, ConvolutionGeometry geometry, Tensor& y) {
    eigen::convolve(*engine_, {eigen::image_block(x)}, w, geometry, y);
  }
  void convolve_backward_input(const Tensor& d_y, const Tensor& w, ConvolutionGeometry geometry, Tensor& d_x,
                               Write write) {
    eigen::convolve_backward_input(*engine_, d_y, w, geometry, d_x, write);
  }
  void convolve_backward_weight(const Tensor& d_y, const Tensor& x, ConvolutionGeometry geometry, Tensor& d_w,
                                Write write) {
    eigen::convolve_backward_weight(*engine_, d_y, {eigen::image_block(x)}, geometry, d_w, write);
  }

  void batch_norm_infer(const Tensor& x, const Tensor& gamma, const Tensor& beta, const Tensor& running_mean,
                        const Tensor& running_variance, double epsilon, Tensor& y) {
    eigen::batch_norm_infer(*engine_, x, gamma, beta, running_mean, running_variance, epsilon, y);
  }
  void batch_norm_train(const Tensor& x, const Tensor& gamma, const Tensor& beta, BatchNormHyper hyper,
                        Tensor& running_mean, Tensor& running_variance, Tensor& y, Tensor& mean, Tensor& rstd) {
    eigen::batch_norm_train(*engine_, x, gamma, beta, hyper, running_mean, running_variance, y, mean, rstd);
  }
  void batch_norm_backward(const Tensor& d_y, const Tensor& x, const Tensor& gamma, const Tensor& mean,
                           const Tensor& rstd, Tensor& d_x, Write write_x, Tensor& d_gamma, Tensor& d_beta,
                           Write write_parameters) {
    eigen::batch_norm_backward(*engine_, d_y, x, gamma, mean, rstd, d_x, write_x, d_gamma, d_beta, write_parameters);
  }
  void group_norm(const Tensor& x, const Tensor& gamma, const Tensor& beta, Index groups, double epsilon, Tensor& y,
                  Tensor& mean, Tensor& rstd) {
    eigen::group_norm(*engine_, x, gamma, beta, groups, epsilon, y, mean, rstd);
  }
  void group_norm_backward(const Tensor& d_y, const Tensor& x, const Tensor& gamma, Index groups, const Tensor& mean,
                           const Tensor& rstd, Tensor& d_x, Write write_x, Tensor& d_gamma, Tensor& d_beta,
                           Write write_parameters) {
    eigen::group_norm_backward(*engine_, d_y, x, gamma, groups, mean, rstd, d_x, write_x, d_gamma, d_beta,
                               write_parameters);
  }

  void relu(const Tensor& x, Tensor& y) { eigen::relu(*engine_, x, y); }
  void relu_backward(const Tensor& y, const Tensor& d_y, Tensor& d_x, Write write) {
    eigen::relu_backward(*engine_, y, d_y, d_x, write);
  }
  void prelu(const Tensor& x, const Tensor& slope, Tensor& y) { eigen::prelu(*engine_, x, slope, y); }
  void prelu_backward(const Tensor& x, const Tensor& slope, const Tensor& d_y, Tensor& d_x, Write write_x,
                      Tensor& d_slope, Write write_slope) {
    eigen::prelu_backward(*engine_, x, slope, d_y, d_x, write_x, d_slope, write_slope);
  }
  void sigmoid(const Tensor& x, Tensor& y) { eigen::sigmoid(*engine_, x, y); }
  void sigmoid_backward(const Tensor& y, const Tensor& d_y, Tensor& d_x, Write write) {
    eigen::sigmoid_backward(*engine_, y, d_y, d_x, write);
  }
  void tanh(const Tensor& x, Tensor& y) { eigen::tanh(*engine_, x, y); }
  void tanh_backward(const Tensor& y, const Tensor& d_y, Tensor& d_x, Write write) {
    eigen::tanh_backward(*engine_, y, d_y, d_x, write);
  }
  void exp(const Tensor& x, Tensor& y) { eigen::exp(*engine_, x, y); }
  void log(const Tensor& x, Tensor& y) { eigen::log(*engine_, x, y); }
  void rsqrt(const Tensor& x, Tensor& y) { eigen::rsqrt(*engine_, x, y); }
  void clamp(const Tensor& x, Scalar low, Scalar high, Tensor& y) { eigen::clamp(*engine_, x, low, high, y); }
  void add(const Tensor& x1, const Tensor& x2, Tensor& y) { eigen::add(*engine_, x1, x2, y); }
  void multiply(const Tensor& x1, const Tensor& x2, Tensor& y, Write write) {
    eigen::multiply(*engine_, x1, x2, y, write);
  }
  void axpy(Scalar alpha, const Tensor& x, Tensor& y) { eigen::axpy(*engine_, alpha, x, y); }
  void row_sums(const Tensor& x, Tensor& y, Write write) { eigen::row_sums(*engine_, x, y, write); }
  void row_sums_backward(const Tensor& d_y, Tensor& d_x, Write write) {
    eigen::row_sums_backward(*engine_, d_y, d_x, write);
  }
  void take_rows(const Tensor& table, const Tensor& rows, Tensor& y) { eigen::take_rows(*engine_, table, rows, y); }
  void read_columns(const Tensor& x, Index first, Tensor& y, Write write) {
    eigen::read_columns(*engine_, x, first, y, write);
  }
  void write_columns(const Tensor& x, Index first, Tensor& y, Write write) {
    eigen::write_columns(*engine_, x, first, y, write);
  }

  void max_pool(const Tensor& x, PoolingGeometry geometry, Tensor& y, Tensor& argmax) {
    eigen::max_pool(*engine_, x, geometry, y, argmax);
  }
  void max_pool_backward(const Tensor& d_y, const Tensor& argmax, PoolingGeometry geometry, Tensor& d_x, Write write) {
    eigen::max_pool_backward(*engine_, d_y, argmax, geometry, d_x, write);
  }
  void global_average_pool(const Tensor& x, Tensor& y) { eigen::global_average_pool(*engine_, x, y); }
  void global_average_pool_backward(const Tensor& d_y, Tensor& d_x, Write write) {
    eigen::global_average_pool_backward(*engine_, d_y, d_x, write);
  }
  void spatial_softmax(const Tensor& x, Tensor& log_sum, Tensor& position) {
    eigen::spatial_softmax(*engine_, x, log_sum, position);
  }
  void spatial_softmax_backward(const Tensor& x, const Tensor& log_sum, const Tensor& position,
                                const Tensor& d_position, Tensor& d_x, Write write) {
    eigen::spatial_softmax_backward(*engine_, x, log_sum, position, d_position, d_x, write);
  }

  void upsample_bilinear(const Tensor& x, Corners corners, Tensor& y) {
    eigen::upsample_bilinear(*engine_, x, corners, y);
  }
  void upsample_bilinear_backward(const Tensor& d_y, Corners corners, Tensor& d_x, Write write) {
    eigen::upsample_bilinear_backward(*engine_, d_y, corners, d_x, write);
  }

  /// The handle is the view: its pixels must outlive it.
  [[nodiscard]] Image make_image(ImageView view) const { return view; }
  [[nodiscard]] Index width(const Image& image) const { return image.width; }
  [[nodiscard]] Index height(const Image& image) const { return image.height; }
  void crop_glimpses(ImageBatch<EigenBackend> images, const Tensor& location, const GlimpseGeometry& geometry,
                     Tensor& patches) {
    eigen::crop_glimpses(*engine_, images, location, geometry, patches);
  }

  void apply_mask(const Tensor& trunk, const Tensor& mask_logits, Tensor& attended) {
    eigen::apply_mask(*engine_, trunk, mask_logits, attended);
  }
  void apply_mask_backward(const Tensor& trunk, const Tensor& mask_logits, const Tensor& d_attended, Tensor& d_trunk,
                           Write write_trunk, Tensor& d_mask_logits, Write write_logits) {
    eigen::apply_mask_backward(*engine_, trunk, mask_logits, d_attended, d_trunk, write_trunk, d_mask_logits,
                               write_logits);
  }

  void softmax(const Tensor& logits, Tensor& probabilities) { eigen::softmax(logits, probabilities); }
  void softmax_cross_entropy(const Tensor& logits, const Tensor& labels, Tensor& probabilities, Tensor& loss) {
    eigen::softmax_cross_entropy(logits, labels, probabilities, loss);
  }
  void softmax_cross_entropy_backward(const Tensor& probabilities, const Tensor& labels, const Tensor& d_loss,
                                      Tensor& d_logits, Write write) {
    eigen::softmax_cross_entropy_backward(probabilities, labels, d_loss, d_logits, write);
  }
  void most_probable(const Tensor& scores, Tensor& classes) { eigen::most_probable(scores, classes); }
  void correct(const Tensor& classes, const Tensor& labels, Tensor& y) { eigen::correct(classes, labels, y); }

  void sample_gaussian(const Tensor& mean, Scalar sigma, RandomKey key, Tensor& sample) {
    eigen::sample_gaussian(mean, sigma, key, sample);
  }
  void sample_uniform(Scalar low, Scalar high, RandomKey key, Tensor& sample) {
    eigen::sample_uniform(low, high, key, sample);
  }
  void sample_categorical(const Tensor& probabilities, RandomKey key, Tensor& classes) {
    eigen::sample_categorical(probabilities, key, classes);
  }
  void gaussian_policy_backward(const Tensor& sample, const Tensor& mean, const Tensor& advantage, Scalar sigma,
                                Tensor& d_mean, Write write) {
    eigen::gaussian_policy_backward(sample, mean, advantage, sigma, d_mean, write);
  }

  void sum_of_squares(const Tensor& x, Tensor& y, Write write) { eigen::sum_of_squares(*engine_, x, y, write); }
  void clip_scale(const Tensor& sum, Scalar max_norm, Tensor& scale) { eigen::clip_scale(sum, max_norm, scale); }
  void mark_not_finite(const Tensor& x, Tensor& mark) { eigen::mark_not_finite(x, mark); }
  void adam_step(const Tensor& gradient, const Tensor& scale, const Tensor& hyper, Tensor& parameter,
                 Tensor& first_moment, Tensor& second_moment) {
    eigen::adam_step(*engine_, gradient, scale, hyper, parameter, first_moment, second_moment);
  }

  /// Fused operations: optional in the contract, found by saccade::ops.

  using Activation = ActivationView<EigenBackend>;

  void batch_norm_rstd(const Tensor& running_variance, double epsilon, Tensor& rstd) {
    eigen::batch_norm_rstd(running_variance, epsilon, rstd);
  }
  void batch_norm_statistics(const Tensor& x, BatchNormHyper hyper, Tensor& running_mean, Tensor& running_variance,
                             Tensor& mean, Tensor& rstd) {
    eigen::batch_norm_statistics(*engine_, x, hyper, running_mean, running_variance, mean, rstd);
  }
  /// y = PReLU(gamma (x - mean) rstd + beta) * w, plus `residual`, perhaps y itself, unless it is null.
  void convolve_activated(const Tensor& x, const Activation& activation, const Tensor& w, ConvolutionGeometry geometry,
                          const Tensor* residual, Tensor& y) {
    const auto channels = eigen::channel_activation<Scalar>(*engine_, activation);
    eigen::convolve(*engine_, {eigen::image_block(x), &channels}, w, geometry, y,
                    residual ? residual->data() : nullptr);
  }
  void convolve_activated_backward_weight(const Tensor& d_y, const Tensor& x, const Activation& activation,
                                          ConvolutionGeometry geometry, Tensor& d_w, Write write) {
    const auto channels = eigen::channel_activation<Scalar>(*engine_, activation);
    eigen::convolve_backward_weight(*engine_, d_y, {eigen::image_block(x), &channels}, geometry, d_w, write);
  }
  void activation_backward(const Tensor& d_activated, const Tensor& x, const Activation& activation,
                           const Tensor* d_residual, Tensor& d_x, Write write_x, Tensor& d_gamma, Tensor& d_beta,
                           Tensor& d_slope, Write write_parameters) {
    eigen::activation_backward(*engine_, d_activated, x, activation, d_residual, d_x, write_x, d_gamma, d_beta, d_slope,
                               write_parameters);
  }

  /// trunk, mask_logits (B, H, W, C), features (B, C): the global average of (1 + sigmoid(mask_logits)) * trunk.
  void attention_pool(const Tensor& trunk, const Tensor& mask_logits, Tensor& features) {
    eigen::attention_pool(*engine_, trunk, mask_logits, features);
  }
  void attention_pool_backward(const Tensor& trunk, const Tensor& mask_logits, const Tensor& d_features,
                               Tensor& d_trunk, Write write_trunk, Tensor& d_mask_logits, Write write_logits) {
    eigen::attention_pool_backward(*engine_, trunk, mask_logits, d_features, d_trunk, write_trunk, d_mask_logits,
                                   write_logits);
  }
  /// gates_pre, gates (B, 4H) in the order i, f, g, o; the rest (B, H).
  void lstm_cell(const Tensor& gates_pre, const Tensor& c_prev, Tensor& gates, Tensor& c_next, Tensor& tanh_c,
                 Tensor& h_next) {
    eigen::lstm_cell(*engine_, gates_pre, c_prev, gates, c_next, tanh_c, h_next);
  }
  void lstm_cell_backward(const Tensor& gates, const Tensor& c_prev, const Tensor& tanh_c, const Tensor& d_h,
                          const Tensor& d_c_next, Tensor& d_gates_pre, Tensor& d_c_prev) {
    eigen::lstm_cell_backward(*engine_, gates, c_prev, tanh_c, d_h, d_c_next, d_gates_pre, d_c_prev);
  }

 private:
  std::unique_ptr<eigen::Engine> engine_;
};

static_assert(TrainableBackend<EigenBackend<float>>);
static_assert(TrainableBackend<EigenBackend<double>>);

}  // namespace saccade
