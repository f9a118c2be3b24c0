#pragma once

#include <saccade/backends/eigen/activation.hpp>
#include <saccade/backends/eigen/bf16_convolution.hpp>
#include <saccade/backends/eigen/depthwise.hpp>
#include <saccade/backends/eigen/epilogue.hpp>
#include <saccade/backends/eigen/scatter.hpp>
#include <saccade/backends/eigen/weight_gradient.hpp>
#include <saccade/backends/eigen/winograd.hpp>

#include <type_traits>

/// Cross-correlation: x (B, H, W, C), w (O, kh, kw, C / groups), y (B, H', W', O), by Winograd's algorithm where it
/// pays and as a product with copied windows elsewhere; forward in bf16 where the engine has a unit for it and it pays.
/// In groups it is computed by the definition, in single precision.
namespace saccade::inline SACCADE_NAMESPACE::eigen {

/// y = x * w plus `addend`, of y's shape and perhaps y itself, unless it is null.
template <class Scalar>
void convolve(Engine& engine, const ConvolutionSource<Scalar>& x, const HostTensor<Scalar>& w,
              ConvolutionGeometry geometry, HostTensor<Scalar>& y, const Scalar* addend = nullptr) {
  if (is_depthwise(w.shape(), geometry)) return convolve_depthwise<Scalar>(engine, x, w, geometry, y, addend, nullptr);
  if (geometry.groups > 1) return convolve_grouped(engine, x, w, geometry, y, addend);
  if constexpr (std::is_same_v<Scalar, float>) {
    const Bf16Kernels* const bf16 = engine.bf16();
    if (bf16 && bf16_pays(bf16->unit, w.shape(), geometry))
      return convolve_bf16(engine, *bf16, x, w, geometry, y, addend);
  }
  if (winograd_pays(w.shape(), geometry))
    winograd_convolve(engine, x, w, geometry, y, addend);
  else
    convolve_windows(engine, x, w, geometry, y, addend);
}

/// The same with an epilogue, a ConvolutionEpilogue. It is fused with what is bound by memory: depthwise convolutions,
/// and products of pixels or windows.
template <class Scalar, class View>
void convolve_epilogue(Engine& engine, const HostTensor<Scalar>& x, const HostTensor<Scalar>& w,
                       ConvolutionGeometry geometry, const View& view, HostTensor<Scalar>& y) {
  if (y.size() == 0) return;
  const ConvolutionSource<Scalar> source{image_block(x)};
  const ChannelEpilogue<Scalar> epilogue = channel_epilogue<Scalar>(engine, w.shape()[0], view);
  const Scalar* const residual = view.residual ? view.residual->data() : nullptr;
  if (is_depthwise(w.shape(), geometry)) return convolve_depthwise(engine, source, w, geometry, y, residual, &epilogue);
  if (geometry.groups == 1 && !engine.bf16() && !winograd_pays(w.shape(), geometry))
    return convolve_windows(engine, source, w, geometry, y, residual, &epilogue);
  convolve(engine, source, w, geometry, y);
  finish(engine, residual, epilogue, y);
}

template <class Scalar>
void convolve_backward_input(Engine& engine, const HostTensor<Scalar>& d_y, const HostTensor<Scalar>& w,
                             ConvolutionGeometry geometry, HostTensor<Scalar>& d_x, Write write) {
  if (is_depthwise(w.shape(), geometry))
    convolve_depthwise_backward_input(engine, d_y, w, geometry, d_x, write);
  else if (geometry.groups > 1)
    convolve_grouped_backward_input(engine, d_y, w, geometry, d_x, write);
  else if (winograd_pays(w.shape(), geometry))
    winograd_backward_input(engine, d_y, w, geometry, d_x, write);
  else if (scattering_pays(w.shape()))
    scatter_backward_input(engine, d_y, w, geometry, d_x, write);
  else
    convolve_windows_backward_input(engine, d_y, w, geometry, d_x, write);
}

template <class Scalar>
void convolve_backward_weight(Engine& engine, const HostTensor<Scalar>& d_y, const ConvolutionSource<Scalar>& x,
                              ConvolutionGeometry geometry, HostTensor<Scalar>& d_w, Write write) {
  if (is_depthwise(d_w.shape(), geometry))
    convolve_depthwise_backward_weight(engine, d_y, x, geometry, d_w, write);
  else if (geometry.groups > 1)
    convolve_grouped_backward_weight(engine, d_y, x, geometry, d_w, write);
  else if (winograd_pays(d_w.shape(), geometry))
    winograd_backward_weight(engine, d_y, x, geometry, d_w, write);
  else
    convolve_windows_backward_weight(engine, d_y, x, geometry, d_w, write);
}

}  // namespace saccade::eigen
