#pragma once

#include <saccade/core/box.hpp>
#include <saccade/core/error.hpp>
#include <saccade/core/image.hpp>
#include <saccade/core/symmetry.hpp>
#include <saccade/data/nucleus.hpp>
#include <saccade/data/synthetic_tissue.hpp>
#include <saccade/data/tissue_texture.hpp>
#include <saccade/math/random_sequence.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// A data set of drawn slides: tissue on glass, in which one region of a stated size tells the class. Like
/// SyntheticTissueOptions, at any size.
struct SlideTissueOptions {
  Index width = 32768;   ///< pixels
  Index height = 32768;  ///< pixels
  Index region = 2048;   ///< side of the region that tells the class, in pixels
  Index slides_per_class = 10;
  std::uint64_t seed = 1;

  [[nodiscard]] Index slides() const { return 2 * slides_per_class; }

  /// 0 (benign) for the first half of the slides, 1 (malignant) for the second.
  [[nodiscard]] Index label(Index slide) const { return slide < slides_per_class ? 0 : 1; }
};

/// @throws ConfigError naming the option that is out of its range
inline void validate(const SlideTissueOptions& options) {
  expect_config(options.width >= 1024 && options.height >= 1024 && options.width <= 262144 && options.height <= 262144,
                "drawn slides: width and height must be 1024 to 262144 pixels, but are " +
                    std::to_string(options.width) + " and " + std::to_string(options.height));
  const Index largest = std::min(options.width, options.height) / 4;
  expect_config(options.region >= 64 && options.region <= largest,
                "drawn slides: the region must be 64 to " + std::to_string(largest) +
                    " pixels, a quarter of the slide, but is " + std::to_string(options.region));
  expect_config(
      options.slides_per_class >= 1 && options.slides_per_class <= 10000,
      "drawn slides: slides_per_class must be 1 to 10000, but is " + std::to_string(options.slides_per_class));
}

/// One drawn slide, any box of which can be drawn by itself: what a pixel shows depends on the options, the number of
/// the slide and its place alone.
class SlideTissue {
 public:
  /// Pixels of a cell, on each axis: what is random is drawn cell by cell.
  static constexpr Index cell = 256;

  /// @throws ConfigError
  SlideTissue(const SlideTissueOptions& options, Index slide) : SlideTissue(options, slide, options.label(slide)) {}

  /// The slide drawn as a member of class `label`: outside the region it is the same.
  SlideTissue(const SlideTissueOptions& options, Index slide, Index label)
      : SlideTissue(options, slide, label, random_of(options, slide, Part::stroma),
                    random_of(options, slide, Part::layout)) {}

  [[nodiscard]] Index width() const { return options_.width; }
  [[nodiscard]] Index height() const { return options_.height; }
  [[nodiscard]] Index label() const { return label_; }
  [[nodiscard]] const Box& region() const { return region_; }

  /// Column and row of cells. Parts of it beyond the slide are drawn as well.
  [[nodiscard]] RgbImage draw_cell(Index column, Index row) const {
    const PixelPosition origin{column * cell, row * cell};
    DyeMap dyes(cell, cell);
    const std::vector<int> cover = cover_of(origin);
    if (!cover.empty()) {
      detail::draw_stroma(dyes, {&region_, 1}, noise_, fibres_, origin);
      for (Index y = std::max<Index>(row - 1, 0); y <= row + 1; ++y) {
        for (Index x = std::max<Index>(column - 1, 0); x <= column + 1; ++x) {
          auto random = cell_random(x, y, Part::scattered);
          detail::draw_scattered_nuclei(dyes, {&region_, 1}, noise_, random, {x * cell, y * cell, cell, cell}, origin);
        }
      }
      if (region_.intersection({origin.x, origin.y, cell, cell}).area() > 0) {
        auto places = random_of(options_, slide_, Part::region);
        detail::draw_region_nuclei(dyes, region_, label_, noise_, places, origin);
      }
    }
    for (std::size_t i = 0; i < dyes.eosin.size(); ++i) {
      const int part = cover.empty() ? 0 : cover[i];
      dyes.eosin[i] = static_cast<std::int16_t>(trace + (dyes.eosin[i] * part >> 8));
      dyes.hematoxylin[i] = static_cast<std::int16_t>(trace + (dyes.hematoxylin[i] * part >> 8));
    }
    auto grain = cell_random(column, row, Part::grain);
    return develop(dyes, stain_, grain);
  }

 private:
  using Part = detail::TissuePart;

  SlideTissue(const SlideTissueOptions& options, Index slide, Index label, math::RandomSequence stroma,
              math::RandomSequence layout)
      : options_(checked(options)),
        slide_(slide),
        label_(label),
        noise_(stroma),
        fibres_(stroma),
        stain_(detail::draw_stain({.seed = options.seed ^ slide_seed}, slide, 0)),
        region_(place_region(options, layout)) {}

  static const SlideTissueOptions& checked(const SlideTissueOptions& options) {
    validate(options);
    return options;
  }

  /// Slides share no random words with photographs.
  static constexpr std::uint64_t slide_seed = 0x736c69646573u;

  static math::RandomSequence random_of(const SlideTissueOptions& options, Index slide, Part part) {
    return detail::tissue_random({.seed = options.seed ^ slide_seed}, slide, 0, part);
  }

  [[nodiscard]] math::RandomSequence cell_random(Index column, Index row, Part part) const {
    // Below 2^32, the numbers of images of a patient; 0 is the slide itself.
    return detail::tissue_random({.seed = options_.seed ^ slide_seed}, slide_, 1 + (row << 12 | column), part);
  }

  /// Wholly on tissue: within the middle three fifths of the slide.
  static Box place_region(const SlideTissueOptions& options, math::RandomSequence& random) {
    const auto place = [&](Index extent) {
      const Index first = extent / 5, room = extent - 2 * first - options.region;
      return first + static_cast<Index>(random.below(static_cast<std::uint64_t>(room + 1)));
    };
    const Index x = place(options.width), y = place(options.height);
    return {x, y, options.region, options.region};
  }

  /// Where a column or row lies between the middle, 0, and the tissue's end, 256 or -256.
  [[nodiscard]] static int along(Index place, Index extent) {
    return static_cast<int>((2 * place - extent) * 256 / (extent * 9 / 10));
  }

  /// How far a pixel is inside a superellipse of four fifths of the slide, 0 on its rim, 256 in the middle.
  [[nodiscard]] static int depth(int across, int down) {
    const int across2 = across * across >> 8, down2 = down * down >> 8;
    return 256 - ((across2 * across2 + down2 * down2) >> 8);
  }

  /// What an uneven rim takes from the depth of a pixel, 0 to `largest_unevenness`.
  [[nodiscard]] int unevenness(Index x, Index y) const {
    const auto u = static_cast<int>(x * 64 * 256 / options_.width),
               v = static_cast<int>(y * 64 * 256 / options_.height);
    return (noise_(u / 4, v / 4) + noise_(u, v) / 4) / 4;
  }
  static constexpr int largest_unevenness = (255 + 255 / 4) / 4;

  /// Tissue covers a pixel the more, the deeper it is inside, and from here on all of it.
  static constexpr int covered_depth = 4;

  /// How much of each pixel of a cell tissue covers, in 1/256; empty where there is nothing but glass.
  [[nodiscard]] std::vector<int> cover_of(PixelPosition origin) const {
    // The ends of a cell that are nearest to the middle and farthest from it tell of nearly all cells what they are.
    const auto ends = [](Index first, Index extent) {
      const int a = along(first, extent), b = along(first + cell - 1, extent);
      const int least = (a < 0) != (b < 0) ? 0 : std::min(std::abs(a), std::abs(b));
      return std::pair(least, std::max(std::abs(a), std::abs(b)));
    };
    const auto [across, far_across] = ends(origin.x, options_.width);
    const auto [down, far_down] = ends(origin.y, options_.height);
    if (depth(across, down) <= 0) return {};
    const std::size_t size = static_cast<std::size_t>(cell * cell);
    if (depth(far_across, far_down) - largest_unevenness >= covered_depth) return std::vector<int>(size, 256);
    std::vector<int> cover;
    cover.reserve(size);
    bool any = false;
    for (Index y = origin.y; y < origin.y + cell; ++y) {
      for (Index x = origin.x; x < origin.x + cell; ++x) {
        const int inside = depth(along(x, options_.width), along(y, options_.height)) - unevenness(x, y);
        cover.push_back(std::clamp(inside * (256 / covered_depth), 0, 256));
        any = any || cover.back() > 0;
      }
    }
    return any ? cover : std::vector<int>();
  }

  /// Dye on bare glass: a trace of it.
  static constexpr int trace = 4;

  SlideTissueOptions options_;
  Index slide_;
  Index label_;
  NoiseTile noise_;
  detail::Fibres fibres_;
  Stain stain_;
  Box region_;
};

}  // namespace saccade::data
