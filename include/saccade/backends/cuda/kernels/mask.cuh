#pragma once

#include <saccade/backends/cuda/kernels/elementwise.cuh>
#include <saccade/backends/cuda/kernels/reduce.cuh>
#include <saccade/math/mask.hpp>

/// Soft attention, alone or with the pooling behind it, and pooling alone: sums over the pixels of an image.
namespace saccade::inline SACCADE_VERSION_NAMESPACE {
namespace SACCADE_HIDDEN cuda {
namespace kernels {

/// Of (trunk, mask_logits).
struct Attend {
  __device__ float operator()(const float (&x)[2]) const { return math::attend(x[0], x[1]); }
};

/// A row of both maps; of the trunk alone where nothing is masked.
template <int N>
struct MaskedRow {
  Floats<N> trunk;
  Floats<N> logit;
};

/// Shares (images, splits, 1, C) of the sum over the rows of the trunk, attended if `masked`.
template <class T, int N, bool masked>
__global__ void channel_sums_kernel(const T* __restrict__ trunk, const T* __restrict__ mask_logits, ChannelTiles tiles,
                                    float* __restrict__ shares) {
  const TilePlace place = tile_place<N>(tiles);
  float sums[N] = {};
  if (place.active) {
    trunk += place.origin;
    if constexpr (masked) mask_logits += place.origin;
    for_each_row<4>(
        tiles, place,
        [&](Index i) {
          if constexpr (masked) {
            return MaskedRow<N>{load<N>(trunk + i), load<N>(mask_logits + i)};
          } else {
            return load<N>(trunk + i);
          }
        },
        [&](Index, const auto& row) {
#pragma unroll
          for (int k = 0; k < N; ++k) {
            if constexpr (masked) {
              sums[k] += math::attend(row.trunk.value[k], row.logit.value[k]);
            } else {
              sums[k] += row.value[k];
            }
          }
        });
  }
  sum_over_lanes(sums, tiles.width);
  write_share<1, N>(tiles, place, sums, shares);
}

/// y[b, c] (+)= the sum over the rows of image b, divided by `divisor`.
template <bool masked>
void channel_sums(const char* name, ConstMap trunk, ConstMap mask_logits, double divisor, float* y, Write how,
                  Index images, Index rows, Index channels, float* workspace, cudaStream_t stream) {
  if (images * channels == 0) return;
  const ChannelTiles tiles = sum_tiles(images, rows, channels);
  if (tiles.splits > 0) {
    with_sum_pack(trunk.format, channels, [&]<class T, int N>(Type<T>, Width<N>) {
      launch(name, channel_sums_kernel<T, N, masked>, tiles.blocks(), stream, numbers<T>(trunk),
             numbers<T>(mask_logits), tiles, workspace);
    });
  }
  fold_shares(name, workspace, tiles, nullptr, SumTargets<1>{{{y, nullptr, how}}, divisor}, stream);
}

inline Index channel_sums_workspace(Index images, Index rows, Index channels) {
  return images * sum_tiles(images, rows, channels).splits * channels;
}

/// d_trunk and d_mask_logits of N elements at i.
template <class T, int N>
__device__ __forceinline__ void mask_backward(const Floats<N>& trunk, const Floats<N>& logit, const Floats<N>& d,
                                              T* d_trunk, Write write_trunk, T* d_mask_logits, Write write_mask,
                                              Index i) {
  Floats<N> to_trunk, to_logit;
#pragma unroll
  for (int k = 0; k < N; ++k) {
    const math::AttendDerivative<float> derivative = math::attend_derivative(trunk.value[k], logit.value[k]);
    to_trunk.value[k] = d.value[k] * derivative.trunk;
    to_logit.value[k] = d.value[k] * derivative.logit;
  }
  write(d_trunk + i, to_trunk, write_trunk);
  write(d_mask_logits + i, to_logit, write_mask);
}

template <class T>
__global__ void apply_mask_backward_kernel(const T* trunk, const T* mask_logits, const T* d_attended, T* d_trunk,
                                           Write write_trunk, T* d_mask_logits, Write write_mask, Index n) {
  constexpr int N = pack_width<T>;
  const Index i = (Index{blockIdx.x} * block_threads + threadIdx.x) * N;
  if (i + N <= n) {
    const Floats<N> t = load<N>(trunk + i), m = load<N>(mask_logits + i), d = load<N>(d_attended + i);
    mask_backward(t, m, d, d_trunk, write_trunk, d_mask_logits, write_mask, i);
  } else {
#pragma unroll 1
    for (Index j = i; j < n; ++j) {
      const Floats<1> t = load<1>(trunk + j), m = load<1>(mask_logits + j), d = load<1>(d_attended + j);
      mask_backward(t, m, d, d_trunk, write_trunk, d_mask_logits, write_mask, j);
    }
  }
}

/// d_features (images, C), divided by `divisor`, is the gradient of every row.
template <class T, int N>
__global__ void attention_pool_backward_kernel(const T* trunk, const T* mask_logits,
                                               const float* __restrict__ d_features, float divisor, T* d_trunk,
                                               Write write_trunk, T* d_mask_logits, Write write_mask,
                                               ChannelTiles tiles) {
  const TilePlace place = tile_place<N>(tiles);
  if (!place.active) return;
  Floats<N> d = load_vector<N>(d_features, place.image * tiles.channels + place.channel);
#pragma unroll
  for (int k = 0; k < N; ++k) d.value[k] /= divisor;
  trunk += place.origin;
  mask_logits += place.origin;
  d_trunk += place.origin;
  d_mask_logits += place.origin;
  for_each_row<2>(
      tiles, place,
      [&](Index i) {
        return MaskedRow<N>{load<N>(trunk + i), load<N>(mask_logits + i)};
      },
      [&](Index i, const MaskedRow<N>& values) {
        mask_backward(values.trunk, values.logit, d, d_trunk, write_trunk, d_mask_logits, write_mask, i);
      });
}

/// d_x (images, rows, C) (+)= d_pooled (images, C) / divisor
template <class T, int N>
__global__ void spread_rows_kernel(const float* __restrict__ d_pooled, float divisor, T* d_x, Write how,
                                   ChannelTiles tiles) {
  const TilePlace place = tile_place<N>(tiles);
  if (!place.active) return;
  Floats<N> d = load_vector<N>(d_pooled, place.image * tiles.channels + place.channel);
#pragma unroll
  for (int k = 0; k < N; ++k) d.value[k] /= divisor;
  const Index step = Index{place.lanes} * tiles.channels;
  T* to = d_x + place.origin;
  for (Index row = place.first + place.lane; row < place.last; row += place.lanes, to += step) write(to, d, how);
}

}  // namespace kernels

void add_bias_backward(ConstMap d_y, float* d_bias, Write write, Index rows, Index channels, float* workspace,
                       cudaStream_t stream) {
  kernels::channel_sums<false>("add_bias_backward", d_y, {}, 1.0, d_bias, write, 1, rows, channels, workspace, stream);
}

Index add_bias_backward_workspace(Index rows, Index channels) {
  return kernels::channel_sums_workspace(1, rows, channels);
}

void global_average_pool(ConstMap x, float* pooled, Index batch, Index pixels, Index channels, float* workspace,
                         cudaStream_t stream) {
  kernels::channel_sums<false>("global_average_pool", x, {}, static_cast<double>(pixels), pooled, Write::overwrite,
                               batch, pixels, channels, workspace, stream);
}

Index global_average_pool_workspace(Index batch, Index pixels, Index channels) {
  return kernels::channel_sums_workspace(batch, pixels, channels);
}

void global_average_pool_backward(const float* d_pooled, Map d_x, Write write, Index batch, Index pixels,
                                  Index channels, cudaStream_t stream) {
  if (batch * pixels * channels == 0) return;
  kernels::with_wide_pack(d_x.format, channels, [&]<class T, int N>(kernels::Type<T>, kernels::Width<N>) {
    const kernels::ChannelTiles tiles = kernels::row_tiles(batch, pixels, channels, N);
    kernels::launch("global_average_pool_backward", kernels::spread_rows_kernel<T, N>, tiles.blocks(), stream, d_pooled,
                    static_cast<float>(pixels), kernels::numbers<T>(d_x), write, tiles);
  });
}

void apply_mask(ConstMap trunk, ConstMap mask_logits, Map attended, Index n, cudaStream_t stream) {
  kernels::elementwise("apply_mask", kernels::Attend{}, trunk, mask_logits, attended, Write::overwrite, n, stream);
}

void apply_mask_backward(ConstMap trunk, ConstMap mask_logits, ConstMap d_attended, Map d_trunk, Write write_trunk,
                         Map d_mask_logits, Write write_mask, Index n, cudaStream_t stream) {
  if (n == 0) return;
  kernels::with_type(trunk.format, [&]<class T>(kernels::Type<T>) {
    kernels::launch("apply_mask_backward", kernels::apply_mask_backward_kernel<T>, kernels::elementwise_blocks<T>(n, 1),
                    stream, kernels::numbers<T>(trunk), kernels::numbers<T>(mask_logits),
                    kernels::numbers<T>(d_attended), kernels::numbers<T>(d_trunk), write_trunk,
                    kernels::numbers<T>(d_mask_logits), write_mask, n);
  });
}

void attention_pool(ConstMap trunk, ConstMap mask_logits, float* features, Index batch, Index pixels, Index channels,
                    float* workspace, cudaStream_t stream) {
  kernels::channel_sums<true>("attention_pool", trunk, mask_logits, static_cast<double>(pixels), features,
                              Write::overwrite, batch, pixels, channels, workspace, stream);
}

Index attention_pool_workspace(Index batch, Index pixels, Index channels) {
  return kernels::channel_sums_workspace(batch, pixels, channels);
}

void attention_pool_backward(ConstMap trunk, ConstMap mask_logits, const float* d_features, Map d_trunk,
                             Write write_trunk, Map d_mask_logits, Write write_mask, Index batch, Index pixels,
                             Index channels, cudaStream_t stream) {
  if (batch * pixels * channels == 0) return;
  kernels::with_wide_pack(trunk.format, channels, [&]<class T, int N>(kernels::Type<T>, kernels::Width<N>) {
    const kernels::ChannelTiles tiles = kernels::row_tiles(batch, pixels, channels, N);
    kernels::launch("attention_pool_backward", kernels::attention_pool_backward_kernel<T, N>, tiles.blocks(), stream,
                    kernels::numbers<T>(trunk), kernels::numbers<T>(mask_logits), d_features,
                    static_cast<float>(pixels), kernels::numbers<T>(d_trunk), write_trunk,
                    kernels::numbers<T>(d_mask_logits), write_mask, tiles);
  });
}

}  // namespace cuda
}  // namespace saccade
