#pragma once

#include <saccade/core/image.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

namespace bench {

using saccade::Index;

/// A picture of any size that is never there: a cloth of coloured threads, p(x, y) = warp[x] + weft[y] by channel, with
/// tables that repeat. A mean over a rectangle is the mean of its columns plus that of its rows, so that any reduction
/// costs as little as none. Models saccade::RegionSource.
class ProceduralImage {
 public:
  ProceduralImage(Index width, Index height, std::uint32_t seed = 1) : width_(width), height_(height) {
    std::uint32_t state = seed * 2654435761u + 1;
    for (auto* thread : {&warp_, &weft_}) {
      for (std::size_t c = 0; c < channels; ++c) {
        std::int64_t sum = 0;
        for (std::size_t i = 0; i < period; ++i) {
          thread->at(c)[i] = sum;
          state = state * 1664525u + 1013904223u;
          sum += state >> 25;  // 0 to 127
        }
        thread->at(c)[period] = sum;
      }
    }
  }

  [[nodiscard]] Index width() const { return width_; }
  [[nodiscard]] Index height() const { return height_; }

  /// See saccade::RegionSource.
  void read_region(Index x, Index y, Index width, Index height, Index reduction, std::span<std::uint8_t> pixels) const {
    const Strip columns(warp_, x, width, reduction, width_), rows(weft_, y, height, reduction, height_);
    std::size_t out = 0;
    for (std::size_t j = 0; j < static_cast<std::size_t>(height); ++j) {
      for (std::size_t i = 0; i < static_cast<std::size_t>(width); ++i) {
        const std::int64_t area = std::max<std::int64_t>(columns.count[i] * rows.count[j], 1);
        for (std::size_t c = 0; c < channels; ++c) {
          const std::int64_t sum = columns.sum[c][i] * rows.count[j] + rows.sum[c][j] * columns.count[i];
          pixels[out++] = static_cast<std::uint8_t>((sum + area / 2) / area);
        }
      }
    }
  }

 private:
  static constexpr std::size_t channels = 3;
  static constexpr std::size_t period = 1021;
  using Thread = std::array<std::array<std::int64_t, period + 1>, channels>;  ///< sums of what stands before

  /// Along one axis: how many pixels of the image each pixel of a region stands for, and their sum.
  struct Strip {
    std::vector<std::int64_t> count;
    std::array<std::vector<std::int64_t>, channels> sum;

    Strip(const Thread& thread, Index first, Index length, Index reduction, Index extent) {
      for (Index i = 0; i < length; ++i) {
        const Index from = std::clamp<Index>(first + i * reduction, 0, extent);
        const Index to = std::clamp<Index>(first + (i + 1) * reduction, 0, extent);
        count.push_back(to - from);
        for (std::size_t c = 0; c < channels; ++c) sum[c].push_back(before(thread[c], to) - before(thread[c], from));
      }
    }

    static std::int64_t before(const std::array<std::int64_t, period + 1>& sums, Index place) {
      const auto [rounds, rest] = std::div(place, static_cast<Index>(period));
      return rounds * sums[period] + sums[static_cast<std::size_t>(rest)];
    }
  };

  Index width_;
  Index height_;
  Thread warp_{};
  Thread weft_{};
};

static_assert(saccade::RegionSource<ProceduralImage>);

/// The same picture in memory.
[[nodiscard]] inline saccade::RgbImage materialize(const ProceduralImage& source) {
  saccade::RgbImage image(source.width(), source.height());
  source.read_region(0, 0, image.width, image.height, 1, image.pixels);
  return image;
}

}  // namespace bench
