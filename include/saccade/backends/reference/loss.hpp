#pragma once

#include <saccade/backends/reference/host_tensor.hpp>

#include <cmath>

namespace saccade::inline SACCADE_NAMESPACE::reference {

/// TrainableLossOps: logits, probabilities (B, K); labels, classes, loss (B).
template <std::floating_point Scalar>
struct Loss {
  using Tensor = HostTensor<Scalar>;

  /// p[b, k] = exp(x[b, k]) / sum_j exp(x[b, j]), the largest logit subtracted first
  void softmax(const Tensor& logits, Tensor& probabilities) const {
    const Index B = logits.shape[0], K = logits.shape[1];
    for (Index b = 0; b < B; ++b) {
      const Exponentials row(logits.data() + b * K, K);
      for (Index k = 0; k < K; ++k) {
        probabilities.data()[b * K + k] = static_cast<Scalar>(row.exp(k) / row.sum());
      }
    }
  }

  /// loss[b] = -ln p[b, label[b]]
  void softmax_cross_entropy(const Tensor& logits, const Tensor& labels, Tensor& probabilities, Tensor& loss) const {
    const Index B = logits.shape[0], K = logits.shape[1];
    softmax(logits, probabilities);
    for (Index b = 0; b < B; ++b) {
      const Exponentials row(logits.data() + b * K, K);
      const Index label = static_cast<Index>(labels.data()[b]);
      loss.data()[b] = static_cast<Scalar>(std::log(row.sum()) - row.shifted(label));
    }
  }

  /// d_logits[b, k] (+)= d_loss[b] (p[b, k] - [k = label[b]])
  void softmax_cross_entropy_backward(const Tensor& probabilities, const Tensor& labels, const Tensor& d_loss,
                                      Tensor& d_logits, Write write) const {
    const Index B = probabilities.shape[0], K = probabilities.shape[1];
    for (Index b = 0; b < B; ++b) {
      const Index label = static_cast<Index>(labels.data()[b]);
      for (Index k = 0; k < K; ++k) {
        const Scalar target = k == label ? Scalar(1) : Scalar(0);
        store<Scalar>(d_loss.data()[b] * (probabilities.data()[b * K + k] - target), write, d_logits.data()[b * K + k]);
      }
    }
  }

  /// classes[b] = the first k of the largest scores[b, k]
  void most_probable(const Tensor& scores, Tensor& classes) const {
    const Index B = scores.shape[0], K = scores.shape[1];
    for (Index b = 0; b < B; ++b) {
      Index best = 0;
      for (Index k = 1; k < K; ++k) {
        if (scores.data()[b * K + k] > scores.data()[b * K + best]) best = k;
      }
      classes.data()[b] = static_cast<Scalar>(best);
    }
  }

  /// y[b] = 1 if classes[b] = labels[b], else 0
  void correct(const Tensor& classes, const Tensor& labels, Tensor& y) const {
    for (Index b = 0; b < y.shape.size(); ++b) {
      y.data()[b] = classes.data()[b] == labels.data()[b] ? Scalar(1) : Scalar(0);
    }
  }

 private:
  /// The exponentials of a row of K logits, the largest logit subtracted first: none overflows, and one is 1.
  class Exponentials {
   public:
    Exponentials(const Scalar* x, Index K) : x_(x), largest_(x[0]) {
      for (Index k = 1; k < K; ++k) largest_ = x[k] > largest_ ? x[k] : largest_;
      for (Index k = 0; k < K; ++k) sum_ += exp(k);
    }

    [[nodiscard]] Sum<Scalar> shifted(Index k) const { return x_[k] - largest_; }
    [[nodiscard]] Sum<Scalar> exp(Index k) const { return std::exp(shifted(k)); }
    [[nodiscard]] Sum<Scalar> sum() const { return sum_; }

   private:
    const Scalar* x_;
    Sum<Scalar> largest_;
    Sum<Scalar> sum_ = 0;
  };
};

}  // namespace saccade::reference
