#pragma once

#include <saccade/core/box.hpp>
#include <saccade/core/error.hpp>
#include <saccade/core/image.hpp>
#include <saccade/core/symmetry.hpp>
#include <saccade/data/breakhis_name.hpp>
#include <saccade/data/nucleus.hpp>
#include <saccade/data/tissue_texture.hpp>
#include <saccade/math/random_sequence.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// A data set of drawn tissue in which it is known where to look. Every image holds one region of dense nuclei at a
/// random place. Shrunk 8 times the region is a faint change of texture, the same for both classes; only at full
/// resolution do its nuclei tell the class. Nothing else in the image depends on the class.
struct SyntheticTissueOptions {
  Index width = 700;          ///< pixels
  Index height = 460;         ///< pixels
  double region_area = 0.04;  ///< area of the region's box as a share of the image, 0.001 to 0.5
  Index patients_per_class = 12;
  Index images_per_patient = 20;
  std::uint64_t seed = 1;
  Index magnification = 100;  ///< only a label: it does not change the pictures

  [[nodiscard]] Index patients() const { return 2 * patients_per_class; }

  /// 0 (benign) for the first half of the patients, 1 (malignant) for the second.
  [[nodiscard]] Index label(Index patient) const { return patient < patients_per_class ? 0 : 1; }
};

/// @throws ConfigError naming the option that is out of its range.
inline void validate(const SyntheticTissueOptions& options) {
  expect_config(options.width >= 64 && options.height >= 64 && options.width <= 20000 && options.height <= 20000,
                "synthetic tissue: width and height must be 64 to 20000 pixels, but are " +
                    std::to_string(options.width) + " and " + std::to_string(options.height));
  expect_config(options.region_area >= 0.001 && options.region_area <= 0.5,
                "synthetic tissue: region_area must be 0.001 to 0.5, but is " + std::to_string(options.region_area));
  expect_config(
      options.patients_per_class >= 1 && options.patients_per_class <= 10000,
      "synthetic tissue: patients_per_class must be 1 to 10000, but is " + std::to_string(options.patients_per_class));
  expect_config(
      options.images_per_patient >= 1 && options.images_per_patient <= 10000,
      "synthetic tissue: images_per_patient must be 1 to 10000, but is " + std::to_string(options.images_per_patient));
  expect_config(options.magnification >= 1,
                "synthetic tissue: magnification must be positive, but is " + std::to_string(options.magnification));
}

struct SyntheticImage {
  RgbImage image;
  Box region;       ///< box around the region, inside the image
  Index label = 0;  ///< 0 benign, 1 malignant
};

namespace detail {

/// A purpose's own random words, so that drawing more of one thing moves nothing else.
enum class TissuePart : std::uint64_t { stain, layout, stroma, scattered, region, grain };

inline math::RandomSequence tissue_random(const SyntheticTissueOptions& options, Index patient, Index image,
                                          TissuePart part) {
  const std::uint64_t counter = static_cast<std::uint64_t>(patient) << 40 | static_cast<std::uint64_t>(image) << 8 |
                                static_cast<std::uint64_t>(part);
  return math::RandomSequence({.seed = options.seed, .stream = RandomStream::synthetic, .counter = counter});
}

/// The laboratory differs by patient (by up to a fifth), the section a little by image.
inline Stain draw_stain(const SyntheticTissueOptions& options, Index patient, Index image) {
  Stain stain;
  const auto vary = [&stain](math::RandomSequence random, int strength_percent, int hue_percent) {
    for (std::array<int, 3>* dye : {&stain.hematoxylin, &stain.eosin}) {
      const int strength = random.between(100 - strength_percent, 100 + strength_percent);
      for (int& density : *dye)
        density = density * strength * random.between(100 - hue_percent, 100 + hue_percent) / 10000;
    }
  };
  // Image numbers end below 2^32, so this key belongs to the patient alone.
  vary(tissue_random(options, patient, (Index{1} << 32) - 1, TissuePart::stain), 20, 10);
  vary(tissue_random(options, patient, image, TissuePart::stain), 5, 2);
  return stain;
}

/// A box of the wanted area, its sides in a ratio of 4:5 to 5:4, anywhere inside the image.
inline Box place_region(const SyntheticTissueOptions& options, math::RandomSequence& random) {
  const auto area = static_cast<Index>(options.region_area * static_cast<double>(options.width * options.height));
  const Index ratio = random.between(80, 125);
  Index width = 1;
  while ((width + 1) * (width + 1) * 100 <= area * ratio) ++width;
  // A region of half an image that is much wider than high must still fit.
  width = std::clamp(width, (area + options.height - 1) / options.height, options.width);
  const Index height = std::min((area + width / 2) / width, options.height);
  const Index x = random.below(static_cast<std::uint64_t>(options.width - width + 1));
  const Index y = random.below(static_cast<std::uint64_t>(options.height - height + 1));
  return {x, y, width, height};
}

/// How far a pixel is inside the region: a rounded patch with an uneven rim; above 0 inside, never so outside the box.
inline int region_depth(const Box& region, const NoiseTile& noise, Index x, Index y) {
  constexpr Index reach = 2048;  // further out it makes no difference
  const auto place = [&](Index offset, Index side) {
    return static_cast<int>(std::clamp((2 * offset - side) * 256 / side, -reach, reach));
  };
  const int across = place(x - region.x, region.width), down = place(y - region.y, region.height);
  const int across2 = across * across >> 8, down2 = down * down >> 8;
  const int radius4 = (across2 * across2 + down2 * down2) >> 8;  // 256 on the rim of the superellipse
  return (256 - radius4) * 2 + noise(static_cast<int>(x) * 20, static_cast<int>(y) * 20) - 255;
}

/// The same of the region that it is deepest in. @param regions  at least one
inline int region_depth(std::span<const Box> regions, const NoiseTile& noise, Index x, Index y) {
  int depth = region_depth(regions.front(), noise, x, y);
  for (const Box& region : regions.subspan(1)) depth = std::max(depth, region_depth(region, noise, x, y));
  return depth;
}

/// How far a pixel is inside a gap, where the slide shows white; negative in tissue.
[[gnu::always_inline]] inline int gap_depth(const NoiseTile& noise, int x, int y) {
  return noise(x * 6 + y * 3, y * 6 - x * 3 + 7000) + noise(x * 4 - y, y * 4 + x) / 2 + noise(x * 16, y * 16) / 8 - 252;
}

/// How the fibres of an image run.
struct Fibres {
  int sine, cosine;
  int offset;

  explicit Fibres(math::RandomSequence& random) {
    const auto direction = random.below(32);
    sine = sine_table[direction];
    cosine = sine_table[direction + 16];
    offset = static_cast<int>(random.below(1 << 14));
  }
};

/// How far each pixel of a row is inside the region that it is deepest in, 0 outside of them.
inline void region_depths(std::span<int> depths, std::span<const Box> regions, const NoiseTile& noise,
                          PixelPosition first) {
  std::ranges::fill(depths, 0);
  for (const Box& region : regions) {
    const Box met = region.intersection({first.x, first.y, static_cast<Index>(depths.size()), 1});
    for (Index x = met.x; x < met.x + met.width * met.height; ++x) {
      int& depth = depths[static_cast<std::size_t>(x - first.x)];
      depth = std::max(depth, region_depth(region, noise, x, first.y));
    }
  }
}

/// Stroma: wavy fibres of eosin in one main direction, loose in places, with gaps where the slide shows white.
/// @param origin  pixel of the image that is the first one of `dyes`
inline void draw_stroma(DyeMap& dyes, std::span<const Box> regions, const NoiseTile& noise, const Fibres& fibre,
                        PixelPosition origin = {}) {
  const int sine = fibre.sine, cosine = fibre.cosine, offset = fibre.offset;
  const auto width = static_cast<int>(dyes.width);
  std::vector<int> depths(static_cast<std::size_t>(width));
  for (Index row = 0; row < dyes.height; ++row) {
    region_depths(depths, regions, noise, {origin.x, origin.y + row});
    const int first = static_cast<int>(origin.x), y = static_cast<int>(origin.y + row);
    std::int16_t* const eosins = dyes.eosin.data() + row * width;
    std::int16_t* const hematoxylins = dyes.hematoxylin.data() + row * width;
    const int* const depth = depths.data();
    for (int column = 0; column < width; ++column) {
      const int x = first + column;
      const int wave = noise(x * 4 + offset, y * 4);  // 64 pixels
      const int along = ((x * cosine + y * sine) >> 6) + offset, across = ((y * cosine - x * sine) >> 6) + wave * 5;
      const int fibres = noise(along * 3 >> 3, across * 3) + noise(along, across * 7 + 9000);
      const int gap = std::max(gap_depth(noise, x, y) * 4 + (fibres - 255) / 2, 0);
      const int eosin = std::max(100 + (fibres * 90 >> 8) - gap, 20);
      const int hematoxylin = std::max(30 + (fibres * 28 >> 8) + (wave >> 3) - gap / 2, 6);
      // Cytoplasm between the nuclei of the region: smoother than stroma.
      const int cover = std::min(depth[column] * 2, 256);
      eosins[column] = static_cast<std::int16_t>(eosin + ((125 + (fibres >> 3) - eosin) * cover >> 8));
      hematoxylins[column] = static_cast<std::int16_t>(hematoxylin + ((70 + (fibres >> 4) - hematoxylin) * cover >> 8));
    }
  }
}

/// Spindle-shaped and round nuclei of the stroma, in looser and denser crowds, none in a region.
/// @param field   box of the image in which their centres lie
/// @param origin  pixel of the image that is the first one of `dyes`
inline void draw_scattered_nuclei(DyeMap& dyes, std::span<const Box> regions, const NoiseTile& noise,
                                  math::RandomSequence& random, const Box& field, PixelPosition origin = {}) {
  const Index attempts = field.area() / 300;
  for (Index attempt = 0; attempt < attempts; ++attempt) {
    Nucleus nucleus;
    nucleus.x =
        static_cast<int>(16 * field.x) + static_cast<int>(random.below(static_cast<std::uint64_t>(field.width * 16)));
    nucleus.y =
        static_cast<int>(16 * field.y) + static_cast<int>(random.below(static_cast<std::uint64_t>(field.height * 16)));
    const bool spindle = random.below(2) == 0;
    const int size = random.between(56, 88);
    nucleus.long_axis = spindle ? size * 7 / 4 : size;
    nucleus.short_axis = spindle ? size * 5 / 8 : size * random.between(80, 100) / 100;
    nucleus.direction = static_cast<int>(random.below(32));
    nucleus.hematoxylin = random.between(190, 330);
    nucleus.irregularity = random.between(0, 90);
    nucleus.coarseness = random.between(10, 70);
    nucleus.texture = static_cast<int>(random.below(1 << 14));
    const int crowd = noise((nucleus.x >> 4) * 7 + 3000, (nucleus.y >> 4) * 7);
    if (static_cast<int>(random.below(256)) > crowd) continue;
    if (gap_depth(noise, nucleus.x >> 4, nucleus.y >> 4) > -8) continue;
    if (region_depth(regions, noise, nucleus.x >> 4, nucleus.y >> 4) > -120) continue;
    nucleus.x -= static_cast<int>(origin.x) * 16;
    nucleus.y -= static_cast<int>(origin.y) * 16;
    draw(dyes, nucleus, noise, {0, 0, dyes.width, dyes.height});
  }
}

/// The nuclei of the region stand at the same places for both classes; the class decides what each looks like.
/// Benign: round, of one size, smooth, evenly stained. Malignant: drawn out, of many sizes, jagged, blotched.
/// @param origin  pixel of the image that is the first one of `dyes`
inline void draw_region_nuclei(DyeMap& dyes, const Box& region, Index label, const NoiseTile& noise,
                               math::RandomSequence& places, PixelPosition origin = {}) {
  const Box shown = Box{region.x - origin.x, region.y - origin.y, region.width, region.height}.intersection(
      {0, 0, dyes.width, dyes.height});
  const int spacing = places.between(180, 205);  // 11 to 13 pixels, in 1/16
  const int darkness = places.between(225, 275);
  // Of a large region a small part may be shown: nuclei that do not reach it are passed over together.
  constexpr int words = 8;  // of `places`, for a nucleus
  const int reach = 2 * spacing + 64;
  const auto sixteenths = [](Index pixels) { return static_cast<int>(pixels) * 16; };
  const int left = sixteenths(origin.x + shown.x) - reach, right = left + sixteenths(shown.width) + 2 * reach;
  const int top = sixteenths(origin.y + shown.y) - reach, bottom = top + sixteenths(shown.height) + 2 * reach;
  for (int y = sixteenths(region.y) + spacing / 2; y < sixteenths(region.y + region.height); y += spacing * 7 / 8) {
    const int shift = places.between(0, spacing);
    const int start = sixteenths(region.x) - shift + spacing / 2;
    const auto count_before = [&](int x) { return std::max(x - start + spacing - 1, 0) / spacing; };
    const int count = count_before(sixteenths(region.x + region.width));
    const bool met = y > top && y < bottom;
    const int first = met ? std::min(count_before(left), count) : count;
    const int last = std::max(first, std::min(count_before(right), count));
    places.skip(static_cast<std::uint32_t>(words * first));
    for (int i = first; i < last; ++i) {
      const int x = start + i * spacing;
      Nucleus nucleus;
      nucleus.x = x + places.between(-spacing / 4, spacing / 4);
      nucleus.y = y + places.between(-spacing * 2 / 5, spacing * 2 / 5);
      nucleus.direction = static_cast<int>(places.below(32));
      nucleus.texture = static_cast<int>(places.below(1 << 14));
      const bool gap = places.below(12) == 0;
      const int size = places.between(0, 100), shape = places.between(0, 100), dye = places.between(-100, 100);
      if (gap || region_depth(region, noise, nucleus.x >> 4, nucleus.y >> 4) < 40) continue;
      if (label == 0) {
        const int radius = spacing * (395 + size / 4) / 1000;
        nucleus.long_axis = radius * (100 + shape / 12) / 100;
        nucleus.short_axis = radius * 100 / (100 + shape / 12);
        nucleus.hematoxylin = darkness + dye * 50 / 100;
        nucleus.coarseness = 10;
      } else {
        const int radius = spacing * (352 + size * 2) / 1000;
        nucleus.long_axis = radius * (112 + shape / 4) / 100;
        nucleus.short_axis = radius * 100 / (112 + shape / 4);
        nucleus.hematoxylin = darkness - 6 + dye * 20 / 100;
        nucleus.irregularity = 120;
        nucleus.coarseness = 110;
      }
      nucleus.x -= static_cast<int>(origin.x) * 16;
      nucleus.y -= static_cast<int>(origin.y) * 16;
      draw(dyes, nucleus, noise, shown);
    }
    places.skip(static_cast<std::uint32_t>(words * (count - last)));
  }
}

}  // namespace detail

/// Image `image` of patient `patient`, drawn as a member of class `label`. A pure function: images can be made in any
/// order by any number of threads. Two images that differ only in `label` are equal outside the region.
[[nodiscard]] inline SyntheticImage synthesize(const SyntheticTissueOptions& options, Index patient, Index image,
                                               Index label) {
  using detail::TissuePart, detail::tissue_random;
  auto layout = tissue_random(options, patient, image, TissuePart::layout);
  auto stroma = tissue_random(options, patient, image, TissuePart::stroma);
  auto scattered = tissue_random(options, patient, image, TissuePart::scattered);
  auto places = tissue_random(options, patient, image, TissuePart::region);
  auto grain = tissue_random(options, patient, image, TissuePart::grain);
  const NoiseTile noise(stroma);
  const Box region = detail::place_region(options, layout);

  DyeMap dyes(options.width, options.height);
  detail::draw_stroma(dyes, {&region, 1}, noise, detail::Fibres(stroma));
  detail::draw_scattered_nuclei(dyes, {&region, 1}, noise, scattered, {0, 0, dyes.width, dyes.height});
  detail::draw_region_nuclei(dyes, region, label, noise, places);
  return {develop(dyes, detail::draw_stain(options, patient, image), grain), region, label};
}

/// Image `image` of patient `patient`, of the patient's own class.
[[nodiscard]] inline SyntheticImage synthesize(const SyntheticTissueOptions& options, Index patient, Index image) {
  return synthesize(options, patient, image, options.label(patient));
}

/// The name that BreakHis would give the image. Types rotate over patients; slides are "14-30000" and on.
[[nodiscard]] inline BreakhisName synthetic_name(const SyntheticTissueOptions& options, Index patient, Index image) {
  const Index label = options.label(patient);
  const TumourType& type = tumour_types[static_cast<std::size_t>(4 * label + patient % 4)];
  return {.label = label,
          .type = std::string(type.code),
          .patient = "14-" + std::to_string(30000 + patient),
          .magnification = options.magnification,
          .number = image + 1};
}

}  // namespace saccade::data
