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
#include <string>
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

  /// How far a pixel is inside the tissue, 0 on its rim, 256 in the middle: a superellipse of four fifths of the slide
  /// with an uneven rim.
  [[nodiscard]] int depth(Index x, Index y) const {
    const auto across = static_cast<int>((2 * x - options_.width) * 256 / (options_.width * 9 / 10));
    const auto down = static_cast<int>((2 * y - options_.height) * 256 / (options_.height * 9 / 10));
    const int across2 = across * across >> 8, down2 = down * down >> 8;
    const int radius4 = (across2 * across2 + down2 * down2) >> 8;
    const auto u = static_cast<int>(x * 64 * 256 / options_.width),
               v = static_cast<int>(y * 64 * 256 / options_.height);
    return 256 - radius4 - (noise_(u / 4, v / 4) + noise_(u, v) / 4) / 4;
  }

  /// How much of each pixel of a cell tissue covers, in 1/256; empty where there is nothing but glass.
  [[nodiscard]] std::vector<int> cover_of(PixelPosition origin) const {
    std::vector<int> cover;
    cover.reserve(static_cast<std::size_t>(cell * cell));
    bool any = false;
    for (Index row = 0; row < cell; ++row) {
      for (Index column = 0; column < cell; ++column) {
        cover.push_back(std::clamp(depth(origin.x + column, origin.y + row) * 64, 0, 256));
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
