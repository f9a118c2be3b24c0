#pragma once

#include <saccade/math/gaussian.hpp>
#include <saccade/math/policy.hpp>

#include "tensor.hpp"

#include <concepts>
#include <cstdint>

namespace torch_example {

/// TrainablePolicyOps: sample, mean (B, N); advantage, classes (B); probabilities (B, K). PyTorch's generator is never
/// asked: a draw is a pure function of key and element, by the formulas of saccade/math.
template <std::floating_point Scalar>
struct Policy {
  void sample_gaussian(const Tensor& mean, Scalar sigma, saccade::RandomKey key, Tensor& sample) const {
    const Scalar* const m = mean.data_ptr<Scalar>();
    Scalar* const y = sample.data_ptr<Scalar>();
    for (Index i = 0; i < mean.numel(); ++i) y[i] = saccade::math::gaussian_draw(m[i], sigma, block(key, i));
  }

  void sample_uniform(Scalar low, Scalar high, saccade::RandomKey key, Tensor& sample) const {
    Scalar* const y = sample.data_ptr<Scalar>();
    for (Index i = 0; i < sample.numel(); ++i) y[i] = saccade::math::uniform_draw(low, high, block(key, i));
  }

  void sample_categorical(const Tensor& probabilities, saccade::RandomKey key, Tensor& classes) const {
    const Index B = probabilities.size(0), K = probabilities.size(1);
    const Scalar* const p = probabilities.data_ptr<Scalar>();
    Scalar* const y = classes.data_ptr<Scalar>();
    for (Index b = 0; b < B; ++b)
      y[b] = static_cast<Scalar>(saccade::math::categorical_draw(p + b * K, K, block(key, b)));
  }

  /// d_mean (+)= -advantage (sample - mean) / sigma^2
  void gaussian_policy_backward(const Tensor& sample, const Tensor& mean, const Tensor& advantage, Scalar sigma,
                                Tensor& d_mean, Write write) const {
    adopt((mean - sample).mul_(advantage.unsqueeze(1)).div_(sigma * sigma), write, d_mean);
  }

 private:
  static saccade::math::PhiloxBlock block(const saccade::RandomKey& key, Index element) {
    return saccade::math::random_block(key, static_cast<std::uint32_t>(element));
  }
};

}  // namespace torch_example
