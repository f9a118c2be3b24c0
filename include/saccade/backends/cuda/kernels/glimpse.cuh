#pragma once

#include <saccade/backends/cuda/kernels/pack.cuh>
#include <saccade/core/image.hpp>
#include <saccade/math/glimpse.hpp>

#include <algorithm>

/// Crops of 8-bit images, of which only the windows are ever read. Every formula that decides a bit is that of
/// math/glimpse.hpp.
namespace saccade::inline SACCADE_VERSION_NAMESPACE {
namespace SACCADE_HIDDEN cuda {
namespace kernels {

/// GlimpseGeometry, with the normalisation as the host rounds it.
struct Retina {
  GlimpseGeometry geometry;
  math::PixelNormalization<float> normalization[image_channels];
};

inline Retina retina(const GlimpseGeometry& geometry) {
  Retina result{.geometry = geometry, .normalization = {}};
  for (std::size_t c = 0; c < image_channels; ++c)
    result.normalization[c] = math::pixel_normalization<float>(geometry.mean[c], geometry.deviation[c]);
  return result;
}

/// An image seen through its symmetry: the address of a pixel is an affine function of its place.
struct OrientedPixels {
  const std::uint8_t* origin;  ///< of pixel (0, 0)
  Index step_x;                ///< bytes
  Index step_y;
  Index width;
  Index height;

  __device__ __forceinline__ explicit OrientedPixels(const StagedImage& image) {
    const auto address = [&](Index x, Index y) {
      const PixelPosition at = source_pixel(image.symmetry, x, y, image.width, image.height);
      return at.y * image.row_stride + at.x * image_channels;
    };
    const Index corner = address(0, 0);
    origin = image.pixels + corner;
    step_x = address(1, 0) - corner;
    step_y = address(0, 1) - corner;
    width = math::oriented_width(image.symmetry, image.width, image.height);
    height = math::oriented_height(image.symmetry, image.width, image.height);
  }
};

/// One scale, at full resolution: patches (B, side, side, 3), in packs that do not leave a row. A sample has `chunks`
/// blocks, a multiple of three, so that the pack of a thread begins with the same channel each time.
template <class T, int N>
__global__ void crop_glimpses_kernel(const StagedImage* __restrict__ images, const float* __restrict__ location,
                                     Retina retina, T* __restrict__ patches, unsigned chunks, Divider packs_of_row,
                                     std::uint32_t packs) {
  const unsigned sample = blockIdx.x / chunks;
  const unsigned chunk = blockIdx.x - sample * chunks;
  const OrientedPixels image(images[sample]);
  const math::GlimpseWindow window =
      math::glimpse_window(retina.geometry, 0, location + Index{sample} * 2, image.width, image.height);
  const bool inside =
      window.x >= 0 && window.y >= 0 && window.x + window.size <= image.width && window.y + window.size <= image.height;
  T* const to = patches + Index{sample} * packs * N;

  // Number k of a pack has the channel of number k % 3, k / 3 pixels further on.
  std::uint32_t pack = chunk * block_threads + threadIdx.x;
  const std::uint32_t phase = pack * N % 3;
  float gain[3], offset[3];
  Index pixel[3];
  Index place[3];  // bytes from the pixel in which the pack begins
#pragma unroll
  for (int k = 0; k < 3; ++k) {
    const bool next = phase + k >= 3;
    const std::uint32_t channel = phase + k - (next ? 3 : 0);
    const auto of_channel = [&](float red, float green, float blue) {
      return channel == 0 ? red : channel == 1 ? green : blue;
    };
    const auto& normalization = retina.normalization;
    gain[k] = of_channel(normalization[0].gain, normalization[1].gain, normalization[2].gain);
    offset[k] = of_channel(normalization[0].offset, normalization[1].offset, normalization[2].offset);
    pixel[k] = next ? 1 : 0;
    place[k] = channel + (next ? image.step_x : 0);
  }

  for (; pack < packs; pack += chunks * block_threads) {
    const std::uint32_t i = packs_of_row.divide(pack);
    const std::uint32_t first = (pack - i * packs_of_row.divisor()) * N / 3;  // pixel of the row
    const Index x = window.x + first, y = window.y + i;
    const Index from = x * image.step_x + y * image.step_y;
    const auto value = [&](int k, Index sum, Index count) {
      return math::patch_value<float>({gain[k % 3], offset[k % 3]}, sum, count, 1);
    };
    const auto byte = [&](int k) -> Index { return image.origin[from + place[k % 3] + k / 3 * image.step_x]; };
    Floats<N> values;
    if (inside) {
#pragma unroll
      for (int k = 0; k < N; ++k) values.value[k] = value(k, byte(k), 1);
    } else {
      const bool row_exists = y >= 0 && y < image.height;
#pragma unroll
      for (int k = 0; k < N; ++k) {
        const Index column = x + pixel[k % 3] + k / 3;
        const bool exists = row_exists && column >= 0 && column < image.width;
        values.value[k] = exists ? value(k, byte(k), 1) : value(k, 0, 0);
      }
    }
    store(to + Index{pack} * N, values);
  }
}

/// Any scales: one thread a pixel of one scale. A sample has `chunks` blocks for each scale.
template <class T>
__global__ void crop_scales_kernel(const StagedImage* __restrict__ images, const float* __restrict__ location,
                                   Retina retina, T* __restrict__ patches, unsigned chunks, Divider side) {
  const unsigned scales = static_cast<unsigned>(retina.geometry.scales);
  const unsigned part = blockIdx.x / chunks;
  const unsigned sample = part / scales;
  const unsigned scale = part - sample * scales;
  const std::uint32_t pixel = (blockIdx.x - part * chunks) * block_threads + threadIdx.x;
  const std::uint32_t i = side.divide(pixel);
  const std::uint32_t j = pixel - i * side.divisor();
  if (i >= side.divisor()) return;

  const OrientedPixels image(images[sample]);
  const math::GlimpseWindow window = math::glimpse_window(
      retina.geometry, scale, location + Index{sample} * retina.geometry.location_size(), image.width, image.height);
  const Index box = window.size / retina.geometry.side;
  const Index x = window.x + j * box, y = window.y + i * box;
  const Index left = x < 0 ? 0 : x, right = x + box < image.width ? x + box : image.width;
  const Index top = y < 0 ? 0 : y, bottom = y + box < image.height ? y + box : image.height;
  const Index columns = right > left ? right - left : 0, rows = bottom > top ? bottom - top : 0;
  Index sum0 = 0, sum1 = 0, sum2 = 0;
  for (Index row = 0; row < rows; ++row) {
    const std::uint8_t* from = image.origin + (left * image.step_x + (top + row) * image.step_y);
    std::uint32_t row0 = 0, row1 = 0, row2 = 0;
    for (Index column = 0; column < columns; ++column, from += image.step_x) {
      row0 += from[0];
      row1 += from[1];
      row2 += from[2];
    }
    sum0 += row0;
    sum1 += row1;
    sum2 += row2;
  }
  const Index count = rows * columns, area = box * box;
  T* const to = patches + ((Index{sample} * side.divisor() + i) * side.divisor() + j) * (scales * image_channels) +
                scale * image_channels;
  to[0] = from_float<T>(math::patch_value(retina.normalization[0], sum0, count, area));
  to[1] = from_float<T>(math::patch_value(retina.normalization[1], sum1, count, area));
  to[2] = from_float<T>(math::patch_value(retina.normalization[2], sum2, count, area));
}

template <class T, int N>
void crop_one_scale(const StagedImage* images, const float* location, const GlimpseGeometry& geometry, Map patches,
                    Index batch, cudaStream_t stream) {
  const Index packs_of_row = geometry.side * image_channels / N;
  const Index packs = geometry.side * packs_of_row;
  constexpr Index enough_threads = 1 << 18;  // beyond it a thread may as well have more to do for its preparations
  const Index packs_of_thread = std::clamp<Index>(batch * packs / enough_threads, 1, 12);
  const Index chunks = 3 * ceil_divide(packs, 3 * Index{block_threads} * packs_of_thread);
  launch("crop_glimpses", crop_glimpses_kernel<T, N>, batch * chunks, stream, images, location, retina(geometry),
         numbers<T>(patches), static_cast<unsigned>(chunks), Divider(packs_of_row), static_cast<std::uint32_t>(packs));
}

}  // namespace kernels

void crop_glimpses(const StagedImage* images, const float* location, const GlimpseGeometry& geometry, Map patches,
                   Index batch, cudaStream_t stream) {
  if (batch == 0) return;
  if (geometry.side > 16384) throw CudaError("crop_glimpses: a side beyond 16384 pixels is not supported");
  kernels::with_type(patches.format, [&]<class T>(kernels::Type<T>) {
    constexpr int N = kernels::pack_width<T>;
    const bool full_resolution = geometry.scales == 1 && geometry.zooms == 1;
    if (full_resolution && geometry.side * image_channels % N == 0) {
      kernels::crop_one_scale<T, N>(images, location, geometry, patches, batch, stream);
    } else if (full_resolution) {
      kernels::crop_one_scale<T, 1>(images, location, geometry, patches, batch, stream);
    } else {
      const Index chunks = kernels::ceil_divide(geometry.side * geometry.side, kernels::block_threads);
      kernels::launch("crop_glimpses", kernels::crop_scales_kernel<T>, batch * geometry.scales * chunks, stream, images,
                      location, kernels::retina(geometry), kernels::numbers<T>(patches), static_cast<unsigned>(chunks),
                      kernels::Divider(geometry.side));
    }
  });
}

}  // namespace cuda
}  // namespace saccade
