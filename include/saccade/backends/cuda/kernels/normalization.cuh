#pragma once

#include <saccade/backends/cuda/kernels/reduce.cuh>

#include <cmath>

/// Batch and group normalisation, alone or with PReLU behind it. Batch normalisation is the case of one image that has
/// all the rows, and of groups of one channel: x (images, rows, C), statistics (images, groups).
namespace saccade::inline SACCADE_VERSION_NAMESPACE {
namespace SACCADE_HIDDEN cuda {
namespace kernels {

/// Shares (images, splits, 2, C): mean, and the sum of squared deviations from it, of the split's rows. Deviations are
/// taken from the first of the rows, so that a large mean costs no digits.
template <class T, int N>
__global__ void statistics_kernel(const T* __restrict__ x, ChannelTiles tiles, float* __restrict__ shares) {
  const TilePlace place = tile_place<N>(tiles);
  float sums[2 * N] = {};
  Floats<N> pivot{};
  if (place.active) {
    pivot = load<N>(x + (place.image * tiles.rows + place.first) * tiles.channels + place.channel);
    x += place.origin;
    for_each_row<4>(
        tiles, place, [&](Index i) { return load<N>(x + i); },
        [&](Index, const Floats<N>& values) {
#pragma unroll
          for (int k = 0; k < N; ++k) {
            const float deviation = values.value[k] - pivot.value[k];
            sums[k] += deviation;
            sums[N + k] = std::fma(deviation, deviation, sums[N + k]);
          }
        });
  }
  sum_over_lanes(sums, tiles.width);
  const float count = static_cast<float>(place.last - place.first);
#pragma unroll
  for (int k = 0; k < N; ++k) {
    const float shift = sums[k] / count;
    const float squares = sums[N + k] - sums[k] * shift;
    sums[k] = pivot.value[k] + shift;
    sums[N + k] = squares > 0.0f ? squares : squares != squares ? squares : 0.0f;
  }
  write_share<2, N>(tiles, place, sums, shares);
}

/// What batch normalisation remembers of its batches; null where nothing is remembered.
struct RunningStatistics {
  float* mean = nullptr;      // (C)
  float* variance = nullptr;  // (C)
  double momentum = 0.0;
};

/// From the shares to mean and rstd (images, groups), one block a group; the running statistics move where there are
/// any rows.
__global__ void moments_kernel(const float* __restrict__ shares, ChannelTiles tiles, Index groups, double epsilon,
                               float* mean, float* rstd, RunningStatistics running) {
  const Index width = tiles.channels / groups;
  const Index image = blockIdx.x / groups;
  const Index group = blockIdx.x - image * groups;
  const float* const first = shares + image * tiles.splits * 2 * tiles.channels + group * width;
  const Index parts = tiles.splits * width;
  const double count = static_cast<double>(tiles.rows) * static_cast<double>(width);

  double sum = 0.0;
  for (Index i = threadIdx.x; i < parts; i += block_threads) {
    const Index split = i / width;
    const Index place = split * 2 * tiles.channels + (i - split * width);
    sum += static_cast<double>(tiles.rows_of_split(split)) * static_cast<double>(first[place]);
  }
  const double center = count > 0.0 ? sum_over_block(sum) / count : 0.0;

  double squares = 0.0;
  for (Index i = threadIdx.x; i < parts; i += block_threads) {
    const Index split = i / width;
    const Index place = split * 2 * tiles.channels + (i - split * width);
    const double deviation = static_cast<double>(first[place]) - center;
    squares += static_cast<double>(first[place + tiles.channels]) +
               static_cast<double>(tiles.rows_of_split(split)) * deviation * deviation;
  }
  const double variance = count > 0.0 ? sum_over_block(squares) / count : 0.0;

  if (threadIdx.x != 0) return;
  mean[blockIdx.x] = static_cast<float>(center);
  rstd[blockIdx.x] = static_cast<float>(1.0 / std::sqrt(variance + epsilon));
  if (running.mean == nullptr || count == 0.0) return;
  const double unbiased = count > 1.0 ? variance * count / (count - 1.0) : variance;
  const auto move = [&](float& statistic, double value) {
    statistic =
        static_cast<float>((1.0 - running.momentum) * static_cast<double>(statistic) + running.momentum * value);
  };
  move(running.mean[group], center);
  move(running.variance[group], unbiased);
}

__global__ void batch_norm_rstd_kernel(const float* __restrict__ variance, double epsilon, float* __restrict__ rstd,
                                       Index channels) {
  const Index c = Index{blockIdx.x} * block_threads + threadIdx.x;
  if (c < channels) rstd[c] = static_cast<float>(1.0 / std::sqrt(static_cast<double>(variance[c]) + epsilon));
}

/// The affine function that normalises a channel, and the slope behind it.
struct Normalizer {
  const float* gamma = nullptr;     // (C)
  const float* beta = nullptr;      // (C)
  const float* mean = nullptr;      // (images, groups)
  const float* rstd = nullptr;      // (images, groups); null: made of the variance
  const float* variance = nullptr;  // (images, groups)
  float epsilon = 0.0f;
  const float* slope = nullptr;  // (slopes); null: no PReLU
  Index slopes = 1;
  Index groups = 1;
  Index group_width = 1;  ///< channels
};

inline Normalizer normalizer_of(const Activation& activation, Index channels) {
  return {.gamma = activation.gamma,
          .beta = activation.beta,
          .mean = activation.mean,
          .rstd = activation.rstd,
          .slope = activation.slope,
          .slopes = activation.slopes,
          .groups = channels};
}

/// What a thread keeps of Normalizer for its N channels.
template <int N>
struct NormalizerPack {
  float mean[N];
  float rstd[N];
  float scale[N];  ///< gamma rstd
  float beta[N];
  float slope[N];

  __device__ __forceinline__ NormalizerPack(const Normalizer& from, Index image, Index channel) {
#pragma unroll
    for (int k = 0; k < N; ++k) {
      const Index c = channel + k;
      const Index group = image * from.groups + (from.group_width == 1 ? c : c / from.group_width);
      mean[k] = from.mean[group];
      rstd[k] = from.rstd != nullptr ? from.rstd[group] : 1.0f / std::sqrt(from.variance[group] + from.epsilon);
      scale[k] = from.gamma[c] * rstd[k];
      beta[k] = from.beta != nullptr ? from.beta[c] : 0.0f;
      slope[k] = from.slope != nullptr ? from.slope[from.slopes == 1 ? 0 : c] : 1.0f;
    }
  }

  /// One rounding the same everywhere: backward asks again for the sign of what forward activated.
  [[nodiscard]] __device__ __forceinline__ float normalized(int k, float x) const {
    return std::fma(x - mean[k], scale[k], beta[k]);
  }
};

/// y (+)= the normalised and, if there is a slope, activated x.
template <class T, int N>
__global__ void normalize_kernel(const T* __restrict__ x, Normalizer normalizer, ChannelTiles tiles, T* __restrict__ y,
                                 Write how) {
  const TilePlace place = tile_place<N>(tiles);
  if (!place.active) return;
  const NormalizerPack<N> pack(normalizer, place.image, place.channel);
  x += place.origin;
  y += place.origin;
  for_each_row<4>(
      tiles, place, [&](Index i) { return load<N>(x + i); },
      [&](Index i, const Floats<N>& values) {
        Floats<N> result;
#pragma unroll
        for (int k = 0; k < N; ++k) {
          const float v = pack.normalized(k, values.value[k]);
          result.value[k] = v > 0.0f ? v : pack.slope[k] * v;
        }
        write(y + i, result, how);
      });
}

inline void normalize(const char* name, ConstMap x, const Normalizer& normalizer, Map y, Index images, Index rows,
                      Index channels, cudaStream_t stream) {
  if (images * rows * channels == 0) return;
  with_wide_pack(y.format, channels, [&]<class T, int N>(Type<T>, Width<N>) {
    const ChannelTiles tiles = row_tiles(images, rows, channels, N);
    launch(name, normalize_kernel<T, N>, tiles.blocks(), stream, numbers<T>(x), normalizer, tiles, numbers<T>(y),
           Write::overwrite);
  });
}

/// mean and rstd (images, groups) of x (images, rows, C).
inline void statistics(const char* name, ConstMap x, Index images, Index rows, Index channels, Index groups,
                       double epsilon, const RunningStatistics& running, float* mean, float* rstd, float* workspace,
                       cudaStream_t stream) {
  if (images * groups == 0) return;
  const ChannelTiles tiles = sum_tiles(images, rows, channels);
  if (tiles.splits > 0) {
    with_sum_pack(x.format, channels, [&]<class T, int N>(Type<T>, Width<N>) {
      launch(name, statistics_kernel<T, N>, tiles.blocks(), stream, numbers<T>(x), tiles, workspace);
    });
  }
  launch(name, moments_kernel, images * groups, stream, workspace, tiles, groups, epsilon, mean, rstd, running);
}

}  // namespace kernels

void batch_norm_rstd(const float* running_variance, double epsilon, float* rstd, Index channels, cudaStream_t stream) {
  if (channels == 0) return;
  kernels::launch("batch_norm_rstd", kernels::batch_norm_rstd_kernel,
                  kernels::ceil_divide(channels, kernels::block_threads), stream, running_variance, epsilon, rstd,
                  channels);
}

void batch_norm_infer(ConstMap x, const float* gamma, const float* beta, const float* running_mean,
                      const float* running_variance, double epsilon, Map y, Index rows, Index channels,
                      cudaStream_t stream) {
  const kernels::Normalizer normalizer{.gamma = gamma,
                                       .beta = beta,
                                       .mean = running_mean,
                                       .variance = running_variance,
                                       .epsilon = static_cast<float>(epsilon),
                                       .groups = channels};
  kernels::normalize("batch_norm_infer", x, normalizer, y, 1, rows, channels, stream);
}

void batch_norm_statistics(ConstMap x, BatchNormHyper hyper, float* running_mean, float* running_variance, float* mean,
                           float* rstd, Index rows, Index channels, float* workspace, cudaStream_t stream) {
  kernels::statistics("batch_norm_statistics", x, 1, rows, channels, channels, hyper.epsilon,
                      {running_mean, running_variance, hyper.momentum}, mean, rstd, workspace, stream);
}

Index batch_norm_statistics_workspace(Index rows, Index channels) {
  return 2 * kernels::sum_tiles(1, rows, channels).splits * channels;
}

void batch_norm_train(ConstMap x, const float* gamma, const float* beta, BatchNormHyper hyper, float* running_mean,
                      float* running_variance, Map y, float* mean, float* rstd, Index rows, Index channels,
                      float* workspace, cudaStream_t stream) {
  batch_norm_statistics(x, hyper, running_mean, running_variance, mean, rstd, rows, channels, workspace, stream);
  const kernels::Normalizer normalizer{.gamma = gamma, .beta = beta, .mean = mean, .rstd = rstd, .groups = channels};
  kernels::normalize("batch_norm_train", x, normalizer, y, 1, rows, channels, stream);
}

Index batch_norm_train_workspace(Index rows, Index channels) { return batch_norm_statistics_workspace(rows, channels); }

void group_norm(ConstMap x, const float* gamma, const float* beta, Index groups, double epsilon, Map y, float* mean,
                float* rstd, Index batch, Index pixels, Index channels, float* workspace, cudaStream_t stream) {
  kernels::statistics("group_norm", x, batch, pixels, channels, groups, epsilon, {}, mean, rstd, workspace, stream);
  const kernels::Normalizer normalizer{
      .gamma = gamma, .beta = beta, .mean = mean, .rstd = rstd, .groups = groups, .group_width = channels / groups};
  kernels::normalize("group_norm", x, normalizer, y, batch, pixels, channels, stream);
}

Index group_norm_workspace(Index batch, Index pixels, Index channels) {
  return 2 * batch * kernels::sum_tiles(batch, pixels, channels).splits * channels;
}

void activate(ConstMap x, const Activation& activation, Map y, Index rows, Index channels, cudaStream_t stream) {
  kernels::normalize("activate", x, kernels::normalizer_of(activation, channels), y, 1, rows, channels, stream);
}

}  // namespace cuda
}  // namespace saccade
