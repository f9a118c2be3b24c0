#pragma once

#include <saccade/backends/cuda/convolution.hpp>
#include <saccade/backends/cuda/engine.hpp>

namespace saccade::inline SACCADE_VERSION_NAMESPACE::cuda {

/// The pointers of an ActivationView.
template <class View>
[[nodiscard]] Activation channel_activation(const Call& call, const View& view) {
  return {.gamma = call.single(view.gamma, "gamma"),
          .beta = call.single(view.beta, "beta"),
          .mean = call.single(view.mean, "mean"),
          .rstd = call.single(view.rstd, "rstd"),
          .slope = call.single(view.slope, "slope"),
          .slopes = view.slope.size()};
}

/// The activated x, in scratch memory.
[[nodiscard]] inline Map activate(const Call& call, const DeviceTensor& x, const Activation& activation) {
  const Map activated = call.scratch(Purpose::activated, x.format(), x.size());
  activate(x.map(), activation, activated, x.rows(), x.shape().last(), call.stream());
  return activated;
}

inline void convolve_activated(const Call& call, const DeviceTensor& x, const Activation& activation,
                               const DeviceTensor& w, ConvolutionGeometry geometry, const DeviceTensor* residual,
                               DeviceTensor& y) {
  call.expect_one_format({{"x", x}, {"residual", residual ? *residual : x}, {"y", y}});
  convolve(call, activate(call, x, activation), x.shape(), w, geometry, residual, y);
}

inline void convolve_activated_backward_weight(const Call& call, const DeviceTensor& d_y, const DeviceTensor& x,
                                               const Activation& activation, ConvolutionGeometry geometry,
                                               DeviceTensor& d_w, Write write) {
  call.expect_one_format({{"d_y", d_y}, {"x", x}});
  convolve_backward_weight(call, d_y, activate(call, x, activation), x.shape(), geometry, d_w, write);
}

inline void activation_backward(const Call& call, const DeviceTensor& d_activated, const DeviceTensor& x,
                                const Activation& activation, const DeviceTensor* d_residual, DeviceTensor& d_x,
                                Write write_x, DeviceTensor& d_gamma, DeviceTensor& d_beta, DeviceTensor& d_slope,
                                Write write_parameters) {
  call.expect_one_format(
      {{"d_activated", d_activated}, {"x", x}, {"d_residual", d_residual ? *d_residual : x}, {"d_x", d_x}});
  const Index rows = x.rows(), channels = x.shape().last();
  activation_backward(d_activated.map(), x.map(), activation, d_residual ? d_residual->map() : ConstMap(), d_x.map(),
                      write_x, call.single(d_gamma, "d_gamma"), call.single(d_beta, "d_beta"),
                      call.single(d_slope, "d_slope"), write_parameters, rows, channels,
                      call.sums(activation_backward_workspace(rows, channels)), call.stream());
}

}  // namespace saccade::cuda
