#pragma once

#include <saccade/backends/cuda/kernels/pixels.cuh>
#include <saccade/math/bilinear.hpp>

/// Bilinear upsampling: forward reads each input row once for a strip of output rows; backward gathers, so that its
/// sums have a fixed order.
namespace saccade::inline SACCADE_VERSION_NAMESPACE {
namespace SACCADE_HIDDEN cuda {
namespace kernels {

using Taps = math::BilinearTaps<float, std::int32_t>;
using AxisMap = math::BilinearMap<std::int32_t>;

/// Both axes of an upsampling.
struct Upsampling {
  AxisMap rows;
  AxisMap columns;
  MapExtents xs;
  MapExtents ys;
};

inline Upsampling upsampling(const char* name, Corners corners, const UpsampleSizes& sizes) {
  // As math/bilinear.hpp asks for.
  const auto fits = [](Index in, Index out) { return 2 * in * out + out <= std::numeric_limits<std::int32_t>::max(); };
  if (!fits(sizes.height, sizes.y_height) || !fits(sizes.width, sizes.y_width))
    throw CudaError(std::string(name) + ": sides of maps beyond 32,000 pixels are not supported");
  const MapExtents xs = map_extents(sizes.height, sizes.width, sizes.channels);
  const MapExtents ys = map_extents(sizes.y_height, sizes.y_width, sizes.channels);
  return {math::bilinear_map(corners, xs.height, ys.height), math::bilinear_map(corners, xs.width, ys.width), xs, ys};
}

/// Output rows of a strip: many, so that input rows are read but once, unless the map is so small that the GPU would
/// have nothing to do.
inline std::int32_t strip_height(const UpsampleSizes& sizes, Index pack) {
  constexpr Index enough_threads = 1 << 17;
  const Index packs = sizes.batch * sizes.y_height * sizes.y_width * (sizes.channels / pack);
  return static_cast<std::int32_t>(std::clamp<Index>(packs / enough_threads, 1, 8));
}

/// weight0 x[index0] + weight1 x[index1] of the row of pixels at `row`.
template <class T, int N>
__device__ __forceinline__ Floats<N> along_row(const T* row, const Taps& taps, std::int32_t channels) {
  const Floats<N> left = load<N>(row + Index{taps.index0} * channels);
  const Floats<N> right = load<N>(row + Index{taps.index1} * channels);
  Floats<N> between;
#pragma unroll
  for (int k = 0; k < N; ++k) between.value[k] = taps.weight0 * left.value[k] + taps.weight1 * right.value[k];
  return between;
}

/// One thread a pack of channels of a strip of output rows. It keeps the two input rows between which it is.
template <class T, int N>
__global__ void upsample_bilinear_kernel(const T* __restrict__ x, Upsampling sizes, std::int32_t strip_rows,
                                         T* __restrict__ y, PixelGrid grid) {
  const PixelGrid::Place place = grid.place<N>();
  if (!place.active) return;
  const std::int32_t strips = (sizes.ys.height + strip_rows - 1) / strip_rows;
  const Index image = place.strip / strips;
  const std::int32_t first = static_cast<std::int32_t>(place.strip - image * strips) * strip_rows;
  const std::int32_t last = first + strip_rows < sizes.ys.height ? first + strip_rows : sizes.ys.height;
  const Taps column = math::bilinear_taps<float>(sizes.columns, sizes.xs.width, place.column);
  const auto between = [&](std::int32_t row) {
    return along_row<T, N>(x + sizes.xs.offset(image, row, 0, place.channel), column, sizes.xs.channels);
  };
  std::int32_t upper_row = -1, lower_row = -1;
  Floats<N> upper{}, lower{};
  for (std::int32_t i = first; i < last; ++i) {
    const Taps row = math::bilinear_taps<float>(sizes.rows, sizes.xs.height, i);
    if (row.index0 != upper_row) {
      upper = row.index0 == lower_row ? lower : between(row.index0);
      upper_row = row.index0;
    }
    if (row.index1 != lower_row) {
      lower = row.index1 == upper_row ? upper : between(row.index1);
      lower_row = row.index1;
    }
    Floats<N> value;
#pragma unroll
    for (int k = 0; k < N; ++k) value.value[k] = row.weight0 * upper.value[k] + row.weight1 * lower.value[k];
    store(y + sizes.ys.offset(image, i, place.column, place.channel), value);
  }
}

/// One thread a pack of d_x: the sum over every output that reads its pixel, row by row; four columns at a time, so
/// that their weights are found once.
template <class T, int N>
__global__ void upsample_bilinear_backward_kernel(const T* __restrict__ d_y, Upsampling sizes, T* __restrict__ d_x,
                                                  Write how, PixelGrid grid) {
  constexpr int at_once = 4;
  const PixelGrid::Place place = grid.place<N>();
  if (!place.active) return;
  const Index image = place.strip / sizes.xs.height;
  const std::int32_t h = static_cast<std::int32_t>(place.strip - image * sizes.xs.height);
  const auto rows = math::bilinear_readers(sizes.rows, sizes.xs.height, sizes.ys.height, h);
  const auto columns = math::bilinear_readers(sizes.columns, sizes.xs.width, sizes.ys.width, place.column);
  Floats<N> sum{};
  for (std::int32_t j = columns.first; j <= columns.last; j += at_once) {
    float weights[at_once];
#pragma unroll
    for (int a = 0; a < at_once; ++a) {
      const std::int32_t column = j + a < columns.last ? j + a : columns.last;
      weights[a] =
          math::bilinear_weight(math::bilinear_taps<float>(sizes.columns, sizes.xs.width, column), place.column);
    }
    for (std::int32_t i = rows.first; i <= rows.last; ++i) {
      const T* const row = d_y + sizes.ys.offset(image, i, j, place.channel);
      Floats<N> values[at_once];
#pragma unroll
      for (int a = 0; a < at_once; ++a) {
        if (j + a <= columns.last) values[a] = load<N>(row + Index{a} * sizes.ys.channels);
      }
      const float weight = math::bilinear_weight(math::bilinear_taps<float>(sizes.rows, sizes.xs.height, i), h);
#pragma unroll
      for (int a = 0; a < at_once; ++a) {
        if (j + a > columns.last) continue;
#pragma unroll
        for (int k = 0; k < N; ++k) sum.value[k] = std::fma(weight * weights[a], values[a].value[k], sum.value[k]);
      }
    }
  }
  write(d_x + sizes.xs.offset(image, h, place.column, place.channel), sum, how);
}

}  // namespace kernels

void upsample_bilinear(ConstMap x, Corners corners, Map y, const UpsampleSizes& sizes, cudaStream_t stream) {
  if (sizes.batch * sizes.y_height * sizes.y_width * sizes.channels == 0) return;
  const kernels::Upsampling axes = kernels::upsampling("upsample_bilinear", corners, sizes);
  kernels::with_wide_pack(y.format, sizes.channels, [&]<class T, int N>(kernels::Type<T>, kernels::Width<N>) {
    const std::int32_t strip = kernels::strip_height(sizes, N);
    const kernels::PixelGrid grid("upsample_bilinear", sizes.batch * kernels::ceil_divide(sizes.y_height, strip),
                                  sizes.y_width, sizes.channels, N);
    kernels::launch("upsample_bilinear", kernels::upsample_bilinear_kernel<T, N>, grid.blocks(), stream,
                    kernels::numbers<T>(x), axes, strip, kernels::numbers<T>(y), grid);
  });
}

void upsample_bilinear_backward(ConstMap d_y, Corners corners, Map d_x, Write write, const UpsampleSizes& sizes,
                                cudaStream_t stream) {
  if (sizes.batch * sizes.height * sizes.width * sizes.channels == 0) return;
  const kernels::Upsampling axes = kernels::upsampling("upsample_bilinear_backward", corners, sizes);
  kernels::with_wide_pack(d_x.format, sizes.channels, [&]<class T, int N>(kernels::Type<T>, kernels::Width<N>) {
    const kernels::PixelGrid grid("upsample_bilinear_backward", sizes.batch * sizes.height, sizes.width, sizes.channels,
                                  N);
    kernels::launch("upsample_bilinear_backward", kernels::upsample_bilinear_backward_kernel<T, N>, grid.blocks(),
                    stream, kernels::numbers<T>(d_y), axes, kernels::numbers<T>(d_x), write, grid);
  });
}

}  // namespace cuda
}  // namespace saccade
