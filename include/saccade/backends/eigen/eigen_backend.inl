// What EigenBackend does, function by function, as they stand in eigen_backend.hpp.
#pragma once

#include <saccade/backends/eigen/convolution.hpp>
#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/backends/eigen/glimpse.hpp>
#include <saccade/backends/eigen/linear.hpp>
#include <saccade/backends/eigen/mask.hpp>
#include <saccade/backends/eigen/normalization.hpp>
#include <saccade/backends/eigen/pointwise.hpp>
#include <saccade/backends/eigen/pooling.hpp>
#include <saccade/backends/eigen/upsample.hpp>
#include <saccade/core/error.hpp>

#include <algorithm>
#include <concepts>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>

namespace saccade::inline SACCADE_NAMESPACE {
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

template <std::floating_point Number>
EigenBackend<Number>::EigenBackend(const EigenOptions& options)
    : engine_(std::make_unique<eigen::Engine>(options.threads, options.instruction_set,
                                              eigen::bf16_kernels<Number>(options))) {}

template <std::floating_point Number>
EigenBackend<Number>::EigenBackend(int threads) : EigenBackend(EigenOptions{.threads = threads}) {}

template <std::floating_point Number>
EigenBackend<Number>::EigenBackend(EigenBackend&&) noexcept = default;

template <std::floating_point Number>
EigenBackend<Number>& EigenBackend<Number>::operator=(EigenBackend&&) noexcept = default;

template <std::floating_point Number>
EigenBackend<Number>::~EigenBackend() = default;

template <std::floating_point Number>
int EigenBackend<Number>::threads() const {
  return engine_->threads();
}

template <std::floating_point Number>
InstructionSet EigenBackend<Number>::instruction_set() const {
  return engine_->instruction_set();
}

template <std::floating_point Number>
Precision EigenBackend<Number>::precision() const {
  return engine_->bf16() ? Precision::bf16 : Precision::single;
}

template <std::floating_point Number>
std::optional<Bf16Unit> EigenBackend<Number>::bf16_unit() const {
  return engine_->bf16() ? std::optional(engine_->bf16()->unit) : std::nullopt;
}

template <std::floating_point Number>
auto EigenBackend<Number>::zeros(const Shape& shape) -> Tensor {
  return Tensor(shape);
}

template <std::floating_point Number>
void EigenBackend<Number>::fill(Scalar value, Tensor& y) {
  eigen::transform(*engine_, y.size(), y.data(), [value] { return value; });
}

template <std::floating_point Number>
void EigenBackend<Number>::copy(const Tensor& x, Tensor& y) {
  eigen::transform(
      *engine_, y.size(), y.data(), [](Scalar value) { return value; }, eigen::dense(x));
}

template <std::floating_point Number>
void EigenBackend<Number>::upload(std::span<const Scalar> source, Tensor& y) {
  std::copy(source.begin(), source.end(), y.data());
}

template <std::floating_point Number>
void EigenBackend<Number>::download(const Tensor& x, std::span<Scalar> target) {
  std::copy_n(x.data(), x.size(), target.begin());
}

template <std::floating_point Number>
void EigenBackend<Number>::linear(const Tensor& x, const Tensor& w, Tensor& y, Write write) {
  eigen::linear(*engine_, x, w, y, write);
}

template <std::floating_point Number>
void EigenBackend<Number>::linear_backward_input(const Tensor& d_y, const Tensor& w, Tensor& d_x, Write write) {
  eigen::linear_backward_input(*engine_, d_y, w, d_x, write);
}

template <std::floating_point Number>
void EigenBackend<Number>::linear_backward_weight(const Tensor& d_y, const Tensor& x, Tensor& d_w, Write write) {
  eigen::linear_backward_weight(*engine_, d_y, x, d_w, write);
}

template <std::floating_point Number>
void EigenBackend<Number>::add_bias(const Tensor& bias, Tensor& y) {
  eigen::add_bias(*engine_, bias, y);
}

template <std::floating_point Number>
void EigenBackend<Number>::add_bias_backward(const Tensor& d_y, Tensor& d_bias, Write write) {
  eigen::add_bias_backward(*engine_, d_y, d_bias, write);
}

template <std::floating_point Number>
void EigenBackend<Number>::convolve(const Tensor& x, const Tensor& w, ConvolutionGeometry geometry, Tensor& y) {
  eigen::convolve(*engine_, {eigen::image_block(x)}, w, geometry, y);
}

template <std::floating_point Number>
void EigenBackend<Number>::convolve_backward_input(const Tensor& d_y, const Tensor& w, ConvolutionGeometry geometry,
                                                   Tensor& d_x, Write write) {
  eigen::convolve_backward_input(*engine_, d_y, w, geometry, d_x, write);
}

template <std::floating_point Number>
void EigenBackend<Number>::convolve_backward_weight(const Tensor& d_y, const Tensor& x, ConvolutionGeometry geometry,
                                                    Tensor& d_w, Write write) {
  eigen::convolve_backward_weight(*engine_, d_y, {eigen::image_block(x)}, geometry, d_w, write);
}

template <std::floating_point Number>
void EigenBackend<Number>::batch_norm_infer(const Tensor& x, const Tensor& gamma, const Tensor& beta,
                                            const Tensor& running_mean, const Tensor& running_variance, double epsilon,
                                            Tensor& y) {
  eigen::batch_norm_infer(*engine_, x, gamma, beta, running_mean, running_variance, epsilon, y);
}

template <std::floating_point Number>
void EigenBackend<Number>::batch_norm_train(const Tensor& x, const Tensor& gamma, const Tensor& beta,
                                            BatchNormHyper hyper, Tensor& running_mean, Tensor& running_variance,
                                            Tensor& y, Tensor& mean, Tensor& rstd) {
  eigen::batch_norm_train(*engine_, x, gamma, beta, hyper, running_mean, running_variance, y, mean, rstd);
}

template <std::floating_point Number>
void EigenBackend<Number>::batch_norm_backward(const Tensor& d_y, const Tensor& x, const Tensor& gamma,
                                               const Tensor& mean, const Tensor& rstd, Tensor& d_x, Write write_x,
                                               Tensor& d_gamma, Tensor& d_beta, Write write_parameters) {
  eigen::batch_norm_backward(*engine_, d_y, x, gamma, mean, rstd, d_x, write_x, d_gamma, d_beta, write_parameters);
}

template <std::floating_point Number>
void EigenBackend<Number>::group_norm(const Tensor& x, const Tensor& gamma, const Tensor& beta, Index groups,
                                      double epsilon, Tensor& y, Tensor& mean, Tensor& rstd) {
  eigen::group_norm(*engine_, x, gamma, beta, groups, epsilon, y, mean, rstd);
}

template <std::floating_point Number>
void EigenBackend<Number>::group_norm_backward(const Tensor& d_y, const Tensor& x, const Tensor& gamma, Index groups,
                                               const Tensor& mean, const Tensor& rstd, Tensor& d_x, Write write_x,
                                               Tensor& d_gamma, Tensor& d_beta, Write write_parameters) {
  eigen::group_norm_backward(*engine_, d_y, x, gamma, groups, mean, rstd, d_x, write_x, d_gamma, d_beta,
                             write_parameters);
}

template <std::floating_point Number>
void EigenBackend<Number>::relu(const Tensor& x, Tensor& y) {
  eigen::relu(*engine_, x, y);
}

template <std::floating_point Number>
void EigenBackend<Number>::relu_backward(const Tensor& y, const Tensor& d_y, Tensor& d_x, Write write) {
  eigen::relu_backward(*engine_, y, d_y, d_x, write);
}

template <std::floating_point Number>
void EigenBackend<Number>::relu6(const Tensor& x, Tensor& y) {
  eigen::relu6(*engine_, x, y);
}

template <std::floating_point Number>
void EigenBackend<Number>::relu6_backward(const Tensor& y, const Tensor& d_y, Tensor& d_x, Write write) {
  eigen::relu6_backward(*engine_, y, d_y, d_x, write);
}

template <std::floating_point Number>
void EigenBackend<Number>::prelu(const Tensor& x, const Tensor& slope, Tensor& y) {
  eigen::prelu(*engine_, x, slope, y);
}

template <std::floating_point Number>
void EigenBackend<Number>::prelu_backward(const Tensor& x, const Tensor& slope, const Tensor& d_y, Tensor& d_x,
                                          Write write_x, Tensor& d_slope, Write write_slope) {
  eigen::prelu_backward(*engine_, x, slope, d_y, d_x, write_x, d_slope, write_slope);
}

template <std::floating_point Number>
void EigenBackend<Number>::sigmoid(const Tensor& x, Tensor& y) {
  eigen::sigmoid(*engine_, x, y);
}

template <std::floating_point Number>
void EigenBackend<Number>::sigmoid_backward(const Tensor& y, const Tensor& d_y, Tensor& d_x, Write write) {
  eigen::sigmoid_backward(*engine_, y, d_y, d_x, write);
}

template <std::floating_point Number>
void EigenBackend<Number>::tanh(const Tensor& x, Tensor& y) {
  eigen::tanh(*engine_, x, y);
}

template <std::floating_point Number>
void EigenBackend<Number>::tanh_backward(const Tensor& y, const Tensor& d_y, Tensor& d_x, Write write) {
  eigen::tanh_backward(*engine_, y, d_y, d_x, write);
}

template <std::floating_point Number>
void EigenBackend<Number>::exp(const Tensor& x, Tensor& y) {
  eigen::exp(*engine_, x, y);
}

template <std::floating_point Number>
void EigenBackend<Number>::log(const Tensor& x, Tensor& y) {
  eigen::log(*engine_, x, y);
}

template <std::floating_point Number>
void EigenBackend<Number>::rsqrt(const Tensor& x, Tensor& y) {
  eigen::rsqrt(*engine_, x, y);
}

template <std::floating_point Number>
void EigenBackend<Number>::clamp(const Tensor& x, Scalar low, Scalar high, Tensor& y) {
  eigen::clamp(*engine_, x, low, high, y);
}

template <std::floating_point Number>
void EigenBackend<Number>::add(const Tensor& x1, const Tensor& x2, Tensor& y) {
  eigen::add(*engine_, x1, x2, y);
}

template <std::floating_point Number>
void EigenBackend<Number>::multiply(const Tensor& x1, const Tensor& x2, Tensor& y, Write write) {
  eigen::multiply(*engine_, x1, x2, y, write);
}

template <std::floating_point Number>
void EigenBackend<Number>::axpy(Scalar alpha, const Tensor& x, Tensor& y) {
  eigen::axpy(*engine_, alpha, x, y);
}

template <std::floating_point Number>
void EigenBackend<Number>::row_sums(const Tensor& x, Tensor& y, Write write) {
  eigen::row_sums(*engine_, x, y, write);
}

template <std::floating_point Number>
void EigenBackend<Number>::row_sums_backward(const Tensor& d_y, Tensor& d_x, Write write) {
  eigen::row_sums_backward(*engine_, d_y, d_x, write);
}

template <std::floating_point Number>
void EigenBackend<Number>::take_rows(const Tensor& table, const Tensor& rows, Tensor& y) {
  eigen::take_rows(*engine_, table, rows, y);
}

template <std::floating_point Number>
void EigenBackend<Number>::read_columns(const Tensor& x, Index first, Tensor& y, Write write) {
  eigen::read_columns(*engine_, x, first, y, write);
}

template <std::floating_point Number>
void EigenBackend<Number>::write_columns(const Tensor& x, Index first, Tensor& y, Write write) {
  eigen::write_columns(*engine_, x, first, y, write);
}

template <std::floating_point Number>
void EigenBackend<Number>::max_pool(const Tensor& x, PoolingGeometry geometry, Tensor& y, Tensor& argmax) {
  eigen::max_pool(*engine_, x, geometry, y, argmax);
}

template <std::floating_point Number>
void EigenBackend<Number>::max_pool_backward(const Tensor& d_y, const Tensor& argmax, PoolingGeometry geometry,
                                             Tensor& d_x, Write write) {
  eigen::max_pool_backward(*engine_, d_y, argmax, geometry, d_x, write);
}

template <std::floating_point Number>
void EigenBackend<Number>::global_average_pool(const Tensor& x, Tensor& y) {
  eigen::global_average_pool(*engine_, x, y);
}

template <std::floating_point Number>
void EigenBackend<Number>::global_average_pool_backward(const Tensor& d_y, Tensor& d_x, Write write) {
  eigen::global_average_pool_backward(*engine_, d_y, d_x, write);
}

template <std::floating_point Number>
void EigenBackend<Number>::spatial_softmax(const Tensor& x, Tensor& log_sum, Tensor& position) {
  eigen::spatial_softmax(*engine_, x, log_sum, position);
}

template <std::floating_point Number>
void EigenBackend<Number>::spatial_softmax_backward(const Tensor& x, const Tensor& log_sum, const Tensor& position,
                                                    const Tensor& d_position, Tensor& d_x, Write write) {
  eigen::spatial_softmax_backward(*engine_, x, log_sum, position, d_position, d_x, write);
}

template <std::floating_point Number>
void EigenBackend<Number>::upsample_bilinear(const Tensor& x, Corners corners, Tensor& y) {
  eigen::upsample_bilinear(*engine_, x, corners, y);
}

template <std::floating_point Number>
void EigenBackend<Number>::upsample_bilinear_backward(const Tensor& d_y, Corners corners, Tensor& d_x, Write write) {
  eigen::upsample_bilinear_backward(*engine_, d_y, corners, d_x, write);
}

template <std::floating_point Number>
void EigenBackend<Number>::crop_glimpses(ImageBatch<EigenBackend> images, const Tensor& location,
                                         const GlimpseGeometry& geometry, Tensor& patches) {
  eigen::crop_glimpses(*engine_, images, location, geometry, patches);
}

template <std::floating_point Number>
void EigenBackend<Number>::apply_mask(const Tensor& trunk, const Tensor& mask_logits, Tensor& attended) {
  eigen::apply_mask(*engine_, trunk, mask_logits, attended);
}

template <std::floating_point Number>
void EigenBackend<Number>::apply_mask_backward(const Tensor& trunk, const Tensor& mask_logits, const Tensor& d_attended,
                                               Tensor& d_trunk, Write write_trunk, Tensor& d_mask_logits,
                                               Write write_logits) {
  eigen::apply_mask_backward(*engine_, trunk, mask_logits, d_attended, d_trunk, write_trunk, d_mask_logits,
                             write_logits);
}

static_assert(TrainableBackend<EigenBackend<float>>);
static_assert(TrainableBackend<EigenBackend<double>>);

}  // namespace saccade
