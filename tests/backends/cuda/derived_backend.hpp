#pragma once

#include <saccade/cuda.hpp>

#include <functional>
#include <span>
#include <vector>

namespace saccade_test {

/// CudaBackend under another type, for tests that change one of its functions: `class Changed : public
/// DerivedBackend<Changed>`. What the contract says of batches, activations and parameters names the type of the
/// backend, and is translated here.
template <class Self>
class DerivedBackend : public saccade::CudaBackend<float> {
 public:
  using Base = saccade::CudaBackend<float>;
  using Base::Base;
  using typename Base::ParameterList;
  using typename Base::Tensor;

  void stage_images(saccade::ImageBatch<Self> images) { Base::stage_images(translated(images)); }
  void crop_glimpses(saccade::ImageBatch<Self> images, const Tensor& location, const saccade::GlimpseGeometry& geometry,
                     Tensor& patches) {
    Base::crop_glimpses(translated(images), location, geometry, patches);
  }

  ParameterList make_parameter_list(std::span<const saccade::ParameterTerm<Self>> terms) {
    std::vector<saccade::ParameterTerm<Base>> translated;
    for (const saccade::ParameterTerm<Self>& term : terms)
      translated.push_back({term.gradient, term.parameter, term.first, term.second, term.hyper});
    return Base::make_parameter_list(translated);
  }

  void convolve_activated(const Tensor& x, const saccade::ActivationView<Self>& activation, const Tensor& w,
                          saccade::ConvolutionGeometry geometry, const Tensor* residual, Tensor& y) {
    Base::convolve_activated(x, translated(activation), w, geometry, residual, y);
  }
  void convolve_activated_backward_weight(const Tensor& d_y, const Tensor& x,
                                          const saccade::ActivationView<Self>& activation,
                                          saccade::ConvolutionGeometry geometry, Tensor& d_w, saccade::Write write) {
    Base::convolve_activated_backward_weight(d_y, x, translated(activation), geometry, d_w, write);
  }
  void activation_backward(const Tensor& d_activated, const Tensor& x, const saccade::ActivationView<Self>& activation,
                           const Tensor* d_residual, Tensor& d_x, saccade::Write write, Tensor& d_gamma, Tensor& d_beta,
                           Tensor& d_slope, saccade::Write write_parameters) {
    Base::activation_backward(d_activated, x, translated(activation), d_residual, d_x, write, d_gamma, d_beta, d_slope,
                              write_parameters);
  }

 private:
  static saccade::ActivationView<Base> translated(const saccade::ActivationView<Self>& view) {
    return {view.gamma, view.beta, view.mean, view.rstd, view.slope};
  }

  saccade::ImageBatch<Base> translated(saccade::ImageBatch<Self> images) {
    images_.clear();
    for (const saccade::OrientedImage<Self>& oriented : images) images_.push_back({oriented.image, oriented.symmetry});
    return images_;
  }

  std::vector<saccade::OrientedImage<Base>> images_;
};

}  // namespace saccade_test
