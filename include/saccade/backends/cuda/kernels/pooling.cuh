#pragma once

#include <saccade/backends/cuda/kernels/pixels.cuh>

/// Max-pooling with the places of the largest values; backward gathers. (Average pooling is in mask.cuh.)
namespace saccade::inline SACCADE_VERSION_NAMESPACE {
namespace SACCADE_HIDDEN cuda {
namespace kernels {

struct PoolingWindow {
  std::int32_t size;
  std::int32_t stride;
  std::int32_t padding;
};

inline PoolingWindow pooling_window(PoolingGeometry geometry) {
  return {static_cast<std::int32_t>(geometry.window), static_cast<std::int32_t>(geometry.stride),
          static_cast<std::int32_t>(geometry.padding)};
}

/// The largest value so far, and its place in the window; -1 before the first.
template <int N>
struct Largest {
  float value[N] = {};
  float place[N];

  __device__ __forceinline__ Largest() {
#pragma unroll
    for (int k = 0; k < N; ++k) place[k] = -1.0f;
  }

  __device__ __forceinline__ void compare(const Floats<N>& x, std::int32_t at) {
#pragma unroll
    for (int k = 0; k < N; ++k) {
      if (place[k] < 0.0f || x.value[k] > value[k]) {
        value[k] = x.value[k];
        place[k] = static_cast<float>(at);
      }
    }
  }
};

/// One thread a pack of y. A window of three columns is unrolled, so that a row of it is read at once.
template <class T, int N, bool three_wide>
__global__ void max_pool_kernel(const T* __restrict__ x, MapExtents xs, PoolingWindow window, T* __restrict__ y,
                                T* __restrict__ argmax, MapExtents ys, PixelGrid grid) {
  const PixelGrid::Place place = grid.place<N>();
  if (!place.active) return;
  const Index image = place.strip / ys.height;
  const std::int32_t i = static_cast<std::int32_t>(place.strip - image * ys.height);
  const std::int32_t top = i * window.stride - window.padding;
  const std::int32_t left = place.column * window.stride - window.padding;
  Largest<N> largest;
  for (std::int32_t ky = 0; ky < window.size; ++ky) {
    const std::int32_t row = top + ky;
    if (row < 0 || row >= xs.height) continue;
    const T* const from = x + xs.offset(image, row, 0, place.channel);
    const auto inside = [&](std::int32_t kx) { return left + kx >= 0 && left + kx < xs.width; };
    const auto read = [&](std::int32_t kx) { return load<N>(from + Index{left + kx} * xs.channels); };
    if constexpr (three_wide) {
      Floats<N> values[3];
#pragma unroll
      for (int kx = 0; kx < 3; ++kx) {
        if (inside(kx)) values[kx] = read(kx);
      }
#pragma unroll
      for (int kx = 0; kx < 3; ++kx) {
        if (inside(kx)) largest.compare(values[kx], ky * 3 + kx);
      }
    } else {
      for (std::int32_t kx = 0; kx < window.size; ++kx) {
        if (inside(kx)) largest.compare(read(kx), ky * window.size + kx);
      }
    }
  }
  const Index to = ys.offset(image, i, place.column, place.channel);
  Floats<N> values, places;
#pragma unroll
  for (int k = 0; k < N; ++k) {
    values.value[k] = largest.value[k];
    places.value[k] = largest.place[k];
  }
  store(y + to, values);
  store(argmax + to, places);
}

/// Windows first to last of one axis that hold `position`.
struct WindowRange {
  std::int32_t first;
  std::int32_t last;
};

__device__ __forceinline__ WindowRange windows_of(std::int32_t position, const PoolingWindow& window,
                                                  std::int32_t windows) {
  const std::int32_t reach = position + window.padding;  // window w holds w stride <= reach < w stride + size
  const std::int32_t before = reach - window.size;
  const std::int32_t last = reach / window.stride;
  return {before < 0 ? 0 : before / window.stride + 1, last < windows ? last : windows - 1};
}

/// One thread a pack of d_x: it asks each window that holds its pixel whether the pixel was the largest there.
template <class T, int N>
__global__ void max_pool_backward_kernel(const T* __restrict__ d_y, const T* __restrict__ argmax, MapExtents ys,
                                         PoolingWindow window, T* __restrict__ d_x, Write how, MapExtents xs,
                                         PixelGrid grid) {
  const PixelGrid::Place place = grid.place<N>();
  if (!place.active) return;
  const Index image = place.strip / xs.height;
  const std::int32_t row = static_cast<std::int32_t>(place.strip - image * xs.height);
  const WindowRange rows = windows_of(row, window, ys.height);
  const WindowRange columns = windows_of(place.column, window, ys.width);
  Floats<N> sum{};
  for (std::int32_t i = rows.first; i <= rows.last; ++i) {
    const std::int32_t ky = row + window.padding - i * window.stride;
    for (std::int32_t j = columns.first; j <= columns.last; ++j) {
      const std::int32_t kx = place.column + window.padding - j * window.stride;
      const float mine = static_cast<float>(ky * window.size + kx);
      const Index from = ys.offset(image, i, j, place.channel);
      const Floats<N> largest = load<N>(argmax + from), d = load<N>(d_y + from);
#pragma unroll
      for (int k = 0; k < N; ++k) sum.value[k] += largest.value[k] == mine ? d.value[k] : 0.0f;
    }
  }
  write(d_x + xs.offset(image, row, place.column, place.channel), sum, how);
}

inline MapExtents pooled_extents(PoolingGeometry geometry, Index height, Index width, Index channels) {
  return map_extents(sliding_extent(height, geometry.window, geometry.stride, geometry.padding),
                     sliding_extent(width, geometry.window, geometry.stride, geometry.padding), channels);
}

}  // namespace kernels

void max_pool(ConstMap x, PoolingGeometry geometry, Map y, Map argmax, Index batch, Index height, Index width,
              Index channels, cudaStream_t stream) {
  const kernels::MapExtents xs = kernels::map_extents(height, width, channels);
  const kernels::MapExtents ys = kernels::pooled_extents(geometry, height, width, channels);
  if (batch * ys.height * ys.width * channels == 0) return;
  kernels::with_wide_pack(y.format, channels, [&]<class T, int N>(kernels::Type<T>, kernels::Width<N>) {
    const kernels::PixelGrid grid("max_pool", batch * ys.height, ys.width, channels, N);
    const auto kernel =
        geometry.window == 3 ? kernels::max_pool_kernel<T, N, true> : kernels::max_pool_kernel<T, N, false>;
    kernels::launch("max_pool", kernel, grid.blocks(), stream, kernels::numbers<T>(x), xs,
                    kernels::pooling_window(geometry), kernels::numbers<T>(y), kernels::numbers<T>(argmax), ys, grid);
  });
}

void max_pool_backward(ConstMap d_y, ConstMap argmax, PoolingGeometry geometry, Map d_x, Write write, Index batch,
                       Index height, Index width, Index channels, cudaStream_t stream) {
  if (batch * height * width * channels == 0) return;
  const kernels::MapExtents xs = kernels::map_extents(height, width, channels);
  const kernels::MapExtents ys = kernels::pooled_extents(geometry, height, width, channels);
  kernels::with_wide_pack(d_x.format, channels, [&]<class T, int N>(kernels::Type<T>, kernels::Width<N>) {
    const kernels::PixelGrid grid("max_pool_backward", batch * height, width, channels, N);
    kernels::launch("max_pool_backward", kernels::max_pool_backward_kernel<T, N>, grid.blocks(), stream,
                    kernels::numbers<T>(d_y), kernels::numbers<T>(argmax), ys, kernels::pooling_window(geometry),
                    kernels::numbers<T>(d_x), write, xs, grid);
  });
}

}  // namespace cuda
}  // namespace saccade
