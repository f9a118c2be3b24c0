#pragma once

#include <saccade/backends/reference/host_tensor.hpp>
#include <saccade/math/optimizer.hpp>

#include <limits>

namespace saccade::inline SACCADE_NAMESPACE::reference {

/// OptimizerOps: gradient, parameter and moments of one shape; scale (1), hyper (8) in the order of AdamHyper.
template <std::floating_point Scalar>
struct Optimizer {
  using Tensor = HostTensor<Scalar>;

  /// y[0] (+)= sum_i x[i]^2
  void sum_of_squares(const Tensor& x, Tensor& y, Write write) const {
    Sum<Scalar> sum = 0;
    for (Index i = 0; i < x.shape.size(); ++i) sum += Sum<Scalar>(x.data()[i]) * x.data()[i];
    store(sum, write, y.data()[0]);
  }

  /// scale[0] = min(1, max_norm / sqrt(sum[0])), NaN where the sum is not finite
  void clip_scale(const Tensor& sum, Scalar max_norm, Tensor& scale) const {
    scale.data()[0] = math::clip_scale(sum.data()[0], max_norm);
  }

  /// mark[0] = NaN unless all of x is finite
  void mark_not_finite(const Tensor& x, Tensor& mark) const {
    for (Index i = 0; i < x.shape.size(); ++i) {
      if (!math::is_finite(x.data()[i])) mark.data()[0] = std::numeric_limits<Scalar>::quiet_NaN();
    }
  }

  /// Adam with the gradient scale[0] * gradient; see math::adam_step. Nothing where scale[0] is not finite.
  void adam_step(const Tensor& gradient, const Tensor& scale, const Tensor& hyper, Tensor& parameter,
                 Tensor& first_moment, Tensor& second_moment) const {
    if (!math::is_finite(scale.data()[0])) return;
    for (Index i = 0; i < parameter.shape.size(); ++i) {
      const math::AdamState<Scalar> next =
          math::adam_step(scale.data()[0] * gradient.data()[i], hyper.data(),
                          {parameter.data()[i], first_moment.data()[i], second_moment.data()[i]});
      parameter.data()[i] = next.parameter;
      first_moment.data()[i] = next.first_moment;
      second_moment.data()[i] = next.second_moment;
    }
  }
};

}  // namespace saccade::reference
