#pragma once

#include <saccade/backends/cuda/activation.hpp>
#include <saccade/backends/cuda/convolution.hpp>
#include <saccade/backends/cuda/glimpse.hpp>
#include <saccade/backends/cuda/linear.hpp>
#include <saccade/backends/cuda/loss.hpp>
#include <saccade/backends/cuda/mask.hpp>
#include <saccade/backends/cuda/memory.hpp>
#include <saccade/backends/cuda/normalization.hpp>
#include <saccade/backends/cuda/optimizer.hpp>
#include <saccade/backends/cuda/pointwise.hpp>
#include <saccade/backends/cuda/policy.hpp>
#include <saccade/backends/cuda/pooling.hpp>
#include <saccade/backends/cuda/recurrent.hpp>
#include <saccade/backends/cuda/step_graph.hpp>
#include <saccade/backends/cuda/upsample.hpp>
#include <saccade/core/backend.hpp>
#include <saccade/core/batch_synchronization.hpp>

#include <concepts>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

namespace saccade::inline SACCADE_VERSION_NAMESPACE {

/// One GPU: kernels of ours, cuDNN for convolutions and cuBLAS for dense layers, on a stream of its own.
///
/// * The same call gives the same bits in every run on one kind of GPU: deterministic engines, sums in a fixed order.
/// * Precision::single multiplies floats. tf32 rounds factors of convolutions and dense layers to 11 significant bits.
/// bf16
///   also keeps feature maps in bf16; parameters, statistics, sums and everything but maps are in single precision.
/// * Work is asynchronous: only `download` and `synchronize` wait.
/// * Scratch memory grows to what the largest operation needs and is kept: after the first step of a network nothing is
///   allocated on the device.
/// * Move-only. One thread at a time may use an object. Several may work side by side, on one device or on several;
/// their
///   tensors and images may outlive them.
///
/// The functions are those of core/backend.hpp; each header included above holds one family of them.
template <std::same_as<float> Number = float>
class CudaBackend : public BatchSynchronization {
 public:
  using Scalar = Number;
  using Tensor = cuda::DeviceTensor;
  using Image = cuda::DeviceImage;

  /// Images own their pixels.
  static constexpr bool images_are_copies = true;

  /// @throws CudaError if there is no driver, no GPU, or none of that number
  explicit CudaBackend(const CudaOptions& options = {}) : engine_(make_engine(options)) {}

  [[nodiscard]] int device() const { return engine_->options().device; }
  [[nodiscard]] Precision precision() const { return engine_->options().precision; }

  [[nodiscard]] Tensor zeros(const Shape& shape) { return cuda::zeros(call("zeros"), shape, cuda::Format::single); }
  /// A tensor for activations: in bf16 where that is the precision.
  [[nodiscard]] Tensor feature_map(const Shape& shape) {
    const bool rounded = precision() == Precision::bf16;
    return cuda::zeros(call("feature_map"), shape, rounded ? cuda::Format::bf16 : cuda::Format::single);
  }
  [[nodiscard]] Shape shape(const Tensor& x) const { return x.shape(); }
  void fill(Scalar value, Tensor& y) { cuda::fill(call("fill"), value, y); }
  void copy(const Tensor& x, Tensor& y) { cuda::copy(call("copy"), x, y); }
  void upload(std::span<const Scalar> source, Tensor& y) { cuda::upload(call("upload"), source, y); }
  void download(const Tensor& x, std::span<Scalar> target) { cuda::download(call("download"), x, target); }
  void synchronize() { cuda::synchronize(call("synchronize")); }

  void linear(const Tensor& x, const Tensor& w, Tensor& y, Write write) {
    cuda::linear(call("linear"), x, w, y, write);
  }
  void linear_backward_input(const Tensor& d_y, const Tensor& w, Tensor& d_x, Write write) {
    cuda::linear_backward_input(call("linear_backward_input"), d_y, w, d_x, write);
  }
  void linear_backward_weight(const Tensor& d_y, const Tensor& x, Tensor& d_w, Write write) {
    cuda::linear_backward_weight(call("linear_backward_weight"), d_y, x, d_w, write);
  }
  void add_bias(const Tensor& bias, Tensor& y) { cuda::add_bias(call("add_bias"), bias, y); }
  void add_bias_backward(const Tensor& d_y, Tensor& d_bias, Write write) {
    cuda::add_bias_backward(call("add_bias_backward"), d_y, d_bias, write);
  }

  void convolve(const Tensor& x, const Tensor& w, ConvolutionGeometry geometry, Tensor& y) {
    cuda::convolve(call("convolve"), x, w, geometry, y);
  }
  void convolve_backward_input(const Tensor& d_y, const Tensor& w, ConvolutionGeometry geometry, Tensor& d_x,
                               Write write) {
    cuda::convolve_backward_input(call("convolve_backward_input"), d_y, w, geometry, d_x, write);
  }
  void convolve_backward_weight(const Tensor& d_y, const Tensor& x, ConvolutionGeometry geometry, Tensor& d_w,
                                Write write) {
    cuda::convolve_backward_weight(call("convolve_backward_weight"), d_y, x, geometry, d_w, write);
  }

  void batch_norm_infer(const Tensor& x, const Tensor& gamma, const Tensor& beta, const Tensor& running_mean,
                        const Tensor& running_variance, double epsilon, Tensor& y) {
    cuda::batch_norm_infer(call("batch_norm_infer"), x, gamma, beta, running_mean, running_variance, epsilon, y);
  }
  void batch_norm_train(const Tensor& x, const Tensor& gamma, const Tensor& beta, BatchNormHyper hyper,
                        Tensor& running_mean, Tensor& running_variance, Tensor& y, Tensor& mean, Tensor& rstd) {
    cuda::batch_norm_train(call("batch_norm_train"), x, gamma, beta, hyper, running_mean, running_variance, y, mean,
                           rstd);
  }
  void batch_norm_backward(const Tensor& d_y, const Tensor& x, const Tensor& gamma, const Tensor& mean,
                           const Tensor& rstd, Tensor& d_x, Write write_x, Tensor& d_gamma, Tensor& d_beta,
                           Write write_parameters) {
    cuda::batch_norm_backward(call("batch_norm_backward"), d_y, x, gamma, mean, rstd, d_x, write_x, d_gamma, d_beta,
                              write_parameters);
  }
  void group_norm(const Tensor& x, const Tensor& gamma, const Tensor& beta, Index groups, double epsilon, Tensor& y,
                  Tensor& mean, Tensor& rstd) {
    cuda::group_norm(call("group_norm"), x, gamma, beta, groups, epsilon, y, mean, rstd);
  }
  void group_norm_backward(const Tensor& d_y, const Tensor& x, const Tensor& gamma, Index groups, const Tensor& mean,
                           const Tensor& rstd, Tensor& d_x, Write write_x, Tensor& d_gamma, Tensor& d_beta,
                           Write write_parameters) {
    cuda::group_norm_backward(call("group_norm_backward"), d_y, x, gamma, groups, mean, rstd, d_x, write_x, d_gamma,
                              d_beta, write_parameters);
  }

  void relu(const Tensor& x, Tensor& y) { cuda::relu(call("relu"), x, y); }
  void relu_backward(const Tensor& y, const Tensor& d_y, Tensor& d_x, Write write) {
    cuda::relu_backward(call("relu_backward"), y, d_y, d_x, write);
  }
  void relu6(const Tensor& x, Tensor& y) { cuda::relu6(call("relu6"), x, y); }
  void relu6_backward(const Tensor& y, const Tensor& d_y, Tensor& d_x, Write write) {
    cuda::relu6_backward(call("relu6_backward"), y, d_y, d_x, write);
  }
  void prelu(const Tensor& x, const Tensor& slope, Tensor& y) { cuda::prelu(call("prelu"), x, slope, y); }
  void prelu_backward(const Tensor& x, const Tensor& slope, const Tensor& d_y, Tensor& d_x, Write write_x,
                      Tensor& d_slope, Write write_slope) {
    cuda::prelu_backward(call("prelu_backward"), x, slope, d_y, d_x, write_x, d_slope, write_slope);
  }
  void sigmoid(const Tensor& x, Tensor& y) { cuda::sigmoid(call("sigmoid"), x, y); }
  void sigmoid_backward(const Tensor& y, const Tensor& d_y, Tensor& d_x, Write write) {
    cuda::sigmoid_backward(call("sigmoid_backward"), y, d_y, d_x, write);
  }
  void tanh(const Tensor& x, Tensor& y) { cuda::tanh(call("tanh"), x, y); }
  void tanh_backward(const Tensor& y, const Tensor& d_y, Tensor& d_x, Write write) {
    cuda::tanh_backward(call("tanh_backward"), y, d_y, d_x, write);
  }
  void exp(const Tensor& x, Tensor& y) { cuda::exp(call("exp"), x, y); }
  void log(const Tensor& x, Tensor& y) { cuda::log(call("log"), x, y); }
  void rsqrt(const Tensor& x, Tensor& y) { cuda::rsqrt(call("rsqrt"), x, y); }
  void clamp(const Tensor& x, Scalar low, Scalar high, Tensor& y) { cuda::clamp(call("clamp"), x, low, high, y); }
  void add(const Tensor& x1, const Tensor& x2, Tensor& y) { cuda::add(call("add"), x1, x2, y); }
  void multiply(const Tensor& x1, const Tensor& x2, Tensor& y, Write write) {
    cuda::multiply(call("multiply"), x1, x2, y, write);
  }
  void axpy(Scalar alpha, const Tensor& x, Tensor& y) { cuda::axpy(call("axpy"), alpha, x, y); }
  void row_sums(const Tensor& x, Tensor& y, Write write) { cuda::row_sums(call("row_sums"), x, y, write); }
  void row_sums_backward(const Tensor& d_y, Tensor& d_x, Write write) {
    cuda::row_sums_backward(call("row_sums_backward"), d_y, d_x, write);
  }
  void take_rows(const Tensor& table, const Tensor& rows, Tensor& y) {
    cuda::take_rows(call("take_rows"), table, rows, y);
  }
  void read_columns(const Tensor& x, Index first, Tensor& y, Write write) {
    cuda::read_columns(call("read_columns"), x, first, y, write);
  }
  void write_columns(const Tensor& x, Index first, Tensor& y, Write write) {
    cuda::write_columns(call("write_columns"), x, first, y, write);
  }

  void max_pool(const Tensor& x, PoolingGeometry geometry, Tensor& y, Tensor& argmax) {
    cuda::max_pool(call("max_pool"), x, geometry, y, argmax);
  }
  void max_pool_backward(const Tensor& d_y, const Tensor& argmax, PoolingGeometry geometry, Tensor& d_x, Write write) {
    cuda::max_pool_backward(call("max_pool_backward"), d_y, argmax, geometry, d_x, write);
  }
  void global_average_pool(const Tensor& x, Tensor& y) { cuda::global_average_pool(call("global_average_pool"), x, y); }
  void global_average_pool_backward(const Tensor& d_y, Tensor& d_x, Write write) {
    cuda::global_average_pool_backward(call("global_average_pool_backward"), d_y, d_x, write);
  }
  void spatial_softmax(const Tensor& x, Tensor& log_sum, Tensor& position) {
    cuda::spatial_softmax(call("spatial_softmax"), x, log_sum, position);
  }
  void spatial_softmax_backward(const Tensor& x, const Tensor& log_sum, const Tensor& position,
                                const Tensor& d_position, Tensor& d_x, Write write) {
    cuda::spatial_softmax_backward(call("spatial_softmax_backward"), x, log_sum, position, d_position, d_x, write);
  }

  void upsample_bilinear(const Tensor& x, Corners corners, Tensor& y) {
    cuda::upsample_bilinear(call("upsample_bilinear"), x, corners, y);
  }
  void upsample_bilinear_backward(const Tensor& d_y, Corners corners, Tensor& d_x, Write write) {
    cuda::upsample_bilinear_backward(call("upsample_bilinear_backward"), d_y, corners, d_x, write);
  }

  /// Copies the pixels: to the device while the budget of CudaOptions lasts, then into pinned memory of the host.
  [[nodiscard]] Image make_image(ImageView view) { return cuda::make_image(call("make_image"), view); }
  [[nodiscard]] Index width(const Image& image) const { return image.width(); }
  [[nodiscard]] Index height(const Image& image) const { return image.height(); }
  void stage_images(ImageBatch<CudaBackend> images) { cuda::stage_images(call("stage_images"), images); }
  void crop_glimpses(ImageBatch<CudaBackend> images, const Tensor& location, const GlimpseGeometry& geometry,
                     Tensor& patches) {
    cuda::crop_glimpses(call("crop_glimpses"), images, location, geometry, patches);
  }

  void apply_mask(const Tensor& trunk, const Tensor& mask_logits, Tensor& attended) {
    cuda::apply_mask(call("apply_mask"), trunk, mask_logits, attended);
  }
  void apply_mask_backward(const Tensor& trunk, const Tensor& mask_logits, const Tensor& d_attended, Tensor& d_trunk,
                           Write write_trunk, Tensor& d_mask_logits, Write write_logits) {
    cuda::apply_mask_backward(call("apply_mask_backward"), trunk, mask_logits, d_attended, d_trunk, write_trunk,
                              d_mask_logits, write_logits);
  }

  void softmax(const Tensor& logits, Tensor& probabilities) { cuda::softmax(call("softmax"), logits, probabilities); }
  void softmax_cross_entropy(const Tensor& logits, const Tensor& labels, Tensor& probabilities, Tensor& loss) {
    cuda::softmax_cross_entropy(call("softmax_cross_entropy"), logits, labels, probabilities, loss);
  }
  void softmax_cross_entropy_backward(const Tensor& probabilities, const Tensor& labels, const Tensor& d_loss,
                                      Tensor& d_logits, Write write) {
    cuda::softmax_cross_entropy_backward(call("softmax_cross_entropy_backward"), probabilities, labels, d_loss,
                                         d_logits, write);
  }
  void most_probable(const Tensor& scores, Tensor& classes) {
    cuda::most_probable(call("most_probable"), scores, classes);
  }
  void correct(const Tensor& classes, const Tensor& labels, Tensor& y) {
    cuda::correct(call("correct"), classes, labels, y);
  }

  void sample_gaussian(const Tensor& mean, Scalar sigma, RandomKey key, Tensor& sample) {
    cuda::sample_gaussian(call("sample_gaussian"), mean, sigma, key, sample);
  }
  void sample_uniform(Scalar low, Scalar high, RandomKey key, Tensor& sample) {
    cuda::sample_uniform(call("sample_uniform"), low, high, key, sample);
  }
  void sample_categorical(const Tensor& probabilities, RandomKey key, Tensor& classes) {
    cuda::sample_categorical(call("sample_categorical"), probabilities, key, classes);
  }
  void gaussian_policy_backward(const Tensor& sample, const Tensor& mean, const Tensor& advantage, Scalar sigma,
                                Tensor& d_mean, Write write) {
    cuda::gaussian_policy_backward(call("gaussian_policy_backward"), sample, mean, advantage, sigma, d_mean, write);
  }

  void sum_of_squares(const Tensor& x, Tensor& y, Write write) {
    cuda::sum_of_squares(call("sum_of_squares"), x, y, write);
  }
  void clip_scale(const Tensor& sum, Scalar max_norm, Tensor& scale) {
    cuda::clip_scale(call("clip_scale"), sum, max_norm, scale);
  }
  void mark_not_finite(const Tensor& x, Tensor& mark) { cuda::mark_not_finite(call("mark_not_finite"), x, mark); }
  void adam_step(const Tensor& gradient, const Tensor& scale, const Tensor& hyper, Tensor& parameter,
                 Tensor& first_moment, Tensor& second_moment) {
    cuda::adam_step(call("adam_step"), gradient, scale, hyper, parameter, first_moment, second_moment);
  }
  void advance_adam(Tensor& hyper) { cuda::advance_adam(call("advance_adam"), hyper); }

  /// The optimiser over all parameters in one launch: optional in the contract, found by saccade::ops.

  using ParameterList = cuda::ParameterList;

  [[nodiscard]] ParameterList make_parameter_list(std::span<const ParameterTerm<CudaBackend>> terms) {
    return cuda::make_parameter_list(call("make_parameter_list"), terms);
  }
  void zero_gradients(ParameterList& list) { cuda::zero_gradients(call("zero_gradients"), list); }
  void sum_of_squares(ParameterList& list, Tensor& y) { cuda::sum_of_squares(call("sum_of_squares"), list, y); }
  void adam_step(ParameterList& list, const Tensor& scale) { cuda::adam_step(call("adam_step"), list, scale); }

  /// Captured steps: see ops/step.hpp.

  using StepGraph = cuda::StepGraph;

  void run_step(StepGraph& graph, StepCount count, const std::function<void()>& body) {
    graph.run(call("run_step"), count, body);
  }

  /// Fused operations.

  using Activation = ActivationView<CudaBackend>;

  void batch_norm_rstd(const Tensor& running_variance, double epsilon, Tensor& rstd) {
    cuda::batch_norm_rstd(call("batch_norm_rstd"), running_variance, epsilon, rstd);
  }
  void batch_norm_statistics(const Tensor& x, BatchNormHyper hyper, Tensor& running_mean, Tensor& running_variance,
                             Tensor& mean, Tensor& rstd) {
    cuda::batch_norm_statistics(call("batch_norm_statistics"), x, hyper, running_mean, running_variance, mean, rstd);
  }
  void convolve_activated(const Tensor& x, const Activation& activation, const Tensor& w, ConvolutionGeometry geometry,
                          const Tensor* residual, Tensor& y) {
    const cuda::Call c = call("convolve_activated");
    cuda::convolve_activated(c, x, cuda::channel_activation(c, activation), w, geometry, residual, y);
  }
  void convolve_activated_backward_weight(const Tensor& d_y, const Tensor& x, const Activation& activation,
                                          ConvolutionGeometry geometry, Tensor& d_w, Write write) {
    const cuda::Call c = call("convolve_activated_backward_weight");
    cuda::convolve_activated_backward_weight(c, d_y, x, cuda::channel_activation(c, activation), geometry, d_w, write);
  }
  void activation_backward(const Tensor& d_activated, const Tensor& x, const Activation& activation,
                           const Tensor* d_residual, Tensor& d_x, Write write_x, Tensor& d_gamma, Tensor& d_beta,
                           Tensor& d_slope, Write write_parameters) {
    const cuda::Call c = call("activation_backward");
    cuda::activation_backward(c, d_activated, x, cuda::channel_activation(c, activation), d_residual, d_x, write_x,
                              d_gamma, d_beta, d_slope, write_parameters);
  }
  void attention_pool(const Tensor& trunk, const Tensor& mask_logits, Tensor& features) {
    cuda::attention_pool(call("attention_pool"), trunk, mask_logits, features);
  }
  void attention_pool_backward(const Tensor& trunk, const Tensor& mask_logits, const Tensor& d_features,
                               Tensor& d_trunk, Write write_trunk, Tensor& d_mask_logits, Write write_logits) {
    cuda::attention_pool_backward(call("attention_pool_backward"), trunk, mask_logits, d_features, d_trunk, write_trunk,
                                  d_mask_logits, write_logits);
  }
  void lstm_cell(const Tensor& gates_pre, const Tensor& c_prev, Tensor& gates, Tensor& c_next, Tensor& tanh_c,
                 Tensor& h_next) {
    cuda::lstm_cell(call("lstm_cell"), gates_pre, c_prev, gates, c_next, tanh_c, h_next);
  }
  void lstm_cell_backward(const Tensor& gates, const Tensor& c_prev, const Tensor& tanh_c, const Tensor& d_h,
                          const Tensor& d_c_next, Tensor& d_gates_pre, Tensor& d_c_prev) {
    cuda::lstm_cell_backward(call("lstm_cell_backward"), gates, c_prev, tanh_c, d_h, d_c_next, d_gates_pre, d_c_prev);
  }

 private:
  static std::unique_ptr<cuda::Engine> make_engine(const CudaOptions& options) {
    if (const auto fault = cuda::device_fault(options.device)) throw CudaError(*fault);
    const cuda::DeviceGuard guard(options.device);
    return std::make_unique<cuda::Engine>(options);
  }

  [[nodiscard]] cuda::Call call(std::string_view operation) const { return cuda::Call(*engine_, operation); }

  std::unique_ptr<cuda::Engine> engine_;
};

static_assert(TrainableBackend<CudaBackend<float>>);

}  // namespace saccade
