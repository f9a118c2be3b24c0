#pragma once

#include <saccade/backends/reference/host_tensor.hpp>
#include <saccade/math/gaussian.hpp>
#include <saccade/math/policy.hpp>

#include <cstdint>

namespace saccade::inline SACCADE_NAMESPACE::reference {

/// TrainablePolicyOps: sample, mean (B, N); advantage, classes (B); probabilities (B, K).
template <std::floating_point Scalar>
struct Policy {
  using Tensor = HostTensor<Scalar>;

  /// sample[i] = mean[i] + sigma * N(0, 1)
  void sample_gaussian(const Tensor& mean, Scalar sigma, RandomKey key, Tensor& sample) const {
    for (Index i = 0; i < mean.shape.size(); ++i) {
      sample.data()[i] = math::gaussian_draw(mean.data()[i], sigma, block(key, i));
    }
  }

  /// sample[i] = low + (high - low) * u
  void sample_uniform(Scalar low, Scalar high, RandomKey key, Tensor& sample) const {
    for (Index i = 0; i < sample.shape.size(); ++i) sample.data()[i] = math::uniform_draw(low, high, block(key, i));
  }

  /// classes[b] = k with probability probabilities[b, k]
  void sample_categorical(const Tensor& probabilities, RandomKey key, Tensor& classes) const {
    const Index B = probabilities.shape[0], K = probabilities.shape[1];
    for (Index b = 0; b < B; ++b) {
      classes.data()[b] = static_cast<Scalar>(math::categorical_draw(probabilities.data() + b * K, K, block(key, b)));
    }
  }

  /// d_mean[b, n] (+)= -advantage[b] (sample[b, n] - mean[b, n]) / sigma^2
  void gaussian_policy_backward(const Tensor& sample, const Tensor& mean, const Tensor& advantage, Scalar sigma,
                                Tensor& d_mean, Write write) const {
    const Index B = mean.shape[0], N = mean.shape[1];
    for (Index b = 0; b < B; ++b) {
      for (Index n = 0; n < N; ++n) {
        const Index i = b * N + n;
        store<Scalar>(math::gaussian_policy_derivative(sample.data()[i], mean.data()[i], advantage.data()[b], sigma),
                      write, d_mean.data()[i]);
      }
    }
  }

 private:
  static math::PhiloxBlock block(const RandomKey& key, Index element) {
    return math::random_block(key, static_cast<std::uint32_t>(element));
  }
};

}  // namespace saccade::reference
