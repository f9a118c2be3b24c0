#pragma once

#include <saccade/backends/reference/host_tensor.hpp>

#include <cmath>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::reference {

/// TrainableNormalizationOps: x, y (..., C). With xhat = (x - mean) * rstd, y = gamma * xhat + beta.
///
/// Batch normalisation takes its statistics over all axes but the last; group normalisation over the pixels and the
/// C / groups channels of one group of one sample.
/// Source: Ioffe and Szegedy, ICML 2015; Wu and He, ECCV 2018.
template <std::floating_point Scalar>
struct Normalization {
  using Tensor = HostTensor<Scalar>;

  /// y = gamma * (x - running_mean) / sqrt(running_variance + epsilon) + beta
  void batch_norm_infer(const Tensor& x, const Tensor& gamma, const Tensor& beta, const Tensor& running_mean,
                        const Tensor& running_variance, double epsilon, Tensor& y) const {
    const Index C = x.shape.last();
    for (Index i = 0; i < x.shape.size(); ++i) {
      const Index c = i % C;
      const Sum<Scalar> rstd = 1 / std::sqrt(running_variance.data()[c] + Sum<Scalar>(epsilon));
      y.data()[i] = affine(x.data()[i], running_mean.data()[c], rstd, gamma.data()[c], beta.data()[c]);
    }
  }

  /// mean, rstd (C); running statistics move by hyper.momentum, and stay where the batch is empty.
  void batch_norm_train(const Tensor& x, const Tensor& gamma, const Tensor& beta, BatchNormHyper hyper,
                        Tensor& running_mean, Tensor& running_variance, Tensor& y, Tensor& mean, Tensor& rstd) const {
    const Index C = gamma.shape.size(), N = x.shape.size() / C;
    const Sum<Scalar> momentum = hyper.momentum;
    for (Index c = 0; c < C; ++c) {
      const auto place = [=](Index n) { return n * C + c; };
      const Moments batch = moments(x, N, place);
      mean.data()[c] = static_cast<Scalar>(batch.mean);
      rstd.data()[c] = static_cast<Scalar>(1 / std::sqrt(batch.variance + hyper.epsilon));
      for (Index n = 0; n < N; ++n) {
        y.data()[place(n)] =
            affine(x.data()[place(n)], mean.data()[c], rstd.data()[c], gamma.data()[c], beta.data()[c]);
      }
      if (N == 0) continue;
      const Sum<Scalar> count = static_cast<Sum<Scalar>>(N);
      const Sum<Scalar> unbiased = N > 1 ? batch.variance * count / (count - 1) : batch.variance;
      store((1 - momentum) * running_mean.data()[c] + momentum * batch.mean, Write::overwrite, running_mean.data()[c]);
      store((1 - momentum) * running_variance.data()[c] + momentum * unbiased, Write::overwrite,
            running_variance.data()[c]);
    }
  }

  /// d_beta = sum d_y, d_gamma = sum d_y xhat, d_x = gamma rstd (d_y - d_beta / N - xhat d_gamma / N), N values a
  /// channel
  void batch_norm_backward(const Tensor& d_y, const Tensor& x, const Tensor& gamma, const Tensor& mean,
                           const Tensor& rstd, Tensor& d_x, Write write_x, Tensor& d_gamma, Tensor& d_beta,
                           Write write_parameters) const {
    const Index C = gamma.shape.size(), N = x.shape.size() / C;
    const Sum<Scalar> count = static_cast<Sum<Scalar>>(N);
    for (Index c = 0; c < C; ++c) {
      const Sum<Scalar> center = mean.data()[c], scale = rstd.data()[c];
      Sum<Scalar> sum = 0, sum_xhat = 0;
      for (Index i = c; i < N * C; i += C) {
        sum += d_y.data()[i];
        sum_xhat += d_y.data()[i] * (x.data()[i] - center) * scale;
      }
      for (Index i = c; i < N * C; i += C) {
        const Sum<Scalar> xhat = (x.data()[i] - center) * scale;
        store(gamma.data()[c] * scale * (d_y.data()[i] - sum / count - xhat * sum_xhat / count), write_x,
              d_x.data()[i]);
      }
      store(sum_xhat, write_parameters, d_gamma.data()[c]);
      store(sum, write_parameters, d_beta.data()[c]);
    }
  }

  /// x (B, H, W, C); mean, rstd (B, groups)
  void group_norm(const Tensor& x, const Tensor& gamma, const Tensor& beta, Index groups, double epsilon, Tensor& y,
                  Tensor& mean, Tensor& rstd) const {
    for (Index b = 0; b < x.shape[0]; ++b) {
      for (Index g = 0; g < groups; ++g) {
        const Group group(x.shape, groups, b, g);
        const Index s = b * groups + g;
        const Moments sample = moments(x, group.size(), group);
        mean.data()[s] = static_cast<Scalar>(sample.mean);
        rstd.data()[s] = static_cast<Scalar>(1 / std::sqrt(sample.variance + epsilon));
        for (Index n = 0; n < group.size(); ++n) {
          const Index c = group.channel(n);
          y.data()[group(n)] =
              affine(x.data()[group(n)], mean.data()[s], rstd.data()[s], gamma.data()[c], beta.data()[c]);
        }
      }
    }
  }

  /// As batch_norm_backward, but gamma stands inside the sums: they run over the channels of a group.
  void group_norm_backward(const Tensor& d_y, const Tensor& x, const Tensor& gamma, Index groups, const Tensor& mean,
                           const Tensor& rstd, Tensor& d_x, Write write_x, Tensor& d_gamma, Tensor& d_beta,
                           Write write_parameters) const {
    const Index B = x.shape[0], C = x.shape[3];
    std::vector<Sum<Scalar>> sum_gamma(d_gamma.values.size()), sum_beta(d_beta.values.size());  // (C), (C)
    for (Index b = 0; b < B; ++b) {
      for (Index g = 0; g < groups; ++g) {
        const Group group(x.shape, groups, b, g);
        const Index s = b * groups + g, N = group.size();
        const Sum<Scalar> count = static_cast<Sum<Scalar>>(N);
        const Sum<Scalar> center = mean.data()[s], scale = rstd.data()[s];
        Sum<Scalar> sum = 0, sum_xhat = 0;
        for (Index n = 0; n < N; ++n) {
          const Index i = group(n), c = group.channel(n);
          const Sum<Scalar> xhat = (x.data()[i] - center) * scale, d = d_y.data()[i];
          sum += gamma.data()[c] * d;
          sum_xhat += gamma.data()[c] * d * xhat;
          sum_gamma.data()[c] += d * xhat;
          sum_beta.data()[c] += d;
        }
        for (Index n = 0; n < N; ++n) {
          const Index i = group(n);
          const Sum<Scalar> xhat = (x.data()[i] - center) * scale;
          const Sum<Scalar> d_xhat = Sum<Scalar>(gamma.data()[group.channel(n)]) * d_y.data()[i];
          store(scale * (d_xhat - sum / count - xhat * sum_xhat / count), write_x, d_x.data()[i]);
        }
      }
    }
    for (Index c = 0; c < C; ++c) {
      store(sum_gamma.data()[c], write_parameters, d_gamma.data()[c]);
      store(sum_beta.data()[c], write_parameters, d_beta.data()[c]);
    }
  }

 private:
  struct Moments {
    Sum<Scalar> mean = 0;
    Sum<Scalar> variance = 0;  ///< biased
  };

  /// The elements of group g of sample b, numbered from 0: a call gives the place of the n-th in the tensor.
  class Group {
   public:
    Group(const Shape& shape, Index groups, Index b, Index g)
        : channels_(shape[3]),
          width_(shape[3] / groups),
          pixels_(shape[1] * shape[2]),
          first_(b * pixels_ * channels_),
          first_channel_(g * width_) {}

    [[nodiscard]] Index size() const { return pixels_ * width_; }
    [[nodiscard]] Index channel(Index n) const { return first_channel_ + n % width_; }
    [[nodiscard]] Index operator()(Index n) const { return first_ + n / width_ * channels_ + channel(n); }

   private:
    Index channels_, width_, pixels_, first_, first_channel_;
  };

  static Scalar affine(Sum<Scalar> x, Sum<Scalar> mean, Sum<Scalar> rstd, Sum<Scalar> gamma, Sum<Scalar> beta) {
    return static_cast<Scalar>(gamma * (x - mean) * rstd + beta);
  }

  /// Of the N elements x[place(0)], ..., x[place(N - 1)]; both 0 where there are none.
  template <class Place>
  static Moments moments(const Tensor& x, Index N, const Place& place) {
    Moments result;
    if (N == 0) return result;
    const Sum<Scalar> count = static_cast<Sum<Scalar>>(N);
    for (Index n = 0; n < N; ++n) result.mean += x.data()[place(n)];
    result.mean /= count;
    for (Index n = 0; n < N; ++n) {
      const Sum<Scalar> deviation = x.data()[place(n)] - result.mean;
      result.variance += deviation * deviation;
    }
    result.variance /= count;
    return result;
  }
};

}  // namespace saccade::reference
