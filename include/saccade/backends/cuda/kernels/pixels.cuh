#pragma once

#include <saccade/backends/cuda/kernels/pack.cuh>

#include <algorithm>

/// One thread for each pack of channels of each pixel, for what looks at a pixel's neighbours. Blocks stay within a row
/// of pixels, or within a strip of rows.
namespace saccade::inline SACCADE_VERSION_NAMESPACE {
namespace SACCADE_HIDDEN cuda {
namespace kernels {

/// How `strips` strips of a map are shared among blocks; a strip is `width` pixels of `channels` numbers wide.
class PixelGrid {
 public:
  PixelGrid(const char* name, Index strips, Index width, Index channels, Index pack)
      : strips_(strips), packs_(channels / pack), width_(static_cast<std::uint32_t>(width)) {
    const Index length = width * (channels / pack);
    if (length > std::numeric_limits<std::int32_t>::max())
      throw CudaError(std::string(name) + ": a row of a map has more than 2^31 - 1 numbers");
    chunks_ = static_cast<std::uint32_t>(ceil_divide(length, block_threads));
  }

  [[nodiscard]] Index blocks() const { return strips_ * chunks_; }

  /// What the running thread has to do.
  struct Place {
    Index strip;
    std::int32_t column;
    std::int32_t channel;  ///< the first of its pack
    bool active;           ///< whether the pixel exists
  };

  template <int N>
  [[nodiscard]] __device__ __forceinline__ Place place() const {
    const std::uint32_t strip = blockIdx.x / chunks_;  // blocks are fewer than 2^31
    const std::uint32_t element = (blockIdx.x - strip * chunks_) * block_threads + threadIdx.x;
    const std::uint32_t column = packs_.divide(element);
    return {Index{strip}, static_cast<std::int32_t>(column),
            static_cast<std::int32_t>((element - column * packs_.divisor()) * N), column < width_};
  }

 private:
  Index strips_;
  std::uint32_t chunks_;
  Divider packs_;
  std::uint32_t width_;
};

/// Extents of a map of whole images, in 32 bits: each is below 2^31, though their product need not be.
struct MapExtents {
  std::int32_t height;
  std::int32_t width;
  std::int32_t channels;

  /// Place of (b, row, column, channel).
  [[nodiscard]] SACCADE_HOST_DEVICE Index offset(Index image, std::int32_t row, std::int32_t column,
                                                 std::int32_t channel) const {
    return ((image * height + row) * width + column) * channels + channel;
  }
};

inline MapExtents map_extents(Index height, Index width, Index channels) {
  return {static_cast<std::int32_t>(height), static_cast<std::int32_t>(width), static_cast<std::int32_t>(channels)};
}

}  // namespace kernels
}  // namespace cuda
}  // namespace saccade
