#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/image.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

/// Where tissue lies on a slide, by its thumbnail: glass is grey, stains are not.
namespace saccade::inline SACCADE_NAMESPACE::data {

/// How many pixels have each of 256 values.
using Histogram = std::array<Index, 256>;

/// The value t for which values <= t and values > t differ most: w0 w1 (m1 - m0)^2 is largest, where w are the shares
/// and m the means of the two. The smallest of several; -1 where all pixels have one value.
/// Source: Otsu, "A threshold selection method from gray-level histograms", 1979.
[[nodiscard]] inline int otsu_threshold(const Histogram& histogram) {
  Index all = 0, weighted = 0;
  for (std::size_t value = 0; value < histogram.size(); ++value) {
    all += histogram[value];
    weighted += histogram[value] * static_cast<Index>(value);
  }
  Index below = 0, weighted_below = 0;
  double most = 0;
  int threshold = -1;
  for (std::size_t value = 0; value < histogram.size(); ++value) {
    below += histogram[value];
    weighted_below += histogram[value] * static_cast<Index>(value);
    if (below == 0 || below == all) continue;
    const double first = static_cast<double>(weighted_below) / static_cast<double>(below);
    const double second = static_cast<double>(weighted - weighted_below) / static_cast<double>(all - below);
    const double apart =
        static_cast<double>(below) * static_cast<double>(all - below) * (second - first) * (second - first);
    if (apart <= most) continue;
    most = apart;
    threshold = static_cast<int>(value);
  }
  return threshold;
}

/// Saturation of a colour, 255 (max - min) / max, rounded down; 0 of black.
[[nodiscard]] inline int saturation(const std::uint8_t* pixel) {
  const int high = std::max({pixel[0], pixel[1], pixel[2]}), low = std::min({pixel[0], pixel[1], pixel[2]});
  return high == 0 ? 0 : 255 * (high - low) / high;
}

/// Which pixels of a thumbnail show tissue.
struct TissueMask {
  Index width = 0;
  Index height = 0;
  std::vector<std::uint8_t> tissue{};  ///< (height, width): 1 tissue, 0 glass

  [[nodiscard]] bool at(Index x, Index y) const { return tissue[static_cast<std::size_t>(y * width + x)] != 0; }

  /// Pixels of tissue.
  [[nodiscard]] Index area() const { return std::count(tissue.begin(), tissue.end(), std::uint8_t{1}); }
};

/// What is no more saturated is glass, whatever else there is: of a slide without tissue only noise would be told
/// apart.
inline constexpr int glass_saturation = 8;

/// Tissue is what is more saturated than Otsu's threshold says, and than glass.
/// @throws ConfigError for a thumbnail without pixels
[[nodiscard]] inline TissueMask find_tissue(const RgbImage& thumbnail) {
  expect_config(thumbnail.width >= 1 && thumbnail.height >= 1, "find_tissue: the thumbnail has no pixels");
  Histogram histogram{};
  const auto pixels = static_cast<std::size_t>(thumbnail.width * thumbnail.height);
  for (std::size_t i = 0; i < pixels; ++i)
    ++histogram[static_cast<std::size_t>(saturation(&thumbnail.pixels[image_channels * i]))];
  const int threshold = std::max(otsu_threshold(histogram), glass_saturation);
  TissueMask mask{.width = thumbnail.width, .height = thumbnail.height};
  for (std::size_t i = 0; i < pixels; ++i)
    mask.tissue.push_back(saturation(&thumbnail.pixels[image_channels * i]) > threshold ? 1 : 0);
  return mask;
}

}  // namespace saccade::data
