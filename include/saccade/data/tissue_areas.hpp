#pragma once

#include <saccade/core/any_image.hpp>
#include <saccade/core/tissue_area.hpp>
#include <saccade/data/tissue_mask.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// Cells of a TissueArea on the longer side of an image, at most: a cell is 1, 2, 4, ... pixels wide.
inline constexpr Index tissue_cells = 256;

namespace detail {

/// Means, rounded, of squares of `side` pixels, cut off where the image ends.
[[nodiscard]] inline RgbImage reduced(const RgbImage& image, Index side) {
  RgbImage thumbnail((image.width + side - 1) / side, (image.height + side - 1) / side);
  for (Index y = 0; y < thumbnail.height; ++y) {
    for (Index x = 0; x < thumbnail.width; ++x) {
      Index sums[image_channels] = {}, count = 0;
      for (Index row = y * side; row < std::min((y + 1) * side, image.height); ++row)
        for (Index column = x * side; column < std::min((x + 1) * side, image.width); ++column, ++count)
          for (int c = 0; c < image_channels; ++c) sums[c] += image.at(column, row)[c];
      for (int c = 0; c < image_channels; ++c)
        thumbnail.at(x, y)[c] = static_cast<std::uint8_t>((2 * sums[c] + count) / (2 * count));
    }
  }
  return thumbnail;
}

/// The same of a source, some columns at a time: a slide without coarser levels is read at full resolution for it.
[[nodiscard]] inline RgbImage reduced(const StreamedImage& source, Index side) {
  constexpr Index most_columns = 16;
  RgbImage thumbnail((source.width() + side - 1) / side, (source.height() + side - 1) / side);
  std::vector<std::uint8_t> strip;
  for (Index x = 0; x < thumbnail.width; x += most_columns) {
    const Index columns = std::min(most_columns, thumbnail.width - x);
    strip.resize(static_cast<std::size_t>(columns * thumbnail.height * image_channels));
    source.read_region(x * side, 0, columns, thumbnail.height, side, std::span<std::uint8_t>(strip));
    for (Index y = 0; y < thumbnail.height; ++y)
      std::copy_n(strip.data() + y * columns * image_channels, columns * image_channels, thumbnail.at(x, y));
  }
  return thumbnail;
}

}  // namespace detail

/// The tissue of an image by `find_tissue` on a thumbnail of at most `tissue_cells` pixels a side, which is all that is
/// read of a source. @throws what reading throws
[[nodiscard]] inline TissueArea find_tissue_area(const AnyImage& image) {
  Index cell = 1;
  while (std::max(image.width(), image.height()) > cell * tissue_cells) cell *= 2;
  TissueMask mask =
      find_tissue(image.source() ? detail::reduced(*image.source(), cell) : detail::reduced(*image.pixels(), cell));
  return {{image.width(), image.height()}, cell, std::move(mask.tissue)};
}

/// The tissue of a data set's images, each found when it is first asked for and kept, in at most 64 KiB. Several
/// threads may ask at once.
class TissueAreas {
 public:
  explicit TissueAreas(Index images) : areas_(static_cast<std::size_t>(images)) {}

  /// @param number  of the image in the data set. @throws what reading throws
  [[nodiscard]] std::shared_ptr<const TissueArea> of(Index number, const AnyImage& image) {
    std::shared_ptr<const TissueArea>& kept = areas_[static_cast<std::size_t>(number)];
    {
      const std::lock_guard lock(mutex_);
      // An image that has changed since is looked at again.
      if (kept && kept->size() == ImageSize{image.width(), image.height()}) return kept;
    }
    auto found = std::make_shared<const TissueArea>(find_tissue_area(image));
    const std::lock_guard lock(mutex_);
    return kept = std::move(found);
  }

  /// Numbers of the images on which none was found, of those asked for so far.
  [[nodiscard]] std::vector<Index> without() const {
    const std::lock_guard lock(mutex_);
    std::vector<Index> numbers;
    for (std::size_t i = 0; i < areas_.size(); ++i)
      if (areas_[i] && !areas_[i]->found()) numbers.push_back(static_cast<Index>(i));
    return numbers;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<const TissueArea>> areas_;
};

}  // namespace saccade::data
