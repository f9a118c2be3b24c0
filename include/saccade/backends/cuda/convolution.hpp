#pragma once

#include <saccade/backends/cuda/linear.hpp>
#include <saccade/core/geometry.hpp>

#include <cstddef>

namespace saccade::inline SACCADE_VERSION_NAMESPACE::cuda {

/// Whether a convolution is a product of matrices: each pixel with the same weights, and with nothing around it.
[[nodiscard]] inline bool is_pointwise(const Shape& w, ConvolutionGeometry geometry) {
  return w[1] == 1 && w[2] == 1 && geometry.stride == 1 && geometry.padding == Padding(0) && geometry.groups == 1;
}

/// The weights in the format of the maps: as they are, or rounded for this call.
[[nodiscard]] inline ConstMap weights_for(const Call& call, const DeviceTensor& w, Format format) {
  const ConstMap master(call.single(w, "w"), Format::single);
  if (format == Format::single) return master;
  const Map rounded = call.scratch(Purpose::converted, format, w.size());
  copy(master, rounded, w.size(), call.stream());
  return rounded;
}

/// One of the three products by cuDNN: x, w and y are operands or gradients, the one that `direction` computes is
/// written.
inline void convolve_by_plan(const Call& call, Direction direction, ConstMap x, const Shape& xs, ConstMap w,
                             const Shape& ws, ConvolutionGeometry geometry, ConstMap y) {
  ConvolutionPlans& plans = call.engine().convolutions();
  const ConvolutionPlan& plan = plans.plan({.direction = direction,
                                            .batch = xs[0],
                                            .height = xs[1],
                                            .width = xs[2],
                                            .inputs = xs[3],
                                            .outputs = ws[0],
                                            .kernel_height = ws[1],
                                            .kernel_width = ws[2],
                                            .stride = geometry.stride,
                                            .padding = geometry.padding,
                                            .groups = geometry.groups,
                                            .format = x.format,
                                            .tf32 = call.engine().tf32()});
  void* const workspace = call.engine().workspace().take(Purpose::library, plan.workspace(), call.operation());
  plan.execute(plans.handle(), x.data, w.data, y.data, workspace);
}

/// y = x * w [+ residual], which may be y; x is a map of shape `xs`, in y's format.
inline void convolve(const Call& call, ConstMap x, const Shape& xs, const DeviceTensor& w, ConvolutionGeometry geometry,
                     const DeviceTensor* residual, DeviceTensor& y) {
  if (y.size() == 0) return;
  const ConstMap weights = weights_for(call, w, y.format());
  if (is_pointwise(w.shape(), geometry)) {
    if (residual != nullptr && residual != &y) copy(residual->map(), y.map(), y.size(), call.stream());
    product(call, {x, false}, {weights, true}, y.map(), residual ? Write::accumulate : Write::overwrite,
            {.rows = y.rows(), .columns = w.shape()[0], .inner = xs[3]});
    return;
  }
  const Map target = residual ? call.scratch(Purpose::product, y.format(), y.size()) : y.map();
  convolve_by_plan(call, Direction::forward, x, xs, weights, w.shape(), geometry, target);
  if (residual) add(target, residual->map(), y.map(), y.size(), call.stream());
}

inline void convolve(const Call& call, const DeviceTensor& x, const DeviceTensor& w, ConvolutionGeometry geometry,
                     DeviceTensor& y) {
  call.expect_one_format({{"x", x}, {"y", y}});
  convolve(call, x.map(), x.shape(), w, geometry, nullptr, y);
}

inline void convolve_backward_input(const Call& call, const DeviceTensor& d_y, const DeviceTensor& w,
                                    ConvolutionGeometry geometry, DeviceTensor& d_x, Write write) {
  call.expect_one_format({{"d_y", d_y}, {"d_x", d_x}});
  if (d_x.size() == 0) return;
  const ConstMap weights = weights_for(call, w, d_x.format());
  if (is_pointwise(w.shape(), geometry)) {
    product(call, {d_y.map(), false}, {weights, false}, d_x.map(), write,
            {.rows = d_x.rows(), .columns = d_x.shape()[3], .inner = w.shape()[0]});
    return;
  }
  const bool adds = write == Write::accumulate;
  const Map target = adds ? call.scratch(Purpose::product, d_x.format(), d_x.size()) : d_x.map();
  convolve_by_plan(call, Direction::backward_input, target, d_x.shape(), weights, w.shape(), geometry, d_y.map());
  if (adds) axpy(1.0f, target, d_x.map(), d_x.size(), call.stream());
}

/// d_w (+)= the gradient; x is a map of shape `xs`, in d_y's format. cuDNN writes it in that format, as it is asked to
/// keep to one; the sum over the steps is in single precision.
inline void convolve_backward_weight(const Call& call, const DeviceTensor& d_y, ConstMap x, const Shape& xs,
                                     ConvolutionGeometry geometry, DeviceTensor& d_w, Write write) {
  const Map sum{call.single(d_w, "d_w"), Format::single};
  if (d_y.size() == 0 || is_pointwise(d_w.shape(), geometry)) {
    product(call, {d_y.map(), true}, {x, false}, sum, write,
            {.rows = d_w.shape()[0], .columns = d_w.size() / d_w.shape()[0], .inner = d_y.rows()});
    return;
  }
  const bool direct = write == Write::overwrite && d_y.format() == Format::single;
  const Map target = direct ? sum : call.scratch(Purpose::product, d_y.format(), d_w.size());
  convolve_by_plan(call, Direction::backward_weight, x, xs, target, d_w.shape(), geometry, d_y.map());
  if (direct) return;
  if (write == Write::overwrite) copy(target, sum, d_w.size(), call.stream());
  if (write == Write::accumulate) axpy(1.0f, target, sum, d_w.size(), call.stream());
}

inline void convolve_backward_weight(const Call& call, const DeviceTensor& d_y, const DeviceTensor& x,
                                     ConvolutionGeometry geometry, DeviceTensor& d_w, Write write) {
  call.expect_one_format({{"d_y", d_y}, {"x", x}});
  convolve_backward_weight(call, d_y, x.map(), x.shape(), geometry, d_w, write);
}

}  // namespace saccade::cuda
