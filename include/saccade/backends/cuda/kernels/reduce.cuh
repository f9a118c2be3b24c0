#pragma once

#include <saccade/backends/cuda/kernels/pack.cuh>

#include <algorithm>

/// Sums over the rows of each channel, always in the same order: every block adds up some rows of some channels and
/// writes its share, a second kernel adds up the shares.
namespace saccade::inline SACCADE_VERSION_NAMESPACE {
namespace SACCADE_HIDDEN cuda {
namespace kernels {

/// How the rows and channels of `images` matrices (rows, channels) are shared among blocks. A block sees `width` packs
/// of channels, a power of two, side by side; its threads of one column are its lanes. Blocks are numbered split by
/// split, then tile by tile, then image by image.
struct ChannelTiles {
  Index images = 1;
  Index rows = 0;
  Index rows_per_split = 0;
  Index channels = 0;
  Index splits = 0;    ///< along the rows of an image, none of them empty
  Index tiles = 0;     ///< along the channels
  unsigned width = 1;  ///< packs

  [[nodiscard]] SACCADE_HOST_DEVICE Index blocks() const { return images * tiles * splits; }
  [[nodiscard]] SACCADE_HOST_DEVICE Index rows_of_split(Index split) const {
    const Index left = rows - split * rows_per_split;
    return left < rows_per_split ? left : rows_per_split;
  }
};

/// Numbers of a pack where a thread keeps sums of them: fewer than one access could move, to have registers left.
inline constexpr int sum_width = 4;

/// Calls f(Type<T>, Width<N>) with the packs that `sum_tiles` counts in.
template <class F>
void with_sum_pack(Format format, Index channels, F f) {
  with_type(format, [&]<class T>(Type<T> type) {
    if (channels % sum_width == 0) {
      f(type, Width<sum_width>{});
    } else {
      f(type, Width<1>{});
    }
  });
}

/// Tiles in packs of `pack` numbers, whose rows are not shared among blocks yet.
inline ChannelTiles channel_tiles(Index images, Index rows, Index channels, Index pack) {
  ChannelTiles tiles{.images = images, .rows = rows, .channels = channels};
  const Index packs = channels / pack;
  while (tiles.width < packs && tiles.width < 32) tiles.width *= 2;
  tiles.tiles = ceil_divide(packs, tiles.width);
  return tiles;
}

/// Tiles for sums: about 1024 blocks, or fewer where each of them would have too little to do.
inline ChannelTiles sum_tiles(Index images, Index rows, Index channels) {
  constexpr Index most_blocks = 1024, least_rows_per_lane = 4;
  ChannelTiles tiles = channel_tiles(images, rows, channels, channels % sum_width == 0 ? sum_width : 1);
  const Index lanes = block_threads / tiles.width;
  const Index wanted = ceil_divide(most_blocks, std::max<Index>(1, images * tiles.tiles));
  const Index splits = std::min(wanted, ceil_divide(rows, lanes * least_rows_per_lane));
  if (splits == 0) return tiles;
  tiles.rows_per_split = ceil_divide(rows, splits);
  tiles.splits = ceil_divide(rows, tiles.rows_per_split);
  return tiles;
}

/// Tiles for work without sums, in packs of `pack` numbers; each thread has a few rows, so that what belongs to its
/// channels is read but once.
inline ChannelTiles row_tiles(Index images, Index rows, Index channels, Index pack) {
  constexpr Index rows_per_thread = 8;
  ChannelTiles tiles = channel_tiles(images, rows, channels, pack);
  tiles.rows_per_split = block_threads / tiles.width * rows_per_thread;
  tiles.splits = ceil_divide(rows, tiles.rows_per_split);
  return tiles;
}

/// What a thread has to do of ChannelTiles.
struct TilePlace {
  Index image;
  Index split;
  Index channel;  ///< the first of its pack
  bool active;    ///< whether the pack exists
  unsigned lane;
  unsigned lanes;
  Index first;   ///< row of the split
  Index last;    ///< row behind the split
  Index origin;  ///< place of its pack in its first row
};

template <int N>
__device__ __forceinline__ TilePlace tile_place(const ChannelTiles& tiles) {
  TilePlace place;
  const Index block = blockIdx.x;
  const Index tile = block / tiles.splits;
  place.split = block - tile * tiles.splits;
  place.image = tile / tiles.tiles;
  place.channel = ((tile - place.image * tiles.tiles) * tiles.width + threadIdx.x % tiles.width) * N;
  place.active = place.channel < tiles.channels;
  place.lane = threadIdx.x / tiles.width;
  place.lanes = block_threads / tiles.width;
  place.first = place.split * tiles.rows_per_split;
  place.last = place.first + tiles.rows_of_split(place.split);
  place.origin = (place.image * tiles.rows + place.first + place.lane) * tiles.channels + place.channel;
  return place;
}

/// use(i, read(i)) for each row of the running thread, where `origin` + i is the place of its pack in the row; `ahead`
/// rows are read before they are used.
template <int ahead, class Read, class Use>
__device__ __forceinline__ void for_each_row(const ChannelTiles& tiles, const TilePlace& place, const Read& read,
                                             const Use& use) {
  const Index step = Index{place.lanes} * tiles.channels;
  Index row = place.first + place.lane, i = 0;
  for (; row < place.last; row += ahead * place.lanes, i += ahead * step) {
    decltype(read(i)) values[ahead];
#pragma unroll
    for (int k = 0; k < ahead; ++k) {
      if (row + k * Index{place.lanes} < place.last) values[k] = read(i + k * step);
    }
#pragma unroll
    for (int k = 0; k < ahead; ++k) {
      if (row + k * Index{place.lanes} < place.last) use(i + k * step, values[k]);
    }
  }
}

struct Add {
  template <class Number>
  __device__ __forceinline__ Number operator()(Number a, Number b) const {
    return a + b;
  }
};
struct Larger {
  template <class Number>
  __device__ __forceinline__ Number operator()(Number a, Number b) const {
    return b > a ? b : a;
  }
};

/// Replaces the `count` numbers of each thread by what `combine` makes of them over the threads of the same column,
/// threadIdx.x % width. All threads of the block must come.
template <int count, class Number, class Combine>
__device__ __forceinline__ void combine_over_lanes(Number (&numbers)[count], unsigned width, Combine combine) {
  __shared__ Number shared[count * block_threads];
  const unsigned t = threadIdx.x;
#pragma unroll
  for (int k = 0; k < count; ++k) shared[k * block_threads + t] = numbers[k];
  for (unsigned stride = block_threads / 2; stride >= width; stride /= 2) {
    __syncthreads();
    if (t < stride) {
#pragma unroll
      for (int k = 0; k < count; ++k) {
        Number& mine = shared[k * block_threads + t];
        mine = combine(mine, shared[k * block_threads + t + stride]);
      }
    }
  }
  __syncthreads();
#pragma unroll
  for (int k = 0; k < count; ++k) numbers[k] = shared[k * block_threads + t % width];
  __syncthreads();  // the next call may write at once
}

/// The sums of the threads' numbers over the same column.
template <int count, class Number>
__device__ __forceinline__ void sum_over_lanes(Number (&sums)[count], unsigned width) {
  combine_over_lanes(sums, width, Add{});
}

/// The sum over all threads of the block.
template <class Number>
__device__ __forceinline__ Number sum_over_block(Number value) {
  Number sums[1] = {value};
  sum_over_lanes(sums, 1);
  return sums[0];
}

/// Writes a block's `quantities` sums of N channels to shares (images, splits, quantities, C).
template <int quantities, int N>
__device__ __forceinline__ void write_share(const ChannelTiles& tiles, const TilePlace& place,
                                            const float (&sums)[quantities * N], float* shares) {
  if (!place.active || place.lane != 0) return;
  float* const share = shares + (place.image * tiles.splits + place.split) * quantities * tiles.channels;
#pragma unroll
  for (int q = 0; q < quantities; ++q) {
#pragma unroll
    for (int k = 0; k < N; ++k) share[q * tiles.channels + place.channel + k] = sums[q * N + k];
  }
}

/// Where the sums of one quantity go: target[c] (+)= sum / divisor, times factor[c] if there is one. `target` may be
/// null.
struct SumTarget {
  float* target = nullptr;
  const float* factor = nullptr;  ///< (C)
  Write write = Write::overwrite;
};

template <int quantities>
struct SumTargets {
  SumTarget quantity[quantities];
  double divisor = 1.0;
};

/// shares (images, splits, quantities, C) to totals (images, quantities, C), if they are wanted, and to targets
/// (images, C). A block has 8 columns of 32 lanes.
template <int quantities>
__global__ void fold_shares_kernel(const float* __restrict__ shares, Index images, Index splits, Index channels,
                                   float* totals, SumTargets<quantities> targets) {
  constexpr unsigned columns = 8;
  const Index per_image = quantities * channels;
  const Index column = Index{blockIdx.x} * columns + threadIdx.x % columns;
  const bool active = column < images * per_image;
  const Index image = active ? column / per_image : 0;
  const Index place = column - image * per_image;
  double sum[1] = {0.0};
  if (active) {
    const float* const first = shares + image * splits * per_image + place;
    for (Index split = threadIdx.x / columns; split < splits; split += block_threads / columns) {
      sum[0] += static_cast<double>(first[split * per_image]);
    }
  }
  sum_over_lanes(sum, columns);
  if (!active || threadIdx.x >= columns) return;
  if (totals != nullptr) totals[column] = static_cast<float>(sum[0]);
#pragma unroll
  for (int q = 0; q < quantities; ++q) {
    const SumTarget& to = targets.quantity[q];
    const Index c = place - q * channels;
    if (to.target == nullptr || c < 0 || c >= channels) continue;
    double value = sum[0] / targets.divisor;
    if (to.factor != nullptr) value *= static_cast<double>(to.factor[c]);
    float& target = to.target[image * channels + c];
    target = static_cast<float>(to.write == Write::accumulate ? static_cast<double>(target) + value : value);
  }
}

template <int quantities>
void fold_shares(const char* name, const float* shares, const ChannelTiles& tiles, float* totals,
                 const SumTargets<quantities>& targets, cudaStream_t stream) {
  launch(name, fold_shares_kernel<quantities>, ceil_divide(tiles.images * quantities * tiles.channels, 8), stream,
         shares, tiles.images, tiles.splits, tiles.channels, totals, targets);
}

/// y[0] (+)= x[0] + ... + x[n - 1]; one block.
__global__ void sum_vector_kernel(const float* __restrict__ x, Index n, float* y, Write write) {
  double sum = 0.0;
  for (Index i = threadIdx.x; i < n; i += block_threads) sum += static_cast<double>(x[i]);
  sum = sum_over_block(sum);
  if (threadIdx.x == 0) *y = static_cast<float>(write == Write::accumulate ? static_cast<double>(*y) + sum : sum);
}

}  // namespace kernels
}  // namespace cuda
}  // namespace saccade
