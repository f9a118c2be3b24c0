#pragma once

#include <saccade/ops/activated_convolution.hpp>
#include <saccade/ops/mask.hpp>
#include <saccade/ops/recurrent.hpp>

#include <string>
#include <utility>
#include <vector>

#include "cost.hpp"
#include "network.hpp"
#include "sample.hpp"

namespace bench {

using saccade::ActivationView;
using saccade::BatchNormHyper;
using saccade::ConvolutionGeometry;
using saccade::Corners;
using saccade::GlimpseGeometry;
using saccade::ImageView;
using saccade::PoolingGeometry;
using saccade::RandomKey;
using saccade::Write;

/// A backend that lets another one work, and keeps a book of it: what every operation was asked for and how long it
/// took. It offers the fused operations that the other one offers, so that both run the same network.
template <saccade::TrainableBackend Inner>
class MeteredBackend {
 public:
  using Scalar = saccade::Scalar<Inner>;
  using Tensor = saccade::Tensor<Inner>;
  using Image = saccade::Image<Inner>;

  template <class... Arguments>
  explicit MeteredBackend(Arguments&&... arguments) : inner_(std::forward<Arguments>(arguments)...) {}

  /// The backend that works.
  [[nodiscard]] Inner& inner() { return inner_; }

  /// The book up to now; a new one begins.
  [[nodiscard]] Profile take_profile() { return std::exchange(profile_, {}); }

  [[nodiscard]] Tensor zeros(const Shape& shape) { return inner_.zeros(shape); }
  [[nodiscard]] Shape shape(const Tensor& x) { return inner_.shape(x); }
  void synchronize() { inner_.synchronize(); }
  [[nodiscard]] Image make_image(ImageView view) { return inner_.make_image(view); }
  [[nodiscard]] Index width(const Image& image) { return inner_.width(image); }
  [[nodiscard]] Index height(const Image& image) { return inner_.height(image); }

  // Memory.
  void fill(Scalar value, Tensor& y) {
    meter("fill", {}, bytes(y), [&] { inner_.fill(value, y); });
  }
  void copy(const Tensor& x, Tensor& y) {
    meter("copy", {}, bytes(x, y), [&] { inner_.copy(x, y); });
  }
  void upload(std::span<const Scalar> source, Tensor& y) {
    meter("upload", {}, bytes(y), [&] { inner_.upload(source, y); });
  }
  void download(const Tensor& x, std::span<Scalar> target) {
    meter("download", {}, bytes(x), [&] { inner_.download(x, target); });
  }

  // Linear.
  void linear(const Tensor& x, const Tensor& w, Tensor& y, Write write) {
    meter("linear", product(x, w), bytes(x, w, y) + again(write, y), [&] { inner_.linear(x, w, y, write); });
  }
  void linear_backward_input(const Tensor& d_y, const Tensor& w, Tensor& d_x, Write write) {
    meter("linear_backward_input", product(d_y, w), bytes(d_y, w, d_x) + again(write, d_x),
          [&] { inner_.linear_backward_input(d_y, w, d_x, write); });
  }
  void linear_backward_weight(const Tensor& d_y, const Tensor& x, Tensor& d_w, Write write) {
    meter("linear_backward_weight", product(d_y, d_w), bytes(d_y, x, d_w) + again(write, d_w),
          [&] { inner_.linear_backward_weight(d_y, x, d_w, write); });
  }
  void add_bias(const Tensor& bias, Tensor& y) {
    meter("add_bias", {}, bytes(bias, y), [&] { inner_.add_bias(bias, y); });
  }
  void add_bias_backward(const Tensor& d_y, Tensor& d_bias, Write write) {
    meter("add_bias_backward", {}, bytes(d_y, d_bias) + again(write, d_bias),
          [&] { inner_.add_bias_backward(d_y, d_bias, write); });
  }

  // Convolution.
  void convolve(const Tensor& x, const Tensor& w, ConvolutionGeometry geometry, Tensor& y) {
    meter(kind("convolve", w, geometry), sliding(w, y, geometry), bytes(x, w, y),
          [&] { inner_.convolve(x, w, geometry, y); });
  }
  void convolve_backward_input(const Tensor& d_y, const Tensor& w, ConvolutionGeometry geometry, Tensor& d_x,
                               Write write) {
    meter(kind("convolve_backward_input", w, geometry), sliding(w, d_y, geometry),
          bytes(d_y, w, d_x) + again(write, d_x),
          [&] { inner_.convolve_backward_input(d_y, w, geometry, d_x, write); });
  }
  void convolve_backward_weight(const Tensor& d_y, const Tensor& x, ConvolutionGeometry geometry, Tensor& d_w,
                                Write write) {
    meter(kind("convolve_backward_weight", d_w, geometry), sliding(d_w, d_y, geometry),
          bytes(d_y, x, d_w) + again(write, d_w),
          [&] { inner_.convolve_backward_weight(d_y, x, geometry, d_w, write); });
  }

  // Normalization.
  void batch_norm_infer(const Tensor& x, const Tensor& gamma, const Tensor& beta, const Tensor& running_mean,
                        const Tensor& running_variance, double epsilon, Tensor& y) {
    meter("batch_norm_infer", {}, bytes(x, gamma, beta, running_mean, running_variance, y),
          [&] { inner_.batch_norm_infer(x, gamma, beta, running_mean, running_variance, epsilon, y); });
  }
  void batch_norm_train(const Tensor& x, const Tensor& gamma, const Tensor& beta, BatchNormHyper hyper,
                        Tensor& running_mean, Tensor& running_variance, Tensor& y, Tensor& mean, Tensor& rstd) {
    meter("batch_norm_train", {}, bytes(x, gamma, beta, running_mean, running_variance, y, mean, rstd),
          [&] { inner_.batch_norm_train(x, gamma, beta, hyper, running_mean, running_variance, y, mean, rstd); });
  }
  void batch_norm_backward(const Tensor& d_y, const Tensor& x, const Tensor& gamma, const Tensor& mean,
                           const Tensor& rstd, Tensor& d_x, Write write, Tensor& d_gamma, Tensor& d_beta,
                           Write write_parameters) {
    meter("batch_norm_backward", {}, bytes(d_y, x, gamma, mean, rstd, d_x, d_gamma, d_beta) + again(write, d_x), [&] {
      inner_.batch_norm_backward(d_y, x, gamma, mean, rstd, d_x, write, d_gamma, d_beta, write_parameters);
    });
  }
  void group_norm(const Tensor& x, const Tensor& gamma, const Tensor& beta, Index groups, double epsilon, Tensor& y,
                  Tensor& mean, Tensor& rstd) {
    meter("group_norm", {}, bytes(x, gamma, beta, y, mean, rstd),
          [&] { inner_.group_norm(x, gamma, beta, groups, epsilon, y, mean, rstd); });
  }
  void group_norm_backward(const Tensor& d_y, const Tensor& x, const Tensor& gamma, Index groups, const Tensor& mean,
                           const Tensor& rstd, Tensor& d_x, Write write, Tensor& d_gamma, Tensor& d_beta,
                           Write write_parameters) {
    meter("group_norm_backward", {}, bytes(d_y, x, gamma, mean, rstd, d_x, d_gamma, d_beta) + again(write, d_x), [&] {
      inner_.group_norm_backward(d_y, x, gamma, groups, mean, rstd, d_x, write, d_gamma, d_beta, write_parameters);
    });
  }

  // Pointwise.
  void relu(const Tensor& x, Tensor& y) {
    meter("relu", {}, bytes(x, y), [&] { inner_.relu(x, y); });
  }
  void relu_backward(const Tensor& y, const Tensor& d_y, Tensor& d_x, Write write) {
    meter("relu_backward", {}, bytes(y, d_y, d_x) + again(write, d_x),
          [&] { inner_.relu_backward(y, d_y, d_x, write); });
  }
  void prelu(const Tensor& x, const Tensor& slope, Tensor& y) {
    meter("prelu", {}, bytes(x, slope, y), [&] { inner_.prelu(x, slope, y); });
  }
  void prelu_backward(const Tensor& x, const Tensor& slope, const Tensor& d_y, Tensor& d_x, Write write,
                      Tensor& d_slope, Write write_slope) {
    meter("prelu_backward", {}, bytes(x, slope, d_y, d_x, d_slope) + again(write, d_x),
          [&] { inner_.prelu_backward(x, slope, d_y, d_x, write, d_slope, write_slope); });
  }
  void sigmoid(const Tensor& x, Tensor& y) {
    meter("sigmoid", {}, bytes(x, y), [&] { inner_.sigmoid(x, y); });
  }
  void sigmoid_backward(const Tensor& y, const Tensor& d_y, Tensor& d_x, Write write) {
    meter("sigmoid_backward", {}, bytes(y, d_y, d_x) + again(write, d_x),
          [&] { inner_.sigmoid_backward(y, d_y, d_x, write); });
  }
  void tanh(const Tensor& x, Tensor& y) {
    meter("tanh", {}, bytes(x, y), [&] { inner_.tanh(x, y); });
  }
  void tanh_backward(const Tensor& y, const Tensor& d_y, Tensor& d_x, Write write) {
    meter("tanh_backward", {}, bytes(y, d_y, d_x) + again(write, d_x),
          [&] { inner_.tanh_backward(y, d_y, d_x, write); });
  }
  void exp(const Tensor& x, Tensor& y) {
    meter("exp", {}, bytes(x, y), [&] { inner_.exp(x, y); });
  }
  void rsqrt(const Tensor& x, Tensor& y) {
    meter("rsqrt", {}, bytes(x, y), [&] { inner_.rsqrt(x, y); });
  }
  void clamp(const Tensor& x, Scalar low, Scalar high, Tensor& y) {
    meter("clamp", {}, bytes(x, y), [&] { inner_.clamp(x, low, high, y); });
  }
  void add(const Tensor& x1, const Tensor& x2, Tensor& y) {
    meter("add", {}, bytes(x1, x2, y), [&] { inner_.add(x1, x2, y); });
  }
  void multiply(const Tensor& x1, const Tensor& x2, Tensor& y, Write write) {
    meter("multiply", {}, bytes(x1, x2, y) + again(write, y), [&] { inner_.multiply(x1, x2, y, write); });
  }
  void axpy(Scalar alpha, const Tensor& x, Tensor& y) {
    meter("axpy", {}, bytes(x, y), [&] { inner_.axpy(alpha, x, y); });
  }
  void row_sums(const Tensor& x, Tensor& y, Write write) {
    meter("row_sums", {}, bytes(x, y) + again(write, y), [&] { inner_.row_sums(x, y, write); });
  }
  void row_sums_backward(const Tensor& d_y, Tensor& d_x, Write write) {
    meter("row_sums_backward", {}, bytes(d_y, d_x) + again(write, d_x),
          [&] { inner_.row_sums_backward(d_y, d_x, write); });
  }
  void read_columns(const Tensor& x, Index first, Tensor& y, Write write) {
    meter("read_columns", {}, bytes(x, y) + again(write, y), [&] { inner_.read_columns(x, first, y, write); });
  }
  void write_columns(const Tensor& x, Index first, Tensor& y, Write write) {
    meter("write_columns", {}, bytes(x, y) + again(write, y), [&] { inner_.write_columns(x, first, y, write); });
  }

  // Pooling and upsampling.
  void max_pool(const Tensor& x, PoolingGeometry geometry, Tensor& y, Tensor& argmax) {
    meter("max_pool", {}, bytes(x, y, argmax), [&] { inner_.max_pool(x, geometry, y, argmax); });
  }
  void max_pool_backward(const Tensor& d_y, const Tensor& argmax, PoolingGeometry geometry, Tensor& d_x, Write write) {
    meter("max_pool_backward", {}, bytes(d_y, argmax, d_x) + again(write, d_x),
          [&] { inner_.max_pool_backward(d_y, argmax, geometry, d_x, write); });
  }
  void global_average_pool(const Tensor& x, Tensor& y) {
    meter("global_average_pool", {}, bytes(x, y), [&] { inner_.global_average_pool(x, y); });
  }
  void global_average_pool_backward(const Tensor& d_y, Tensor& d_x, Write write) {
    meter("global_average_pool_backward", {}, bytes(d_y, d_x) + again(write, d_x),
          [&] { inner_.global_average_pool_backward(d_y, d_x, write); });
  }
  void spatial_softmax(const Tensor& x, Tensor& log_sum, Tensor& position) {
    meter("spatial_softmax", {}, bytes(x, log_sum, position), [&] { inner_.spatial_softmax(x, log_sum, position); });
  }
  void spatial_softmax_backward(const Tensor& x, const Tensor& log_sum, const Tensor& position,
                                const Tensor& d_position, Tensor& d_x, Write write) {
    meter("spatial_softmax_backward", {}, bytes(x, log_sum, position, d_position, d_x) + again(write, d_x),
          [&] { inner_.spatial_softmax_backward(x, log_sum, position, d_position, d_x, write); });
  }
  void upsample_bilinear(const Tensor& x, Corners corners, Tensor& y) {
    meter("upsample_bilinear", {}, bytes(x, y), [&] { inner_.upsample_bilinear(x, corners, y); });
  }
  void upsample_bilinear_backward(const Tensor& d_y, Corners corners, Tensor& d_x, Write write) {
    meter("upsample_bilinear_backward", {}, bytes(d_y, d_x) + again(write, d_x),
          [&] { inner_.upsample_bilinear_backward(d_y, corners, d_x, write); });
  }

  // Glimpses and masks.
  void crop_glimpses(saccade::ImageBatch<MeteredBackend> images, const Tensor& location,
                     const GlimpseGeometry& geometry, Tensor& patches) {
    meter("crop_glimpses", {}, bytes(location, patches) + pixel_bytes(images.size(), geometry),
          [&] { inner_.crop_glimpses(inner_images(images), location, geometry, patches); });
  }
  void apply_mask(const Tensor& trunk, const Tensor& mask_logits, Tensor& attended) {
    meter("apply_mask", {}, bytes(trunk, mask_logits, attended),
          [&] { inner_.apply_mask(trunk, mask_logits, attended); });
  }
  void apply_mask_backward(const Tensor& trunk, const Tensor& mask_logits, const Tensor& d_attended, Tensor& d_trunk,
                           Write write, Tensor& d_mask_logits, Write write_logits) {
    meter("apply_mask_backward", {},
          bytes(trunk, mask_logits, d_attended, d_trunk, d_mask_logits) + again(write, d_trunk), [&] {
            inner_.apply_mask_backward(trunk, mask_logits, d_attended, d_trunk, write, d_mask_logits, write_logits);
          });
  }

  // Losses, draws and the optimiser.
  void softmax(const Tensor& logits, Tensor& probabilities) {
    meter("softmax", {}, bytes(logits, probabilities), [&] { inner_.softmax(logits, probabilities); });
  }
  void softmax_cross_entropy(const Tensor& logits, const Tensor& labels, Tensor& probabilities, Tensor& loss) {
    meter("softmax_cross_entropy", {}, bytes(logits, labels, probabilities, loss),
          [&] { inner_.softmax_cross_entropy(logits, labels, probabilities, loss); });
  }
  void softmax_cross_entropy_backward(const Tensor& probabilities, const Tensor& labels, const Tensor& d_loss,
                                      Tensor& d_logits, Write write) {
    meter("softmax_cross_entropy_backward", {}, bytes(probabilities, labels, d_loss, d_logits) + again(write, d_logits),
          [&] { inner_.softmax_cross_entropy_backward(probabilities, labels, d_loss, d_logits, write); });
  }
  void most_probable(const Tensor& scores, Tensor& classes) {
    meter("most_probable", {}, bytes(scores, classes), [&] { inner_.most_probable(scores, classes); });
  }
  void correct(const Tensor& classes, const Tensor& labels, Tensor& y) {
    meter("correct", {}, bytes(classes, labels, y), [&] { inner_.correct(classes, labels, y); });
  }
  void sample_gaussian(const Tensor& mean, Scalar sigma, RandomKey key, Tensor& sample) {
    meter("sample_gaussian", {}, bytes(mean, sample), [&] { inner_.sample_gaussian(mean, sigma, key, sample); });
  }
  void sample_uniform(Scalar low, Scalar high, RandomKey key, Tensor& sample) {
    meter("sample_uniform", {}, bytes(sample), [&] { inner_.sample_uniform(low, high, key, sample); });
  }
  void sample_categorical(const Tensor& probabilities, RandomKey key, Tensor& classes) {
    meter("sample_categorical", {}, bytes(probabilities, classes),
          [&] { inner_.sample_categorical(probabilities, key, classes); });
  }
  void gaussian_policy_backward(const Tensor& sample, const Tensor& mean, const Tensor& advantage, Scalar sigma,
                                Tensor& d_mean, Write write) {
    meter("gaussian_policy_backward", {}, bytes(sample, mean, advantage, d_mean) + again(write, d_mean),
          [&] { inner_.gaussian_policy_backward(sample, mean, advantage, sigma, d_mean, write); });
  }
  void sum_of_squares(const Tensor& x, Tensor& y, Write write) {
    meter("sum_of_squares", {}, bytes(x, y) + again(write, y), [&] { inner_.sum_of_squares(x, y, write); });
  }
  void clip_scale(const Tensor& sum, Scalar max_norm, Tensor& scale) {
    meter("clip_scale", {}, bytes(sum, scale), [&] { inner_.clip_scale(sum, max_norm, scale); });
  }
  void mark_not_finite(const Tensor& x, Tensor& mark) {
    meter("mark_not_finite", {}, bytes(x, mark), [&] { inner_.mark_not_finite(x, mark); });
  }
  void adam_step(const Tensor& gradient, const Tensor& scale, const Tensor& hyper, Tensor& parameter,
                 Tensor& first_moment, Tensor& second_moment) {
    meter("adam_step", {}, bytes(gradient, scale, hyper, parameter, first_moment, second_moment),
          [&] { inner_.adam_step(gradient, scale, hyper, parameter, first_moment, second_moment); });
  }

  // Fused operations, where the other backend has them.
  void attention_pool(const Tensor& trunk, const Tensor& mask_logits,
                      Tensor& features) requires saccade::ops::FusedAttentionPool<Inner> {
    meter("attention_pool", {}, bytes(trunk, mask_logits, features),
          [&] { inner_.attention_pool(trunk, mask_logits, features); });
  }
  void attention_pool_backward(const Tensor& trunk, const Tensor& mask_logits, const Tensor& d_features,
                               Tensor& d_trunk, Write write, Tensor& d_mask_logits,
                               Write write_logits) requires saccade::ops::FusedAttentionPool<Inner> {
    meter("attention_pool_backward", {},
          bytes(trunk, mask_logits, d_features, d_trunk, d_mask_logits) + again(write, d_trunk), [&] {
            inner_.attention_pool_backward(trunk, mask_logits, d_features, d_trunk, write, d_mask_logits, write_logits);
          });
  }
  void lstm_cell(const Tensor& gates_pre, const Tensor& c_prev, Tensor& gates, Tensor& c_next, Tensor& tanh_c,
                 Tensor& h_next) requires saccade::ops::FusedLstmCell<Inner> {
    meter("lstm_cell", {}, bytes(gates_pre, c_prev, gates, c_next, tanh_c, h_next),
          [&] { inner_.lstm_cell(gates_pre, c_prev, gates, c_next, tanh_c, h_next); });
  }
  void lstm_cell_backward(const Tensor& gates, const Tensor& c_prev, const Tensor& tanh_c, const Tensor& d_h,
                          const Tensor& d_c_next, Tensor& d_gates_pre,
                          Tensor& d_c_prev) requires saccade::ops::FusedLstmCell<Inner> {
    meter("lstm_cell_backward", {}, bytes(gates, c_prev, tanh_c, d_h, d_c_next, d_gates_pre, d_c_prev),
          [&] { inner_.lstm_cell_backward(gates, c_prev, tanh_c, d_h, d_c_next, d_gates_pre, d_c_prev); });
  }
  void batch_norm_rstd(const Tensor& running_variance, double epsilon,
                       Tensor& rstd) requires saccade::ops::FusedActivation<Inner> {
    meter("batch_norm_rstd", {}, bytes(running_variance, rstd),
          [&] { inner_.batch_norm_rstd(running_variance, epsilon, rstd); });
  }
  void batch_norm_statistics(const Tensor& x, BatchNormHyper hyper, Tensor& running_mean, Tensor& running_variance,
                             Tensor& mean, Tensor& rstd) requires saccade::ops::FusedActivation<Inner> {
    meter("batch_norm_statistics", {}, bytes(x, running_mean, running_variance, mean, rstd),
          [&] { inner_.batch_norm_statistics(x, hyper, running_mean, running_variance, mean, rstd); });
  }
  void convolve_activated(const Tensor& x, ActivationView<MeteredBackend> activation, const Tensor& w,
                          ConvolutionGeometry geometry, const Tensor* residual,
                          Tensor& y) requires saccade::ops::FusedActivation<Inner> {
    meter(kind("convolve_activated", w, geometry), sliding(w, y, geometry), bytes(x, w, residual, y),
          [&] { inner_.convolve_activated(x, inner_view(activation), w, geometry, residual, y); });
  }
  void convolve_activated_backward_weight(const Tensor& d_y, const Tensor& x, ActivationView<MeteredBackend> activation,
                                          ConvolutionGeometry geometry, Tensor& d_w,
                                          Write write) requires saccade::ops::FusedActivation<Inner> {
    meter(kind("convolve_activated_backward_weight", d_w, geometry), sliding(d_w, d_y, geometry),
          bytes(d_y, x, d_w) + again(write, d_w),
          [&] { inner_.convolve_activated_backward_weight(d_y, x, inner_view(activation), geometry, d_w, write); });
  }
  void activation_backward(const Tensor& d_activated, const Tensor& x, ActivationView<MeteredBackend> activation,
                           const Tensor* d_residual, Tensor& d_x, Write write, Tensor& d_gamma, Tensor& d_beta,
                           Tensor& d_slope, Write write_parameters) requires saccade::ops::FusedActivation<Inner> {
    meter("activation_backward", {},
          bytes(d_activated, x, d_residual, d_x, d_gamma, d_beta, d_slope) + again(write, d_x), [&] {
            inner_.activation_backward(d_activated, x, inner_view(activation), d_residual, d_x, write, d_gamma, d_beta,
                                       d_slope, write_parameters);
          });
  }

 private:
  Operations product(const Tensor& x, const Tensor& w) { return product_of(inner_.shape(x), inner_.shape(w)); }
  Operations sliding(const Tensor& w, const Tensor& y, const ConvolutionGeometry& geometry) {
    return convolution_of(inner_.shape(w), inner_.shape(y), geometry);
  }
  std::string kind(const std::string& name, const Tensor& w, const ConvolutionGeometry& geometry) {
    return name + kernel_text(inner_.shape(w), geometry);
  }

  double bytes() { return 0; }
  template <class... More>
  double bytes(const Tensor& x, const More&... more) {
    return static_cast<double>(sizeof(Scalar)) * static_cast<double>(inner_.shape(x).size()) + bytes(more...);
  }
  template <class... More>
  double bytes(const Tensor* x, const More&... more) {
    return (x ? bytes(*x) : 0.0) + bytes(more...);
  }

  /// What is accumulated into is read as well.
  double again(Write write, const Tensor& y) { return write == Write::accumulate ? bytes(y) : 0.0; }

  static ActivationView<Inner> inner_view(const ActivationView<MeteredBackend>& view) {
    return {view.gamma, view.beta, view.mean, view.rstd, view.slope};
  }
  saccade::ImageBatch<Inner> inner_images(saccade::ImageBatch<MeteredBackend> images) {
    images_.clear();
    for (const auto& each : images) images_.push_back({each.image, each.symmetry});
    return images_;
  }

  template <class Work>
  void meter(const std::string& name, const Operations& operations, double moved, const Work& work) {
    const double seconds = seconds_of(work);
    OperationCost& cost = profile_[name];
    ++cost.calls;
    cost.flops += operations.flops;
    cost.winograd += operations.winograd;
    cost.bytes += moved;
    cost.seconds += seconds;
  }

  Inner inner_;
  Profile profile_;
  std::vector<saccade::OrientedImage<Inner>> images_;
};

}  // namespace bench
