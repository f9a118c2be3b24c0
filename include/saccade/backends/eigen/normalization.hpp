#pragma once

#include <saccade/backends/eigen/channel_sums.hpp>

#include <cmath>

/// Batch and group normalisation, x (..., C). A channel of an image is normalised by an affine function whose
/// coefficients come from the statistics; batch normalisation is the case of one image with all the rows.
namespace saccade::inline SACCADE_NAMESPACE::eigen {

/// y = (x - centre) * scale + shift; the coefficients are PerChannel operands.
template <class Scalar>
void normalize(Engine& engine, Index images, Index size, const Scalar* x, const PerChannel<Scalar>& centre,
               const PerChannel<Scalar>& scale, const PerChannel<Scalar>& shift, Scalar* y) {
  transform<false>(
      engine, images, size, y,
      [](Scalar value, Scalar around, Scalar factor, Scalar offset) { return (value - around) * factor + offset; },
      Dense<Scalar>{x, size}, centre, scale, shift);
}

/// d_x (+)= on_gradient * d_y + on_deviation * (x - centre) + constant, all that both normalisations come to.
template <class Scalar>
struct NormalizationGradient {
  PerChannel<Scalar> centre;
  PerChannel<Scalar> on_gradient;
  PerChannel<Scalar> on_deviation;
  PerChannel<Scalar> constant;

  void apply(Engine& engine, Index images, Index size, const Scalar* d_y, const Scalar* x, Scalar* d_x,
             Write write) const {
    with_write(write, [&](auto accumulate) {
      transform<accumulate>(
          engine, images, size, d_x,
          [](Scalar gradient, Scalar value, Scalar around, Scalar a, Scalar b, Scalar c) {
            return a * gradient + (b * (value - around) + c);
          },
          Dense<Scalar>{d_y, size}, Dense<Scalar>{x, size}, centre, on_gradient, on_deviation, constant);
    });
  }
};

/// Sums over the rows of each channel: totals (images, 2, C) of d_y and of d_y * (x - centre).
template <class Scalar>
void normalization_sums(Engine& engine, const ChannelChunks& chunks, const Scalar* d_y, const Scalar* x,
                        const PerChannel<Scalar>& centre, double* partial_sums, double* totals) {
  const Index size = chunks.rows() * chunks.channels();
  sum_channels<2, Scalar>(
      engine, chunks, partial_sums, totals, [&](Index image, Index position, Index count, const auto& add) {
        alignas(64) Scalar terms[tile_size];
        const Scalar* const gradient = d_y + image * size + position;
        compute_tile(
            count, terms, [](Scalar g, Scalar value, Scalar around) { return g * (value - around); }, gradient,
            x + image * size + position, centre.read(image, position, count));
        add(0, gradient);
        add(1, terms);
      });
}

template <class Scalar>
void batch_norm_infer(Engine& engine, const HostTensor<Scalar>& x, const HostTensor<Scalar>& gamma,
                      const HostTensor<Scalar>& beta, const HostTensor<Scalar>& running_mean,
                      const HostTensor<Scalar>& running_variance, double epsilon, HostTensor<Scalar>& y) {
  const Index channels = gamma.size();
  const Index stride = repeated_size(channels);
  Scalar* const memory = engine.shared<Scalar>(3 * stride);
  normalize(engine, 1, x.size(), x.data(),
            repeat_channels(channels, memory, [&](Index c) { return running_mean.data()[c]; }),
            repeat_channels(channels, memory + stride,
                            [&](Index c) {
                              const double variance = static_cast<double>(running_variance.data()[c]);
                              return static_cast<double>(gamma.data()[c]) / std::sqrt(variance + epsilon);
                            }),
            repeat_channels(channels, memory + 2 * stride, [&](Index c) { return beta.data()[c]; }), y.data());
}

/// rstd = 1 / sqrt(running_variance + epsilon).
template <class Scalar>
void batch_norm_rstd(const HostTensor<Scalar>& running_variance, double epsilon, HostTensor<Scalar>& rstd) {
  for (Index c = 0; c < rstd.size(); ++c)
    rstd.data()[c] = static_cast<Scalar>(1.0 / std::sqrt(static_cast<double>(running_variance.data()[c]) + epsilon));
}

/// The statistics of a batch, and the running ones moved towards them.
template <class Scalar>
void batch_norm_statistics(Engine& engine, const HostTensor<Scalar>& x, BatchNormHyper hyper,
                           HostTensor<Scalar>& running_mean, HostTensor<Scalar>& running_variance,
                           HostTensor<Scalar>& mean, HostTensor<Scalar>& rstd) {
  const Index channels = mean.size();
  if (channels == 0) return;
  const Index rows = x.size() / channels;
  const ChannelChunks chunks(1, rows, channels);
  double* const moments = engine.shared<double>(2 * channels * (1 + chunks.count()));
  channel_moments(engine, chunks, x.data(), moments + 2 * channels, moments);
  const double* const deviations = moments + channels;
  const double count = static_cast<double>(std::max<Index>(1, rows));
  const double unbiased_count = static_cast<double>(std::max<Index>(1, rows - 1));
  for (Index c = 0; c < channels; ++c) {
    mean.data()[c] = static_cast<Scalar>(moments[c]);
    rstd.data()[c] = static_cast<Scalar>(1.0 / std::sqrt(deviations[c] / count + hyper.epsilon));
    if (rows == 0) continue;
    const auto blend = [&](Scalar& running, double statistic) {
      running = static_cast<Scalar>((1.0 - hyper.momentum) * static_cast<double>(running) + hyper.momentum * statistic);
    };
    blend(running_mean.data()[c], moments[c]);
    blend(running_variance.data()[c], deviations[c] / unbiased_count);
  }
}

template <class Scalar>
void batch_norm_train(Engine& engine, const HostTensor<Scalar>& x, const HostTensor<Scalar>& gamma,
                      const HostTensor<Scalar>& beta, BatchNormHyper hyper, HostTensor<Scalar>& running_mean,
                      HostTensor<Scalar>& running_variance, HostTensor<Scalar>& y, HostTensor<Scalar>& mean,
                      HostTensor<Scalar>& rstd) {
  const Index channels = gamma.size();
  if (channels == 0) return;
  batch_norm_statistics(engine, x, hyper, running_mean, running_variance, mean, rstd);
  const Index stride = repeated_size(channels);
  Scalar* const coefficients = engine.shared<Scalar>(3 * stride);
  normalize(engine, 1, x.size(), x.data(),
            repeat_channels(channels, coefficients, [&](Index c) { return mean.data()[c]; }),
            repeat_channels(channels, coefficients + stride, [&](Index c) { return gamma.data()[c] * rstd.data()[c]; }),
            repeat_channels(channels, coefficients + 2 * stride, [&](Index c) { return beta.data()[c]; }), y.data());
}

template <class Scalar>
void batch_norm_backward(Engine& engine, const HostTensor<Scalar>& d_y, const HostTensor<Scalar>& x,
                         const HostTensor<Scalar>& gamma, const HostTensor<Scalar>& mean,
                         const HostTensor<Scalar>& rstd, HostTensor<Scalar>& d_x, Write write_x,
                         HostTensor<Scalar>& d_gamma, HostTensor<Scalar>& d_beta, Write write_parameters) {
  const Index channels = gamma.size();
  if (channels == 0) return;
  const Index rows = x.size() / channels;
  const ChannelChunks chunks(1, rows, channels);
  const Index stride = repeated_size(channels);
  double* const totals = engine.shared<double>(2 * channels * (1 + chunks.count()) + 4 * stride);
  Scalar* const coefficients = reinterpret_cast<Scalar*>(totals + 2 * channels * (1 + chunks.count()));
  const auto centre = repeat_channels(channels, coefficients, [&](Index c) { return mean.data()[c]; });
  normalization_sums(engine, chunks, d_y.data(), x.data(), centre, totals + 2 * channels, totals);
  const double* const d_shift = totals;
  double* const d_scale = totals + channels;  // of the normalised input
  for (Index c = 0; c < channels; ++c) d_scale[c] *= static_cast<double>(rstd.data()[c]);
  write_totals(channels, d_scale, d_gamma.data(), write_parameters);
  write_totals(channels, d_shift, d_beta.data(), write_parameters);
  if (rows == 0) return;
  const double count = static_cast<double>(rows);
  const auto factor = [&](Index c) {
    return static_cast<double>(gamma.data()[c]) * static_cast<double>(rstd.data()[c]);
  };
  const NormalizationGradient<Scalar> gradient{
      centre, repeat_channels(channels, coefficients + stride, factor),
      repeat_channels(channels, coefficients + 2 * stride,
                      [&](Index c) { return -factor(c) * d_scale[c] * static_cast<double>(rstd.data()[c]) / count; }),
      repeat_channels(channels, coefficients + 3 * stride, [&](Index c) { return -factor(c) * d_shift[c] / count; })};
  gradient.apply(engine, 1, x.size(), d_y.data(), x.data(), d_x.data(), write_x);
}

template <class Scalar>
void group_norm(Engine& engine, const HostTensor<Scalar>& x, const HostTensor<Scalar>& gamma,
                const HostTensor<Scalar>& beta, Index groups, double epsilon, HostTensor<Scalar>& y,
                HostTensor<Scalar>& mean, HostTensor<Scalar>& rstd) {
  const Index images = x.shape()[0];
  const Index channels = gamma.size();
  const Index width = channels / groups;
  const Index rows = x.shape()[1] * x.shape()[2];
  if (images * rows * channels == 0) return;
  const ChannelChunks chunks(images, rows, channels);
  const Index doubles = 2 * channels * (images + chunks.count());
  double* const moments = engine.shared<double>(doubles + ImageCoefficients<Scalar>::room(3, images, channels));
  channel_moments(engine, chunks, x.data(), moments + 2 * channels * images, moments);
  for (Index image = 0; image < images; ++image) {
    const double* const channel_mean = moments + 2 * channels * image;
    for (Index group = 0; group < groups; ++group) {
      double group_mean = 0.0;
      for (Index c = group * width; c < (group + 1) * width; ++c)
        group_mean += channel_mean[c] / static_cast<double>(width);
      double variance = 0.0;
      for (Index c = group * width; c < (group + 1) * width; ++c) {
        const double offset = channel_mean[c] - group_mean;
        variance +=
            (channel_mean[channels + c] / static_cast<double>(rows) + offset * offset) / static_cast<double>(width);
      }
      mean.data()[image * groups + group] = static_cast<Scalar>(group_mean);
      rstd.data()[image * groups + group] = static_cast<Scalar>(1.0 / std::sqrt(variance + epsilon));
    }
  }
  ImageCoefficients<Scalar> coefficients(images, channels, reinterpret_cast<Scalar*>(moments + doubles));
  const auto centre = coefficients.make([&](Index image, Index c) { return mean.data()[image * groups + c / width]; });
  const auto scale = coefficients.make(
      [&](Index image, Index c) { return gamma.data()[c] * rstd.data()[image * groups + c / width]; });
  const auto shift = coefficients.make([&](Index, Index c) { return beta.data()[c]; });
  normalize(engine, images, rows * channels, x.data(), centre, scale, shift, y.data());
}

template <class Scalar>
void group_norm_backward(Engine& engine, const HostTensor<Scalar>& d_y, const HostTensor<Scalar>& x,
                         const HostTensor<Scalar>& gamma, Index groups, const HostTensor<Scalar>& mean,
                         const HostTensor<Scalar>& rstd, HostTensor<Scalar>& d_x, Write write_x,
                         HostTensor<Scalar>& d_gamma, HostTensor<Scalar>& d_beta, Write write_parameters) {
  const Index images = x.shape()[0];
  const Index channels = gamma.size();
  const Index width = channels / groups;
  const Index rows = x.shape()[1] * x.shape()[2];
  if (channels == 0) return;
  const ChannelChunks chunks(images, rows, channels);
  const Index doubles = 2 * channels * (images + chunks.count()) + 2 * channels + 2 * images * groups;
  double* const totals = engine.shared<double>(doubles + ImageCoefficients<Scalar>::room(4, images, channels));
  double* const partial_sums = totals + 2 * channels * images;
  double* const parameters = partial_sums + 2 * channels * chunks.count();  // (2, C): d_gamma, d_beta
  double* const group_sums = parameters + 2 * channels;              // (images, groups, 2)
  ImageCoefficients<Scalar> coefficients(images, channels, reinterpret_cast<Scalar*>(totals + doubles));
  const auto centre = coefficients.make([&](Index image, Index c) { return mean.data()[image * groups + c / width]; });
  normalization_sums(engine, chunks, d_y.data(), x.data(), centre, partial_sums, totals);

  std::fill_n(parameters, 2 * channels, 0.0);
  std::fill_n(group_sums, 2 * images * groups, 0.0);
  for (Index image = 0; image < images; ++image) {
    const double* const d_shift = totals + 2 * channels * image;
    for (Index c = 0; c < channels; ++c) {
      const Index group = image * groups + c / width;
      const double d_scale = d_shift[channels + c] * static_cast<double>(rstd.data()[group]);
      parameters[c] += d_scale;
      parameters[channels + c] += d_shift[c];
      group_sums[2 * group] += static_cast<double>(gamma.data()[c]) * d_shift[c];
      group_sums[2 * group + 1] += static_cast<double>(gamma.data()[c]) * d_scale;
    }
  }
  write_totals(channels, parameters, d_gamma.data(), write_parameters);
  write_totals(channels, parameters + channels, d_beta.data(), write_parameters);

  const double count = static_cast<double>(rows * width);
  const auto deviation = [&](Index image, Index c) {
    return static_cast<double>(rstd.data()[image * groups + c / width]);
  };
  const auto on_gradient = coefficients.make(
      [&](Index image, Index c) { return static_cast<double>(gamma.data()[c]) * deviation(image, c); });
  const auto on_deviation = coefficients.make([&](Index image, Index c) {
    const double r = deviation(image, c);
    return -r * r * group_sums[2 * (image * groups + c / width) + 1] / count;
  });
  const auto constant = coefficients.make([&](Index image, Index c) {
    return -deviation(image, c) * group_sums[2 * (image * groups + c / width)] / count;
  });
  NormalizationGradient<Scalar>{centre, on_gradient, on_deviation, constant}.apply(
      engine, images, rows * channels, d_y.data(), x.data(), d_x.data(), write_x);
}

}  // namespace saccade::eigen
