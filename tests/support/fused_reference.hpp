#pragma once

#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/ops/activated_convolution.hpp>

#include <cmath>

namespace saccade_test {

/// The reference backend with the fused operations around a convolution, composed of its own: components then take the
/// path of a fused backend, in double precision where gradients are checked.
template <std::floating_point Number>
struct FusedReference : saccade::ReferenceBackend<Number> {
  using Base = saccade::ReferenceBackend<Number>;
  using Tensor = typename Base::Tensor;
  using Activation = saccade::ActivationView<FusedReference>;
  using Write = saccade::Write;

  void batch_norm_rstd(const Tensor& running_variance, double epsilon, Tensor& rstd) const {
    for (std::size_t c = 0; c < rstd.values.size(); ++c)
      rstd.values[c] = static_cast<Number>(1 / std::sqrt(static_cast<double>(running_variance.values[c]) + epsilon));
  }

  void convolve_activated(const Tensor& x, Activation activation, const Tensor& w,
                          saccade::ConvolutionGeometry geometry, const Tensor* residual, Tensor& y) const {
    Tensor convolved = y;
    Base::convolve(activated(x, activation), w, geometry, convolved);
    if (residual) Base::axpy(1, *residual, convolved);
    y = convolved;
  }

  void batch_norm_statistics(const Tensor& x, saccade::BatchNormHyper hyper, Tensor& running_mean,
                             Tensor& running_variance, Tensor& mean, Tensor& rstd) const {
    Tensor y = x;
    Base::batch_norm_train(x, mean, mean, hyper, running_mean, running_variance, y, mean, rstd);
  }

  void convolve_activated_backward_weight(const Tensor& d_y, const Tensor& x, Activation activation,
                                          saccade::ConvolutionGeometry geometry, Tensor& d_w, Write write) const {
    Base::convolve_backward_weight(d_y, activated(x, activation), geometry, d_w, write);
  }

  void activation_backward(const Tensor& d_activated, const Tensor& x, Activation activation, const Tensor* d_residual,
                           Tensor& d_x, Write write, Tensor& d_gamma, Tensor& d_beta, Tensor& d_slope,
                           Write write_parameters) const {
    Tensor d_normalized = x;
    Base::prelu_backward(normalized(x, activation), activation.slope, d_activated, d_normalized, Write::overwrite,
                         d_slope, write_parameters);
    Base::batch_norm_backward(d_normalized, x, activation.gamma, activation.mean, activation.rstd, d_x, write, d_gamma,
                              d_beta, write_parameters);
    if (d_residual) Base::axpy(1, *d_residual, d_x);
  }

  [[nodiscard]] static Tensor normalized(const Tensor& x, const Activation& activation) {
    const std::size_t channels = activation.gamma.values.size();
    Tensor y = x;
    for (std::size_t i = 0; i < y.values.size(); ++i) {
      const std::size_t c = i % channels;
      y.values[i] = activation.gamma.values[c] * (x.values[i] - activation.mean.values[c]) * activation.rstd.values[c] +
                    activation.beta.values[c];
    }
    return y;
  }

  [[nodiscard]] static Tensor activated(const Tensor& x, const Activation& activation) {
    Tensor y = normalized(x, activation);
    Base().prelu(y, activation.slope, y);
    return y;
  }
};

static_assert(saccade::ops::TrainableFusedActivation<FusedReference<double>>);

}  // namespace saccade_test
