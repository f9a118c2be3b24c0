#pragma once

#include <saccade/backends/eigen/tensor.hpp>
#include <saccade/core/geometry.hpp>

#include <algorithm>
#include <cmath>

/// Class probabilities and their loss: a few numbers a sample, so plain loops on the calling thread, in double.
/// logits, probabilities (B, K); labels, classes, loss (B).
namespace saccade::inline SACCADE_NAMESPACE::eigen {

/// The largest of K numbers and the sum of exp(x[k] - largest): apart, because large + ln(small) loses digits.
struct ExponentialSum {
  double largest;
  double sum;
};
template <class Scalar>
[[nodiscard]] ExponentialSum exponential_sum(const Scalar* x, Index K) {
  const double largest = static_cast<double>(*std::max_element(x, x + K));
  double sum = 0.0;
  for (Index k = 0; k < K; ++k) sum += std::exp(static_cast<double>(x[k]) - largest);
  return {largest, sum};
}

template <class Scalar>
void softmax(const HostTensor<Scalar>& logits, HostTensor<Scalar>& probabilities) {
  const Index K = logits.shape()[1];
  for (Index b = 0; b < logits.shape()[0]; ++b) {
    const auto [largest, sum] = exponential_sum(logits.data() + b * K, K);
    for (Index i = b * K; i < (b + 1) * K; ++i)
      probabilities.data()[i] = static_cast<Scalar>(std::exp(static_cast<double>(logits.data()[i]) - largest) / sum);
  }
}

template <class Scalar>
void softmax_cross_entropy(const HostTensor<Scalar>& logits, const HostTensor<Scalar>& labels,
                           HostTensor<Scalar>& probabilities, HostTensor<Scalar>& loss) {
  const Index K = logits.shape()[1];
  softmax(logits, probabilities);
  for (Index b = 0; b < logits.shape()[0]; ++b) {
    const Scalar* const row = logits.data() + b * K;
    const double score = static_cast<double>(row[static_cast<Index>(labels.data()[b])]);
    const auto [largest, sum] = exponential_sum(row, K);
    loss.data()[b] = static_cast<Scalar>(std::log(sum) - (score - largest));
  }
}

template <class Scalar>
void softmax_cross_entropy_backward(const HostTensor<Scalar>& probabilities, const HostTensor<Scalar>& labels,
                                    const HostTensor<Scalar>& d_loss, HostTensor<Scalar>& d_logits, Write write) {
  const Index K = probabilities.shape()[1];
  for (Index b = 0; b < probabilities.shape()[0]; ++b) {
    const Index label = static_cast<Index>(labels.data()[b]);
    for (Index k = 0; k < K; ++k) {
      const Scalar target = k == label ? Scalar(1) : Scalar(0);
      const Scalar gradient = d_loss.data()[b] * (probabilities.data()[b * K + k] - target);
      Scalar& d_logit = d_logits.data()[b * K + k];
      d_logit = write == Write::accumulate ? d_logit + gradient : gradient;
    }
  }
}

template <class Scalar>
void most_probable(const HostTensor<Scalar>& scores, HostTensor<Scalar>& classes) {
  const Index K = scores.shape()[1];
  for (Index b = 0; b < scores.shape()[0]; ++b) {
    const Scalar* const row = scores.data() + b * K;
    classes.data()[b] = static_cast<Scalar>(std::max_element(row, row + K) - row);
  }
}

template <class Scalar>
void correct(const HostTensor<Scalar>& classes, const HostTensor<Scalar>& labels, HostTensor<Scalar>& y) {
  for (Index b = 0; b < y.size(); ++b) y.data()[b] = classes.data()[b] == labels.data()[b] ? Scalar(1) : Scalar(0);
}

}  // namespace saccade::eigen
