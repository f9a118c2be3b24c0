#pragma once

#include <saccade/core/streamed_image.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace saccade_test {

/// An image in memory behind the door of a slide: reads regions, reduces by whole boxes, and counts what it was asked
/// for. Neither image nor count is its own.
struct Slide {
  const saccade::RgbImage* image;
  saccade::Index* pixels_read = nullptr;

  [[nodiscard]] saccade::Index width() const { return image->width; }
  [[nodiscard]] saccade::Index height() const { return image->height; }

  void read_region(saccade::Index x, saccade::Index y, saccade::Index width, saccade::Index height,
                   saccade::Index reduction, std::span<std::uint8_t> pixels) const {
    std::size_t next = 0;
    for (saccade::Index j = 0; j < height; ++j)
      for (saccade::Index i = 0; i < width; ++i)
        for (saccade::Index c = 0; c < 3; ++c)
          pixels[next++] = mean(x + i * reduction, y + j * reduction, reduction, c);
    if (pixels_read) *pixels_read += width * height;
  }

 private:
  [[nodiscard]] std::uint8_t mean(saccade::Index x, saccade::Index y, saccade::Index size, saccade::Index c) const {
    saccade::Index sum = 0, count = 0;
    for (saccade::Index row = std::max<saccade::Index>(y, 0); row < std::min(y + size, height()); ++row)
      for (saccade::Index column = std::max<saccade::Index>(x, 0); column < std::min(x + size, width());
           ++column, ++count)
        sum += image->at(column, row)[c];
    // Nothing there: anything may come back.
    return static_cast<std::uint8_t>(count == 0 ? 77 : (2 * sum + count) / (2 * count));
  }
};

static_assert(saccade::RegionSource<Slide>);

}  // namespace saccade_test
