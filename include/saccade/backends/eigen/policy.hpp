#pragma once

#include <saccade/backends/eigen/tensor.hpp>
#include <saccade/core/geometry.hpp>
#include <saccade/math/gaussian.hpp>
#include <saccade/math/policy.hpp>

#include <cstdint>

/// Draws and the policy's gradient: a few numbers a sample, so plain loops on the calling thread.
/// sample, mean (B, N); advantage, classes (B); probabilities (B, K).
namespace saccade::inline SACCADE_NAMESPACE::eigen {

template <class Scalar>
void sample_gaussian(const HostTensor<Scalar>& mean, Scalar sigma, RandomKey key, HostTensor<Scalar>& sample) {
  for (Index i = 0; i < sample.size(); ++i)
    sample.data()[i] =
        math::gaussian_draw(mean.data()[i], sigma, math::random_block(key, static_cast<std::uint32_t>(i)));
}

template <class Scalar>
void sample_uniform(Scalar low, Scalar high, RandomKey key, HostTensor<Scalar>& sample) {
  for (Index i = 0; i < sample.size(); ++i)
    sample.data()[i] = math::uniform_draw(low, high, math::random_block(key, static_cast<std::uint32_t>(i)));
}

template <class Scalar>
void sample_categorical(const HostTensor<Scalar>& probabilities, RandomKey key, HostTensor<Scalar>& classes) {
  const Index K = probabilities.shape()[1];
  for (Index b = 0; b < classes.size(); ++b)
    classes.data()[b] = static_cast<Scalar>(math::categorical_draw(
        probabilities.data() + b * K, K, math::random_block(key, static_cast<std::uint32_t>(b))));
}

template <class Scalar>
void gaussian_policy_backward(const HostTensor<Scalar>& sample, const HostTensor<Scalar>& mean,
                              const HostTensor<Scalar>& advantage, Scalar sigma, HostTensor<Scalar>& d_mean,
                              Write write) {
  const Index N = mean.shape()[1];
  for (Index i = 0; i < mean.size(); ++i) {
    const Scalar gradient =
        math::gaussian_policy_derivative(sample.data()[i], mean.data()[i], advantage.data()[i / N], sigma);
    d_mean.data()[i] = write == Write::accumulate ? d_mean.data()[i] + gradient : gradient;
  }
}

}  // namespace saccade::eigen
