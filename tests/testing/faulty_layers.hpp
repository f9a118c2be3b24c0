#pragma once

#include <saccade/backends/reference/reference_backend.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

#include "testing/fault.hpp"
#include "testing/wrong_data.hpp"

/// The first half of FaultyBackend: memory, dense layers, convolutions and normalisations.
struct FaultyLayers : saccade::ReferenceBackend<double> {
  using Base = saccade::ReferenceBackend<double>;
  using Tensor = Base::Tensor;
  using Index = saccade::Index;
  using Write = saccade::Write;

  explicit FaultyLayers(Fault fault) : fault_(fault) {}

  [[nodiscard]] bool has(Fault fault) const { return fault_ == fault; }

  [[nodiscard]] Tensor zeros(const saccade::Shape& shape) const {
    Tensor tensor = Base::zeros(shape);
    if (has(Fault::zeros_not_cleared)) fill(1, tensor);
    return tensor;
  }
  void copy(const Tensor& x, Tensor& y) const {
    Base::copy(x, y);
    if (has(Fault::copy_stops_half_way)) std::fill(y.values.begin() + std::ssize(y.values) / 2, y.values.end(), 0.0);
    if (has(Fault::copy_takes_other_shape)) y.shape = x.shape;
  }

  void linear(const Tensor& x, const Tensor& w, Tensor& y, Write write) const {
    if (has(Fault::throws)) throw saccade::Error("linear: out of memory");
    if (has(Fault::linear_ignores_accumulate)) write = Write::overwrite;
    if (has(Fault::linear_transposed_weights)) return Base::linear(x, wrong::read_as_transposed(w), y, write);
    Base::linear(x, w, y, write);
    if (has(Fault::sum_not_repeatable) && !y.values.empty())
      y.values[0] *= 1 + 1e-16 * static_cast<double>(2 * calls_++);
  }
  void linear_backward_input(const Tensor& d_y, const Tensor& w, Tensor& d_x, Write write) const {
    if (has(Fault::linear_backward_adds_to_garbage)) write = Write::accumulate;
    Base::linear_backward_input(d_y, w, d_x, write);
  }
  void linear_backward_weight(const Tensor& d_y, const Tensor& x, Tensor& d_w, Write write) const {
    Base::linear_backward_weight(d_y, x, d_w, write);
    if (has(Fault::linear_backward_weight_of_transpose)) d_w = wrong::read_as_transposed(d_w);
  }
  void add_bias(const Tensor& bias, Tensor& y) const {
    if (!has(Fault::bias_once_per_row)) return Base::add_bias(bias, y);
    for (Index i = 0; i < y.shape.size(); ++i) y.data()[i] += bias.data()[i / y.shape.last() % y.shape.last()];
  }
  void add_bias_backward(const Tensor& d_y, Tensor& d_bias, Write write) const {
    if (!has(Fault::bias_backward_drops_last_row)) return Base::add_bias_backward(d_y, d_bias, write);
    Tensor shortened = d_y;
    for (Index i = 0; i < d_y.shape.last() && i < d_y.shape.size(); ++i)
      shortened.values[shortened.values.size() - 1 - static_cast<std::size_t>(i)] = 0;
    Base::add_bias_backward(shortened, d_bias, write);
  }

  void convolve(const Tensor& x, const Tensor& w, saccade::ConvolutionGeometry geometry, Tensor& y) const {
    if (has(Fault::convolve_flips_kernel)) return Base::convolve(x, wrong::flipped_kernel(w), geometry, y);
    if (has(Fault::convolve_exchanges_axes) && w.shape[1] == w.shape[2]) {
      Tensor transposed = y;
      transposed.shape = {y.shape[0], y.shape[2], y.shape[1], y.shape[3]};
      Base::convolve(wrong::transposed_image(x), w, geometry, transposed);
      y.values = wrong::transposed_image(transposed).values;
      return;
    }
    if (has(Fault::convolve_pads_after_as_before)) {
      std::swap(geometry.padding.top, geometry.padding.bottom);
      std::swap(geometry.padding.left, geometry.padding.right);
    }
    if (has(Fault::convolve_sees_first_group))
      return Base::convolve(wrong::first_group(x, geometry.groups), w, geometry, y);
    if (has(Fault::convolve_deals_groups))
      return Base::convolve(wrong::strided(x, geometry.groups, true), w, geometry, y);
    if (has(Fault::convolve_padding_replicates))
      return Base::convolve(wrong::padded(x, geometry.padding), w,
                            {.stride = geometry.stride, .groups = geometry.groups}, y);
    Base::convolve(x, w, geometry, y);
  }
  void convolve_backward_input(const Tensor& d_y, const Tensor& w, saccade::ConvolutionGeometry geometry, Tensor& d_x,
                               Write write) const {
    const bool first_group = has(Fault::convolve_backward_input_first_group);
    Base::convolve_backward_input(first_group ? wrong::first_group(d_y, geometry.groups) : d_y,
                                  has(Fault::convolve_backward_not_adjoint) ? wrong::flipped_kernel(w) : w, geometry,
                                  d_x, write);
  }
  void convolve_backward_weight(const Tensor& d_y, const Tensor& x, saccade::ConvolutionGeometry geometry, Tensor& d_w,
                                Write write) const {
    if (has(Fault::convolve_backward_weight_empty_batch_stays) && d_y.shape[0] == 0) return;
    const bool first_group = has(Fault::convolve_backward_weight_first_group);
    Base::convolve_backward_weight(d_y, first_group ? wrong::first_group(x, geometry.groups) : x, geometry, d_w, write);
  }

  void batch_norm_train(const Tensor& x, const Tensor& gamma, const Tensor& beta, saccade::BatchNormHyper hyper,
                        Tensor& running_mean, Tensor& running_variance, Tensor& y, Tensor& mean, Tensor& rstd) const {
    const Tensor before = running_variance;
    if (has(Fault::batch_norm_momentum_reversed)) hyper.momentum = 1 - hyper.momentum;
    Base::batch_norm_train(x, gamma, beta, hyper, running_mean, running_variance, y, mean, rstd);
    const double n = static_cast<double>(x.shape.size() / x.shape.last());
    for (std::size_t c = 0; c < rstd.values.size(); ++c) {
      if (has(Fault::batch_norm_biased_running_variance) && n > 1) {
        const double kept = (1 - hyper.momentum) * before.values[c];
        running_variance.values[c] = kept + (running_variance.values[c] - kept) * (n - 1) / n;
      }
      if (has(Fault::batch_norm_one_pass_variance)) {
        // E[x^2] - E[x]^2 in single precision.
        float squares = 0;
        for (std::size_t i = c; i < x.values.size(); i += rstd.values.size())
          squares += static_cast<float>(x.values[i] * x.values[i]);
        const float m = static_cast<float>(mean.values[c]);
        const double variance = static_cast<double>(squares / static_cast<float>(n) - m * m);
        rstd.values[c] = 1 / std::sqrt(variance + hyper.epsilon);
        for (std::size_t i = c; i < x.values.size(); i += rstd.values.size()) {
          y.values[i] = gamma.values[c] * (x.values[i] - mean.values[c]) * rstd.values[c] + beta.values[c];
        }
      }
    }
  }
  void batch_norm_backward(const Tensor& d_y, const Tensor& x, const Tensor& gamma, const Tensor& mean,
                           const Tensor& rstd, Tensor& d_x, Write write, Tensor& d_gamma, Tensor& d_beta,
                           Write write_parameters) const {
    if (has(Fault::batch_norm_backward_one_write)) write_parameters = write;
    const Tensor before = d_x;
    Base::batch_norm_backward(d_y, x, gamma, mean, rstd, d_x, write, d_gamma, d_beta, write_parameters);
    if (!has(Fault::batch_norm_backward_without_mean)) return;
    // As if mean and deviation were constants.
    for (std::size_t i = 0; i < d_x.values.size(); ++i) {
      const std::size_t c = i % rstd.values.size();
      d_x.values[i] =
          (write == Write::accumulate ? before.values[i] : 0) + gamma.values[c] * rstd.values[c] * d_y.values[i];
    }
  }
  void group_norm(const Tensor& x, const Tensor& gamma, const Tensor& beta, Index groups, double epsilon, Tensor& y,
                  Tensor& mean, Tensor& rstd) const {
    if (!has(Fault::group_norm_strided_groups)) return Base::group_norm(x, gamma, beta, groups, epsilon, y, mean, rstd);
    Tensor shuffled_y = y;
    Base::group_norm(wrong::strided(x, groups, true), wrong::strided(gamma, groups, true),
                     wrong::strided(beta, groups, true), groups, epsilon, shuffled_y, mean, rstd);
    y = wrong::strided(shuffled_y, groups, false);
  }
  void group_norm_backward(const Tensor& d_y, const Tensor& x, const Tensor& gamma, Index groups, const Tensor& mean,
                           const Tensor& rstd, Tensor& d_x, Write write, Tensor& d_gamma, Tensor& d_beta,
                           Write write_parameters) const {
    if (!has(Fault::group_norm_backward_gamma_outside)) {
      return Base::group_norm_backward(d_y, x, gamma, groups, mean, rstd, d_x, write, d_gamma, d_beta,
                                       write_parameters);
    }
    Tensor ones = gamma;
    fill(1, ones);
    const Tensor before = d_x;
    Base::group_norm_backward(d_y, x, ones, groups, mean, rstd, d_x, Write::overwrite, d_gamma, d_beta,
                              write_parameters);
    for (std::size_t i = 0; i < d_x.values.size(); ++i) {
      d_x.values[i] =
          gamma.values[i % gamma.values.size()] * d_x.values[i] + (write == Write::accumulate ? before.values[i] : 0);
    }
  }

 private:
  Fault fault_;
  mutable Index calls_ = 0;
};
