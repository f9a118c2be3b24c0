// Loss, policy and optimiser of EigenBackend, function by function, as they stand in eigen_backend.hpp.
#pragma once

#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/backends/eigen/loss.hpp>
#include <saccade/backends/eigen/optimizer.hpp>
#include <saccade/backends/eigen/policy.hpp>

#include <concepts>

namespace saccade::inline SACCADE_NAMESPACE {

template <std::floating_point Number>
void EigenBackend<Number>::softmax(const Tensor& logits, Tensor& probabilities) {
  eigen::softmax(logits, probabilities);
}

template <std::floating_point Number>
void EigenBackend<Number>::softmax_cross_entropy(const Tensor& logits, const Tensor& labels, Tensor& probabilities,
                                                 Tensor& loss) {
  eigen::softmax_cross_entropy(logits, labels, probabilities, loss);
}

template <std::floating_point Number>
void EigenBackend<Number>::softmax_cross_entropy_backward(const Tensor& probabilities, const Tensor& labels,
                                                          const Tensor& d_loss, Tensor& d_logits, Write write) {
  eigen::softmax_cross_entropy_backward(probabilities, labels, d_loss, d_logits, write);
}

template <std::floating_point Number>
void EigenBackend<Number>::most_probable(const Tensor& scores, Tensor& classes) {
  eigen::most_probable(scores, classes);
}

template <std::floating_point Number>
void EigenBackend<Number>::correct(const Tensor& classes, const Tensor& labels, Tensor& y) {
  eigen::correct(classes, labels, y);
}

template <std::floating_point Number>
void EigenBackend<Number>::sample_gaussian(const Tensor& mean, Scalar sigma, RandomKey key, Tensor& sample) {
  eigen::sample_gaussian(mean, sigma, key, sample);
}

template <std::floating_point Number>
void EigenBackend<Number>::sample_uniform(Scalar low, Scalar high, RandomKey key, Tensor& sample) {
  eigen::sample_uniform(low, high, key, sample);
}

template <std::floating_point Number>
void EigenBackend<Number>::sample_categorical(const Tensor& probabilities, RandomKey key, Tensor& classes) {
  eigen::sample_categorical(probabilities, key, classes);
}

template <std::floating_point Number>
void EigenBackend<Number>::gaussian_policy_backward(const Tensor& sample, const Tensor& mean, const Tensor& advantage,
                                                    Scalar sigma, Tensor& d_mean, Write write) {
  eigen::gaussian_policy_backward(sample, mean, advantage, sigma, d_mean, write);
}

template <std::floating_point Number>
void EigenBackend<Number>::sum_of_squares(const Tensor& x, Tensor& y, Write write) {
  eigen::sum_of_squares(*engine_, x, y, write);
}

template <std::floating_point Number>
void EigenBackend<Number>::clip_scale(const Tensor& sum, Scalar max_norm, Tensor& scale) {
  eigen::clip_scale(sum, max_norm, scale);
}

template <std::floating_point Number>
void EigenBackend<Number>::mark_not_finite(const Tensor& x, Tensor& mark) {
  eigen::mark_not_finite(x, mark);
}

template <std::floating_point Number>
void EigenBackend<Number>::adam_step(const Tensor& gradient, const Tensor& scale, const Tensor& hyper,
                                     Tensor& parameter, Tensor& first_moment, Tensor& second_moment) {
  eigen::adam_step(*engine_, gradient, scale, hyper, parameter, first_moment, second_moment);
}

}  // namespace saccade
