#pragma once

#include <saccade/backends/cuda/kernels/normalization.cuh>

/// The gradients of batch and group normalisation, alone or with PReLU behind it; names as in normalization.cuh.
namespace saccade::inline SACCADE_VERSION_NAMESPACE {
namespace SACCADE_HIDDEN cuda {
namespace kernels {

/// The gradient that reaches the normalised x, from the one behind PReLU.
template <bool activated, int N>
__device__ __forceinline__ float gradient_at(const NormalizerPack<N>& pack, int k, float x, float d) {
  if constexpr (!activated) return d;
  return pack.normalized(k, x) > 0.0f ? d : pack.slope[k] * d;
}

/// A row of both maps.
template <int N>
struct GradientRow {
  Floats<N> d;
  Floats<N> x;
};

/// Shares (images, splits, quantities, C) of sum e, sum e (x - mean) and, where activated, the sum of d v over v <= 0.
template <class T, int N, bool activated>
__global__ void gradient_sums_kernel(const T* __restrict__ d_y, const T* __restrict__ x, Normalizer normalizer,
                                     ChannelTiles tiles, float* __restrict__ shares) {
  constexpr int quantities = activated ? 3 : 2;
  const TilePlace place = tile_place<N>(tiles);
  float sums[quantities * N] = {};
  if (place.active) {
    const NormalizerPack<N> pack(normalizer, place.image, place.channel);
    d_y += place.origin;
    x += place.origin;
    for_each_row<4>(
        tiles, place,
        [&](Index i) {
          return GradientRow<N>{load<N>(d_y + i), load<N>(x + i)};
        },
        [&](Index, const GradientRow<N>& row) {
#pragma unroll
          for (int k = 0; k < N; ++k) {
            const float e = gradient_at<activated>(pack, k, row.x.value[k], row.d.value[k]);
            sums[k] += e;
            sums[N + k] = std::fma(e, row.x.value[k] - pack.mean[k], sums[N + k]);
            if constexpr (activated) {
              const float v = pack.normalized(k, row.x.value[k]);
              if (!(v > 0.0f)) sums[2 * N + k] = std::fma(row.d.value[k], v, sums[2 * N + k]);
            }
          }
        });
  }
  sum_over_lanes(sums, tiles.width);
  write_share<quantities, N>(tiles, place, sums, shares);
}

/// The sums that the mean and the deviation of a group hand back: sum g e and sum g e (x - mean), with g = gamma. Where
/// `per_channel`, they are of one channel and without g.
struct GroupSums {
  const float* sums = nullptr;  // (images, 2, groups)
  bool per_channel = true;
  float count = 1.0f;  ///< values in a group
};

/// d_x (+)= gamma rstd e - rstd sum_1 / n - rstd^3 (x - mean) sum_2 / n [+ d_residual]
template <class T, int N, bool activated>
__global__ void normalize_backward_kernel(const T* d_y, const T* x, Normalizer normalizer, GroupSums groups,
                                          const T* d_residual, T* d_x, Write write_x, ChannelTiles tiles) {
  const TilePlace place = tile_place<N>(tiles);
  if (!place.active) return;
  const NormalizerPack<N> pack(normalizer, place.image, place.channel);
  float constant[N], on_deviation[N];
#pragma unroll
  for (int k = 0; k < N; ++k) {
    const Index c = place.channel + k;
    const Index group = normalizer.group_width == 1 ? c : c / normalizer.group_width;
    const float* const sums = groups.sums + place.image * 2 * normalizer.groups + group;
    const float factor = groups.per_channel ? pack.scale[k] : pack.rstd[k];
    constant[k] = -factor * sums[0] / groups.count;
    on_deviation[k] = -factor * pack.rstd[k] * pack.rstd[k] * sums[normalizer.groups] / groups.count;
  }
  d_y += place.origin;
  x += place.origin;
  d_x += place.origin;
  if (d_residual != nullptr) d_residual += place.origin;
  for_each_row<2>(
      tiles, place,
      [&](Index i) {
        return GradientRow<N>{load<N>(d_y + i), load<N>(x + i)};
      },
      [&](Index i, const GradientRow<N>& values) {
        Floats<N> gradient;
#pragma unroll
        for (int k = 0; k < N; ++k) {
          const float at = values.x.value[k];
          const float e = gradient_at<activated>(pack, k, at, values.d.value[k]);
          gradient.value[k] = std::fma(pack.scale[k], e, std::fma(on_deviation[k], at - pack.mean[k], constant[k]));
        }
        if (d_residual != nullptr) {
          const Floats<N> residual = load<N>(d_residual + i);
#pragma unroll
          for (int k = 0; k < N; ++k) gradient.value[k] += residual.value[k];
        }
        write(d_x + i, gradient, write_x);
      });
}

/// totals (images, 2, C) to sums (images, 2, groups), weighted by gamma; one block a group.
__global__ void group_sums_kernel(const float* __restrict__ totals, const float* __restrict__ gamma, Index channels,
                                  Index groups, float* __restrict__ sums) {
  const Index width = channels / groups;
  const Index image = blockIdx.x / groups;
  const Index group = blockIdx.x - image * groups;
  double sum[2] = {0.0, 0.0};
  for (Index k = threadIdx.x; k < width; k += block_threads) {
    const Index c = group * width + k;
    const float* const total = totals + image * 2 * channels + c;
    sum[0] += static_cast<double>(gamma[c]) * static_cast<double>(total[0]);
    sum[1] += static_cast<double>(gamma[c]) * static_cast<double>(total[channels]);
  }
  sum_over_lanes(sum, 1);
  if (threadIdx.x != 0) return;
  sums[image * 2 * groups + group] = static_cast<float>(sum[0]);
  sums[(image * 2 + 1) * groups + group] = static_cast<float>(sum[1]);
}

/// totals (images, 2, C) to d_beta (+)= sum of totals_1, d_gamma (+)= sum of rstd totals_2 over the images.
__global__ void group_norm_parameters_kernel(const float* __restrict__ totals, const float* __restrict__ rstd,
                                             Index images, Index channels, Index groups, float* d_gamma, float* d_beta,
                                             Write how) {
  const Index c = Index{blockIdx.x} * block_threads + threadIdx.x;
  if (c >= channels) return;
  const Index group = c / (channels / groups);
  double gamma = 0.0, beta = 0.0;
  for (Index image = 0; image < images; ++image) {
    const float* const total = totals + image * 2 * channels + c;
    beta += static_cast<double>(total[0]);
    gamma += static_cast<double>(rstd[image * groups + group]) * static_cast<double>(total[channels]);
  }
  if (how == Write::accumulate) {
    gamma += static_cast<double>(d_gamma[c]);
    beta += static_cast<double>(d_beta[c]);
  }
  d_gamma[c] = static_cast<float>(gamma);
  d_beta[c] = static_cast<float>(beta);
}

/// Shares of the sums of a gradient, (images, splits, 2 or 3, C).
template <bool activated>
void gradient_sums(const char* name, ConstMap d_y, ConstMap x, const Normalizer& normalizer, const ChannelTiles& tiles,
                   float* shares, cudaStream_t stream) {
  if (tiles.splits == 0) return;
  with_sum_pack(x.format, tiles.channels, [&]<class T, int N>(Type<T>, Width<N>) {
    launch(name, gradient_sums_kernel<T, N, activated>, tiles.blocks(), stream, numbers<T>(d_y), numbers<T>(x),
           normalizer, tiles, shares);
  });
}

template <bool activated>
void normalize_backward(const char* name, ConstMap d_y, ConstMap x, const Normalizer& normalizer,
                        const GroupSums& groups, ConstMap d_residual, Map d_x, Write write, Index images, Index rows,
                        Index channels, cudaStream_t stream) {
  if (images * rows * channels == 0) return;
  with_sum_pack(x.format, channels, [&]<class T, int N>(Type<T>, Width<N>) {
    const ChannelTiles tiles = row_tiles(images, rows, channels, N);
    launch(name, normalize_backward_kernel<T, N, activated>, tiles.blocks(), stream, numbers<T>(d_y), numbers<T>(x),
           normalizer, groups, numbers<T>(d_residual), numbers<T>(d_x), write, tiles);
  });
}

}  // namespace kernels

// Workspace: totals (quantities, C), then shares (splits, quantities, C).

void batch_norm_backward(ConstMap d_y, ConstMap x, const float* gamma, const float* mean, const float* rstd, Map d_x,
                         Write write, float* d_gamma, float* d_beta, Write write_parameters, Index rows, Index channels,
                         float* workspace, cudaStream_t stream) {
  if (channels == 0) return;
  const kernels::Normalizer normalizer{.gamma = gamma, .mean = mean, .rstd = rstd, .groups = channels};
  const kernels::ChannelTiles tiles = kernels::sum_tiles(1, rows, channels);
  float* const shares = workspace + 2 * channels;
  kernels::gradient_sums<false>("batch_norm_backward", d_y, x, normalizer, tiles, shares, stream);
  const kernels::SumTargets<2> targets{{{d_beta, nullptr, write_parameters}, {d_gamma, rstd, write_parameters}}};
  kernels::fold_shares("batch_norm_backward", shares, tiles, workspace, targets, stream);
  kernels::normalize_backward<false>("batch_norm_backward", d_y, x, normalizer,
                                     {workspace, true, static_cast<float>(rows)}, {}, d_x, write, 1, rows, channels,
                                     stream);
}

Index batch_norm_backward_workspace(Index rows, Index channels) {
  return 2 * channels * (1 + kernels::sum_tiles(1, rows, channels).splits);
}

void activation_backward(ConstMap d_activated, ConstMap x, const Activation& activation, ConstMap d_residual, Map d_x,
                         Write write, float* d_gamma, float* d_beta, float* d_slope, Write write_parameters, Index rows,
                         Index channels, float* workspace, cudaStream_t stream) {
  if (channels == 0) return;
  const kernels::Normalizer normalizer = kernels::normalizer_of(activation, channels);
  const kernels::ChannelTiles tiles = kernels::sum_tiles(1, rows, channels);
  float* const shares = workspace + 3 * channels;
  kernels::gradient_sums<true>("activation_backward", d_activated, x, normalizer, tiles, shares, stream);
  const bool shared = activation.slopes == 1;
  const kernels::SumTargets<3> targets{{{d_beta, nullptr, write_parameters},
                                        {d_gamma, activation.rstd, write_parameters},
                                        {shared ? nullptr : d_slope, nullptr, write_parameters}}};
  kernels::fold_shares("activation_backward", shares, tiles, workspace, targets, stream);
  if (shared) {
    kernels::launch("activation_backward", kernels::sum_vector_kernel, 1, stream, workspace + 2 * channels, channels,
                    d_slope, write_parameters);
  }
  kernels::normalize_backward<true>("activation_backward", d_activated, x, normalizer,
                                    {workspace, true, static_cast<float>(rows)}, d_residual, d_x, write, 1, rows,
                                    channels, stream);
}

Index activation_backward_workspace(Index rows, Index channels) {
  return 3 * channels * (1 + kernels::sum_tiles(1, rows, channels).splits);
}

// Workspace: totals (B, 2, C), sums (B, 2, groups), then shares (B, splits, 2, C).

void group_norm_backward(ConstMap d_y, ConstMap x, const float* gamma, Index groups, const float* mean,
                         const float* rstd, Map d_x, Write write, float* d_gamma, float* d_beta, Write write_parameters,
                         Index batch, Index pixels, Index channels, float* workspace, cudaStream_t stream) {
  if (channels == 0) return;
  const Index width = channels / groups;
  const kernels::Normalizer normalizer{
      .gamma = gamma, .mean = mean, .rstd = rstd, .groups = groups, .group_width = width};
  const kernels::ChannelTiles tiles = kernels::sum_tiles(batch, pixels, channels);
  float* const totals = workspace;
  float* const sums = totals + 2 * batch * channels;
  float* const shares = sums + 2 * batch * channels;
  if (batch > 0) {
    kernels::gradient_sums<false>("group_norm_backward", d_y, x, normalizer, tiles, shares, stream);
    kernels::fold_shares("group_norm_backward", shares, tiles, totals, kernels::SumTargets<2>{}, stream);
    kernels::launch("group_norm_backward", kernels::group_sums_kernel, batch * groups, stream, totals, gamma, channels,
                    groups, sums);
  }
  kernels::launch("group_norm_backward", kernels::group_norm_parameters_kernel,
                  kernels::ceil_divide(channels, kernels::block_threads), stream, totals, rstd, batch, channels, groups,
                  d_gamma, d_beta, write_parameters);
  kernels::normalize_backward<false>("group_norm_backward", d_y, x, normalizer,
                                     {sums, false, static_cast<float>(pixels * width)}, {}, d_x, write, batch, pixels,
                                     channels, stream);
}

Index group_norm_backward_workspace(Index batch, Index pixels, Index channels) {
  return 2 * batch * channels * (2 + kernels::sum_tiles(batch, pixels, channels).splits);
}

}  // namespace cuda
}  // namespace saccade
