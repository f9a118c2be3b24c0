#pragma once

#include <saccade/core/backend.hpp>
#include <saccade/core/batch_synchronization.hpp>
#include <saccade/core/message.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

/// Batch normalisation over a batch of which several processes have a part each (BatchSynchronization), made of the
/// operations of one part and of what the processes tell each other: two numbers a channel. The result has the same
/// bits in every process, and depends on how the batch is divided by rounding alone.
namespace saccade::inline SACCADE_NAMESPACE::ops::detail {

/// What the parts of a batch tell: two numbers for each channel, with the number of values that they are of.
struct PartMoments {
  double values;
  std::vector<double> first;
  std::vector<double> second;
};

/// Those of all processes, by rank.
inline std::vector<PartMoments> tell_moments(const ProcessGroup& group, const PartMoments& mine) {
  std::vector<PartMoments> all;
  const auto messages = group.together([&] {
    MessageWriter message;
    message.add(mine.values);
    message.add_list(std::span<const double>(mine.first));
    message.add_list(std::span<const double>(mine.second));
    return message.take();
  });
  for (const std::string& text : messages) {
    MessageReader message(text);
    const auto values = message.read<double>();
    auto first = message.read_list<double>();
    auto second = message.read_list<double>();
    all.push_back({values, std::move(first), std::move(second)});
  }
  return all;
}

/// Mean and unbiased variance of each part become the mean and the biased variance of the batch, with n_j values of
/// part j:  mean = sum n_j mean_j / n,  variance = sum ((n_j - 1) variance_j + n_j (mean_j - mean)^2) / n
inline PartMoments batch_moments(const std::vector<PartMoments>& parts) {
  PartMoments batch{0, std::vector<double>(parts.front().first.size()),
                    std::vector<double>(parts.front().first.size())};
  for (const PartMoments& part : parts) batch.values += part.values;
  for (std::size_t c = 0; c < batch.first.size(); ++c) {
    double sum = 0, squares = 0;
    for (const PartMoments& part : parts) sum += part.values * part.first[c];
    batch.first[c] = batch.values > 0 ? sum / batch.values : 0;
    for (const PartMoments& part : parts) {
      const double apart = part.first[c] - batch.first[c];
      squares += std::max(0.0, part.values - 1) * part.second[c] + part.values * apart * apart;
    }
    batch.second[c] = batch.values > 0 ? squares / batch.values : 0;
  }
  return batch;
}

template <TensorMemory B>
[[nodiscard]] std::vector<double> read_channels(B& b, const Tensor<B>& x) {
  std::vector<Scalar<B>> values(static_cast<std::size_t>(b.shape(x).size()));
  b.download(x, std::span<Scalar<B>>(values));
  return {values.begin(), values.end()};
}

/// y[c] = value(c)
template <TensorMemory B, class Value>
void write_channels(B& b, Tensor<B>& y, const Value& value) {
  std::vector<Scalar<B>> values(static_cast<std::size_t>(b.shape(y).size()));
  for (std::size_t c = 0; c < values.size(); ++c) values[c] = static_cast<Scalar<B>>(value(c));
  b.upload(std::span<const Scalar<B>>(values), y);
}

/// Values of each channel in a tensor of this shape (..., C).
[[nodiscard]] inline double values_of(const Shape& shape) {
  return static_cast<double>(shape.size()) / static_cast<double>(std::max<Index>(1, shape.last()));
}

/// The statistics of a batch: see batch_norm_train.
/// @param of_part   of_part(hyper, running_mean, running_variance): those of this process's part
/// @param variance  (C), written: the biased one
template <TensorMemory B, class OfPart>
void synchronized_statistics(B& b, const Shape& shape, const BatchNormHyper& hyper, Tensor<B>& running_mean,
                             Tensor<B>& running_variance, Tensor<B>& mean, Tensor<B>& variance, Tensor<B>& rstd,
                             const OfPart& of_part) {
  // By a momentum of 1 the running statistics become those of the part.
  Tensor<B> own_mean = b.zeros({shape.last()}), own_variance = b.zeros({shape.last()});
  of_part(BatchNormHyper{.epsilon = hyper.epsilon, .momentum = 1}, own_mean, own_variance);
  const PartMoments batch = batch_moments(
      tell_moments(b.batch_group(), {values_of(shape), read_channels(b, own_mean), read_channels(b, own_variance)}));
  const double unbiased = batch.values > 1 ? batch.values / (batch.values - 1) : 1;
  const auto move = [&](Tensor<B>& running, const std::vector<double>& towards, double factor) {
    const std::vector<double> before = read_channels(b, running);
    write_channels(b, running, [&](std::size_t c) {
      return (1 - hyper.momentum) * before[c] + hyper.momentum * factor * towards[c];
    });
  };
  move(running_mean, batch.first, 1);
  move(running_variance, batch.second, unbiased);
  write_channels(b, mean, [&](std::size_t c) { return batch.first[c]; });
  write_channels(b, variance, [&](std::size_t c) { return batch.second[c]; });
  write_channels(b, rstd, [&](std::size_t c) { return 1 / std::sqrt(batch.second[c] + hyper.epsilon); });
}

/// y (+)= sum
template <PointwiseOps B>
void put_sum(B& b, const Tensor<B>& sum, Tensor<B>& y, Write write) {
  if (write == Write::overwrite)
    b.copy(sum, y);
  else
    b.axpy(Scalar<B>(1), sum, y);
}

/// The gradients of a batch: see batch_norm_backward. Each process's d_y is of the mean of the losses of its part, as
/// if there were no others. With n_j values of part j, n in all, and the sums s1 = sum d_y, s2 = sum d_y z of a part,
/// what its own statistics give lacks
///     d_x += gamma rstd (D(s1) + z D(s2)),  D(s) = (s - sum over parts of n_j / n s_j) / own n
/// which is a constant and a multiple of x - mean for each channel.
/// @param of_part  of_part(d_gamma, d_beta): writes d_x by the statistics of this part alone, and the two sums
template <NormalizationOps B, class OfPart>
requires PointwiseOps<B>
void synchronized_backward(B& b, const Tensor<B>& x, const Tensor<B>& gamma, const Tensor<B>& mean,
                           const Tensor<B>& rstd, Tensor<B>& d_x, Tensor<B>& d_gamma, Tensor<B>& d_beta,
                           Write write_parameters, const OfPart& of_part) {
  const Shape shape = b.shape(x);
  Tensor<B> own_gamma = b.zeros({shape.last()}), own_beta = b.zeros({shape.last()});
  of_part(own_gamma, own_beta);
  const PartMoments own{values_of(shape), read_channels(b, own_beta), read_channels(b, own_gamma)};
  const std::vector<PartMoments> parts = tell_moments(b.batch_group(), own);
  double values = 0;
  for (const PartMoments& part : parts) values += part.values;
  const auto lacks = [&](std::vector<double> PartMoments::*sum, std::size_t c) {
    double batch = 0;
    for (const PartMoments& part : parts) batch += part.values / values * (part.*sum)[c];
    return ((own.*sum)[c] - batch) / own.values;
  };
  if (own.values > 0) {
    const std::vector<double> scale = read_channels(b, gamma), deviation = read_channels(b, rstd);
    Tensor<B> factor = b.zeros({shape.last()}), constant = b.zeros({shape.last()}), none = b.zeros({shape.last()});
    write_channels(b, factor, [&](std::size_t c) {
      return scale[c] * deviation[c] * deviation[c] * lacks(&PartMoments::second, c);
    });
    write_channels(b, constant, [&](std::size_t c) { return scale[c] * deviation[c] * lacks(&PartMoments::first, c); });
    Tensor<B> lacking = make_map(b, shape);
    b.batch_norm_infer(x, factor, constant, mean, none, 1, lacking);  // factor (x - mean) + constant
    b.axpy(Scalar<B>(1), lacking, d_x);
  }
  put_sum(b, own_gamma, d_gamma, write_parameters);
  put_sum(b, own_beta, d_beta, write_parameters);
}

}  // namespace saccade::ops::detail
