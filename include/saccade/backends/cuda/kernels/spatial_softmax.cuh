#pragma once

#include <saccade/backends/cuda/kernels/reduce.cuh>
#include <saccade/math/cell.hpp>

#include <cmath>

/// Expected positions under the softmax over the pixels of each channel. A block has an image and some of its channels.
namespace saccade::inline SACCADE_VERSION_NAMESPACE {
namespace SACCADE_HIDDEN cuda {
namespace kernels {

/// Tiles in which a block sees all rows of its channels.
inline ChannelTiles whole_image_tiles(Index images, Index rows, Index channels, Index pack) {
  ChannelTiles tiles = channel_tiles(images, rows, channels, pack);
  tiles.rows_per_split = rows;
  tiles.splits = 1;
  return tiles;
}

/// Middle (u, v) of pixel `row` of an image.
struct PixelMiddle {
  float u;
  float v;
};
__device__ __forceinline__ PixelMiddle pixel_middle(Index row, Index height, Index width, Divider by_width) {
  const Index i = by_width.divide(static_cast<std::uint32_t>(row));
  return {math::cell_centre<float>(row - i * width, width), math::cell_centre<float>(i, height)};
}

/// The largest values first, then the sums of exponentials: x is read twice, the second time from a cache.
template <class T, int N>
__global__ void spatial_softmax_kernel(const T* __restrict__ x, Index height, Index width, Divider by_width,
                                       ChannelTiles tiles, float* __restrict__ log_sum, float* __restrict__ position) {
  const TilePlace place = tile_place<N>(tiles);
  const Index step = Index{place.lanes} * tiles.channels;
  float largest[N], sums[3 * N] = {};
#pragma unroll
  for (int k = 0; k < N; ++k) largest[k] = -INFINITY;
  if (place.active) {
    for_each_row<4>(
        tiles, place, [&](Index i) { return load<N>(x + place.origin + i); },
        [&](Index, const Floats<N>& values) {
#pragma unroll
          for (int k = 0; k < N; ++k) largest[k] = Larger{}(largest[k], values.value[k]);
        });
  }
  combine_over_lanes(largest, tiles.width, Larger{});
  if (place.active) {
    const T* from = x + place.origin;
    for (Index row = place.lane; row < place.last; row += place.lanes, from += step) {
      const Floats<N> values = load<N>(from);
      const PixelMiddle middle = pixel_middle(row, height, width, by_width);
#pragma unroll
      for (int k = 0; k < N; ++k) {
        const float weight = std::exp(values.value[k] - largest[k]);
        sums[k] += weight;
        sums[N + k] += weight * middle.u;
        sums[2 * N + k] += weight * middle.v;
      }
    }
  }
  sum_over_lanes(sums, tiles.width);
  if (!place.active || place.lane != 0) return;
#pragma unroll
  for (int k = 0; k < N; ++k) {
    const Index channel = place.image * tiles.channels + place.channel + k;
    log_sum[channel] = largest[k] + std::log(sums[k]);
    position[2 * channel] = sums[N + k] / sums[k];
    position[2 * channel + 1] = sums[2 * N + k] / sums[k];
  }
}

template <class T, int N>
__global__ void spatial_softmax_backward_kernel(const T* __restrict__ x, const float* __restrict__ log_sum,
                                                const float* __restrict__ position,
                                                const float* __restrict__ d_position, T* d_x, Write how, Index height,
                                                Index width, Divider by_width, ChannelTiles tiles) {
  const TilePlace place = tile_place<N>(tiles);
  if (!place.active) return;
  const Index channel = place.image * tiles.channels + place.channel;
  float across[N], down[N], u[N], v[N], normalizer[N];
#pragma unroll
  for (int k = 0; k < N; ++k) {
    normalizer[k] = log_sum[channel + k];
    u[k] = position[2 * (channel + k)];
    v[k] = position[2 * (channel + k) + 1];
    across[k] = d_position[2 * (channel + k)];
    down[k] = d_position[2 * (channel + k) + 1];
  }
  const Index step = Index{place.lanes} * tiles.channels;
  Index i = place.origin;
  for (Index row = place.first + place.lane; row < place.last; row += place.lanes, i += step) {
    const Floats<N> values = load<N>(x + i);
    const PixelMiddle middle = pixel_middle(row, height, width, by_width);
    Floats<N> gradient;
#pragma unroll
    for (int k = 0; k < N; ++k) {
      gradient.value[k] = std::exp(values.value[k] - normalizer[k]) *
                          (across[k] * (middle.u - u[k]) + down[k] * (middle.v - v[k]));
    }
    write(d_x + i, gradient, how);
  }
}

}  // namespace kernels

void spatial_softmax(ConstMap x, float* log_sum, float* position, Index batch, Index height, Index width,
                     Index channels, cudaStream_t stream) {
  if (batch * channels == 0) return;
  kernels::with_sum_pack(x.format, channels, [&]<class T, int N>(kernels::Type<T>, kernels::Width<N>) {
    const kernels::ChannelTiles tiles = kernels::whole_image_tiles(batch, height * width, channels, N);
    kernels::launch("spatial_softmax", kernels::spatial_softmax_kernel<T, N>, tiles.blocks(), stream,
                    kernels::numbers<T>(x), height, width, kernels::Divider(width), tiles, log_sum, position);
  });
}

void spatial_softmax_backward(ConstMap x, const float* log_sum, const float* position, const float* d_position, Map d_x,
                              Write write, Index batch, Index height, Index width, Index channels,
                              cudaStream_t stream) {
  if (batch * channels == 0) return;
  kernels::with_sum_pack(x.format, channels, [&]<class T, int N>(kernels::Type<T>, kernels::Width<N>) {
    const kernels::ChannelTiles tiles = kernels::row_tiles(batch, height * width, channels, N);
    kernels::launch("spatial_softmax_backward", kernels::spatial_softmax_backward_kernel<T, N>, tiles.blocks(), stream,
                    kernels::numbers<T>(x), log_sum, position, d_position, kernels::numbers<T>(d_x), write, height,
                    width, kernels::Divider(width), tiles);
  });
}

}  // namespace cuda
}  // namespace saccade
