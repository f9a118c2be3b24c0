#pragma once

#include <saccade/backends/eigen/normalization.hpp>

#include <algorithm>
#include <cmath>

/// Batch normalisation and PReLU in one, y = PReLU(gamma (x - mean) rstd + beta), as it stands in front of a
/// convolution. Forward it is folded into what the convolution reads, so that neither the normalised nor the activated
/// map is ever written; backward works both out again from x.
namespace saccade::inline v0::eigen {

/// The coefficients of an activation, an ActivationView, padded to whole vectors.
///
/// @param memory  room for 4 * round_up(C, lanes) numbers
template <class Scalar, class View>
[[nodiscard]] ChannelActivation<Scalar> channel_activation(const View& activation, Index lanes, Scalar* memory) {
  const Index channels = activation.gamma.size();
  const Index stride = round_up(channels, lanes);
  std::fill_n(memory, 4 * stride, Scalar(0));
  const bool shared = activation.slope.size() == 1;
  for (Index c = 0; c < channels; ++c) {
    memory[c] = activation.mean.data()[c];
    memory[stride + c] = activation.gamma.data()[c] * activation.rstd.data()[c];
    memory[2 * stride + c] = activation.beta.data()[c];
    memory[3 * stride + c] = activation.slope.data()[shared ? 0 : c];
  }
  return {memory, memory + stride, memory + 2 * stride, memory + 3 * stride};
}

/// The same in the engine's memory for coefficients.
template <class Scalar, class View>
[[nodiscard]] ChannelActivation<Scalar> channel_activation(Engine& engine, const View& activation) {
  const Index lanes = engine.kernels<Scalar>().lanes;
  return channel_activation(activation, lanes,
                            engine.coefficients<Scalar>(4 * round_up(activation.gamma.size(), lanes)));
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
  const Kernels<Scalar>& kernels = engine.kernels<Scalar>();
  const Index channels = d_gamma.size();
  if (channels == 0) return;
  const Index pixels = x.size() / channels;
  const Index stride = round_up(channels, kernels.lanes);
  Scalar* const coefficients = engine.coefficients<Scalar>(6 * stride);
  const auto channel = channel_activation<Scalar>(activation, kernels.lanes, coefficients);

  const ChannelChunks chunks(1, pixels, channels);
  double* const slots = engine.shared<double>((chunks.count() + 1) * 3 * channels);
  const auto scratch = engine.per_thread<Scalar>(3 * stride);
  engine.parallel_for(chunks.count(), [&](Index chunk, int thread) {
    double* const slot = slots + (chunk + 1) * 3 * channels;
    std::fill_n(slot, 3 * channels, 0.0);
    Scalar* const sums = scratch(thread);
    chunks.for_each_fold(chunk, [&](Index, Index begin, Index end) {
      std::fill_n(sums, 3 * stride, Scalar(0));
      kernels.activation_sums((end - begin) / channels, channels, d_y.data() + begin, x.data() + begin, channel, sums,
                              stride);
      for (Index sum = 0; sum < 3; ++sum)
        for (Index c = 0; c < channels; ++c) slot[sum * channels + c] += static_cast<double>(sums[sum * stride + c]);
    });
  });
  double* const totals = slots;
  std::fill_n(totals, 3 * channels, 0.0);
  for (Index chunk = 1; chunk <= chunks.count(); ++chunk)
    for (Index i = 0; i < 3 * channels; ++i) totals[i] += slots[chunk * 3 * channels + i];
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
  Scalar* const on_deviation = coefficients + 4 * stride;
  Scalar* const constant = on_deviation + stride;
  std::fill_n(on_deviation, 2 * stride, Scalar(0));
  for (Index c = 0; c < channels; ++c) {
    const double share = static_cast<double>(channel.scale[c]) / static_cast<double>(pixels);
    on_deviation[c] = static_cast<Scalar>(-share * d_scale[c] * static_cast<double>(activation.rstd.data()[c]));
    constant[c] = static_cast<Scalar>(-share * d_shift[c]);
  }
  const Scalar* const before = write_x == Write::accumulate ? d_x.data() : nullptr;
  engine.parallel_ranges(pixels, std::max<Index>(1, elementwise_grain / channels), [&](Index begin, Index end, int) {
    const Index first = begin * channels;
    kernels.activation_gradient(end - begin, channels, d_y.data() + first, x.data() + first, channel,
                                {on_deviation, constant}, d_residual ? d_residual->data() + first : nullptr,
                                before ? before + first : nullptr, d_x.data() + first);
  });
}

}  // namespace saccade::inline v0::eigen
