#pragma once

#include <saccade/backends/eigen/normalization.hpp>

#include <algorithm>
#include <cmath>

/// Batch normalisation and PReLU in one, y = PReLU(gamma (x - mean) rstd + beta), as it stands in front of a
/// convolution. Forward it is folded into what the convolution reads, so that neither the normalised nor the activated
/// map is ever written; backward works both out again from x.
namespace saccade::inline SACCADE_NAMESPACE::eigen {

/// One number a channel, repeated over a period and padded with zeros to whole vectors.
template <class Scalar, class Value>
[[nodiscard]] const Scalar* repeat_coefficients(Index channels, Index period, Index stride, Scalar* memory,
                                                const Value& value) {
  for (Index c = 0; c < channels; ++c) memory[c] = static_cast<Scalar>(value(c));
  for (Index i = channels; i < period; ++i) memory[i] = memory[i - channels];
  std::fill(memory + period, memory + stride, Scalar(0));
  return memory;
}

/// The coefficients of an activation, an ActivationView.
///
/// @param memory  room for 4 * stride numbers
/// @param stride  a period, rounded up to whole vectors
template <class Scalar, class View>
[[nodiscard]] ChannelActivation<Scalar> channel_activation(const View& activation, Index period, Index stride,
                                                           Scalar* memory) {
  const Index channels = activation.gamma.size();
  const bool shared = activation.slope.size() == 1;
  const auto repeat = [&](Index place, const auto& value) {
    return repeat_coefficients(channels, period, stride, memory + place * stride, value);
  };
  return {period, repeat(0, [&](Index c) { return activation.mean.data()[c]; }),
          repeat(1, [&](Index c) { return activation.gamma.data()[c] * activation.rstd.data()[c]; }),
          repeat(2, [&](Index c) { return activation.beta.data()[c]; }),
          repeat(3, [&](Index c) { return activation.slope.data()[shared ? 0 : c]; })};
}

/// The same in the engine's memory for coefficients.
template <class Scalar, class View>
[[nodiscard]] ChannelActivation<Scalar> channel_activation(Engine& engine, const View& activation) {
  const Index lanes = engine.kernels<Scalar>().lanes;
  const Index period = channel_period(activation.gamma.size(), lanes);
  const Index stride = round_up(period, lanes);
  return channel_activation(activation, period, stride, engine.coefficients<Scalar>(4 * stride));
}

/// Through PReLU and the statistics of the batch. With v the normalised and scaled value, d_v what PReLU passes to it,
/// n = (x - mean) rstd and P the number of pixels:
///     d_beta = sum d_v,  d_gamma = sum d_v n,  d_slope = sum over v <= 0 of d_y v
///     d_x (+)= [d_residual +] gamma rstd (d_v - d_beta / P - n d_gamma / P)
template <class Scalar, class View>
void activation_backward(Engine& engine, const HostTensor<Scalar>& d_y, const HostTensor<Scalar>& x,
                         const View& activation, const HostTensor<Scalar>* d_residual, HostTensor<Scalar>& d_x,
                         Write write_x, HostTensor<Scalar>& d_gamma, HostTensor<Scalar>& d_beta,
                         HostTensor<Scalar>& d_slope, Write write_parameters) {
  const GradientKernels<Scalar>& gradients = engine.gradient_kernels<Scalar>();
  const Index lanes = engine.kernels<Scalar>().lanes;
  const Index channels = d_gamma.size();
  if (channels == 0) return;
  const Index pixels = x.size() / channels;
  const Index period = channel_period(channels, lanes);
  const Index stride = round_up(period, lanes);
  Scalar* const coefficients = engine.coefficients<Scalar>(6 * stride);
  const auto channel = channel_activation(activation, period, stride, coefficients);

  const ChannelChunks chunks(1, pixels, channels);
  double* const partial_sums = engine.shared<double>((chunks.count() + 1) * 3 * channels);
  const auto scratch = engine.per_thread<Scalar>(3 * stride);
  engine.parallel_for(chunks.count(), [&](Index chunk, int thread) {
    double* const slot = partial_sums + (chunk + 1) * 3 * channels;
    std::fill_n(slot, 3 * channels, 0.0);
    Scalar* const sums = scratch(thread);
    chunks.for_each_fold(chunk, [&](Index, Index begin, Index end) {
      std::fill_n(sums, 3 * stride, Scalar(0));
      for_periods((end - begin) / channels, channels, period, [&](Index count, Index width, Index position) {
        gradients.activation_sums(count, width, d_y.data() + begin + position, x.data() + begin + position, channel,
                                  sums, stride);
      });
      for (Index sum = 0; sum < 3; ++sum) add_periods(channels, period, sums + sum * stride, slot + sum * channels);
    });
  });
  double* const totals = partial_sums;
  std::fill_n(totals, 3 * channels, 0.0);
  for (Index chunk = 1; chunk <= chunks.count(); ++chunk)
    for (Index i = 0; i < 3 * channels; ++i) totals[i] += partial_sums[chunk * 3 * channels + i];
  double* const d_shift = totals;
  double* const d_scale = totals + channels;
  for (Index c = 0; c < channels; ++c) d_scale[c] *= static_cast<double>(activation.rstd.data()[c]);
  double* const d_slopes = totals + 2 * channels;
  write_totals(channels, d_shift, d_beta.data(), write_parameters);
  write_totals(channels, d_scale, d_gamma.data(), write_parameters);
  if (d_slope.size() == 1)
    for (Index c = 1; c < channels; ++c) d_slopes[0] += d_slopes[c];
  write_totals(d_slope.size(), d_slopes, d_slope.data(), write_parameters);

  if (pixels == 0) return;
  const auto share = [&](Index c) { return static_cast<double>(channel.scale[c]) / static_cast<double>(pixels); };
  const NormalizationTerms<Scalar> terms{
      repeat_coefficients(
          channels, period, stride, coefficients + 4 * stride,
          [&](Index c) { return -share(c) * d_scale[c] * static_cast<double>(activation.rstd.data()[c]); }),
      repeat_coefficients(channels, period, stride, coefficients + 5 * stride,
                          [&](Index c) { return -share(c) * d_shift[c]; })};
  const Scalar* const residual = d_residual ? d_residual->data() : nullptr;
  const Scalar* const before = write_x == Write::accumulate ? d_x.data() : nullptr;
  const auto at = [](const Scalar* data, Index place) { return data ? data + place : nullptr; };
  engine.parallel_ranges(pixels, std::max<Index>(1, elementwise_grain / channels), [&](Index begin, Index end, int) {
    for_periods(end - begin, channels, period, [&](Index count, Index width, Index position) {
      const Index first = begin * channels + position;
      gradients.activation_gradient(count, width, d_y.data() + first, x.data() + first, channel, terms,
                                    at(residual, first), at(before, first), d_x.data() + first);
    });
  });
}

}  // namespace saccade::eigen
