// The fused operations of EigenBackend, function by function, as they stand in eigen_backend.hpp.
#pragma once

#include <saccade/backends/eigen/convolution.hpp>
#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/backends/eigen/mask.hpp>
#include <saccade/backends/eigen/normalization.hpp>
#include <saccade/backends/eigen/recurrent.hpp>

#include <concepts>

namespace saccade::inline SACCADE_NAMESPACE {

template <std::floating_point Number>
void EigenBackend<Number>::batch_norm_rstd(const Tensor& running_variance, double epsilon, Tensor& rstd) {
  eigen::batch_norm_rstd(running_variance, epsilon, rstd);
}

template <std::floating_point Number>
void EigenBackend<Number>::batch_norm_statistics(const Tensor& x, BatchNormHyper hyper, Tensor& running_mean,
                                                 Tensor& running_variance, Tensor& mean, Tensor& rstd) {
  eigen::batch_norm_statistics(*engine_, x, hyper, running_mean, running_variance, mean, rstd);
}

template <std::floating_point Number>
void EigenBackend<Number>::convolve_activated(const Tensor& x, const Activation& activation, const Tensor& w,
                                              ConvolutionGeometry geometry, const Tensor* residual, Tensor& y) {
  const auto channels = eigen::channel_activation<Scalar>(*engine_, activation);
  eigen::convolve(*engine_, {eigen::image_block(x), &channels}, w, geometry, y, residual ? residual->data() : nullptr);
}

template <std::floating_point Number>
void EigenBackend<Number>::convolve_activated_backward_weight(const Tensor& d_y, const Tensor& x,
                                                              const Activation& activation,
                                                              ConvolutionGeometry geometry, Tensor& d_w, Write write) {
  const auto channels = eigen::channel_activation<Scalar>(*engine_, activation);
  eigen::convolve_backward_weight(*engine_, d_y, {eigen::image_block(x), &channels}, geometry, d_w, write);
}

template <std::floating_point Number>
void EigenBackend<Number>::activation_backward(const Tensor& d_activated, const Tensor& x, const Activation& activation,
                                               const Tensor* d_residual, Tensor& d_x, Write write_x, Tensor& d_gamma,
                                               Tensor& d_beta, Tensor& d_slope, Write write_parameters) {
  eigen::activation_backward(*engine_, d_activated, x, activation, d_residual, d_x, write_x, d_gamma, d_beta, d_slope,
                             write_parameters);
}

template <std::floating_point Number>
void EigenBackend<Number>::convolve_epilogue(const Tensor& x, const Tensor& w, ConvolutionGeometry geometry,
                                             const ConvolutionEpilogue<EigenBackend>& epilogue, Tensor& y) {
  eigen::convolve_epilogue(*engine_, x, w, geometry, epilogue, y);
}

template <std::floating_point Number>
void EigenBackend<Number>::attention_pool(const Tensor& trunk, const Tensor& mask_logits, Tensor& features) {
  eigen::attention_pool(*engine_, trunk, mask_logits, features);
}

template <std::floating_point Number>
void EigenBackend<Number>::attention_pool_backward(const Tensor& trunk, const Tensor& mask_logits,
                                                   const Tensor& d_features, Tensor& d_trunk, Write write_trunk,
                                                   Tensor& d_mask_logits, Write write_logits) {
  eigen::attention_pool_backward(*engine_, trunk, mask_logits, d_features, d_trunk, write_trunk, d_mask_logits,
                                 write_logits);
}

template <std::floating_point Number>
void EigenBackend<Number>::lstm_cell(const Tensor& gates_pre, const Tensor& c_prev, Tensor& gates, Tensor& c_next,
                                     Tensor& tanh_c, Tensor& h_next) {
  eigen::lstm_cell(*engine_, gates_pre, c_prev, gates, c_next, tanh_c, h_next);
}

template <std::floating_point Number>
void EigenBackend<Number>::lstm_cell_backward(const Tensor& gates, const Tensor& c_prev, const Tensor& tanh_c,
                                              const Tensor& d_h, const Tensor& d_c_next, Tensor& d_gates_pre,
                                              Tensor& d_c_prev) {
  eigen::lstm_cell_backward(*engine_, gates, c_prev, tanh_c, d_h, d_c_next, d_gates_pre, d_c_prev);
}

}  // namespace saccade
