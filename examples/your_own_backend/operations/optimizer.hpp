#pragma once

#include <saccade/math/optimizer.hpp>

#include "tensor.hpp"

#include <concepts>
#include <limits>

namespace torch_example {

/// OptimizerOps. Adam is one loop over the formula of saccade/math: PyTorch has it only as a dozen passes.
template <std::floating_point Scalar>
struct Optimizer {
  /// y[0] (+)= sum of x^2
  void sum_of_squares(const Tensor& x, Tensor& y, Write write) const {
    const Tensor flat = x.view({x.numel()});
    assign(at::dot(flat, flat), write, y);
  }

  void clip_scale(const Tensor& sum, Scalar max_norm, Tensor& scale) const {
    *scale.data_ptr<Scalar>() = saccade::math::clip_scale(*sum.data_ptr<Scalar>(), max_norm);
  }

  void mark_not_finite(const Tensor& x, Tensor& mark) const {
    if (!at::isfinite(x).all().template item<bool>()) mark.fill_(std::numeric_limits<Scalar>::quiet_NaN());
  }

  void adam_step(const Tensor& gradient, const Tensor& scale, const Tensor& hyper, Tensor& parameter,
                 Tensor& first_moment, Tensor& second_moment) const {
    const Scalar factor = *scale.data_ptr<Scalar>();
    if (!saccade::math::is_finite(factor)) return;
    const Scalar* const g = gradient.data_ptr<Scalar>();
    const Scalar* const h = hyper.data_ptr<Scalar>();
    Scalar* const p = parameter.data_ptr<Scalar>();
    Scalar* const m = first_moment.data_ptr<Scalar>();
    Scalar* const v = second_moment.data_ptr<Scalar>();
    for (Index i = 0; i < parameter.numel(); ++i) {
      const saccade::math::AdamState<Scalar> next = saccade::math::adam_step(factor * g[i], h, {p[i], m[i], v[i]});
      p[i] = next.parameter;
      m[i] = next.first_moment;
      v[i] = next.second_moment;
    }
  }
};

}  // namespace torch_example
