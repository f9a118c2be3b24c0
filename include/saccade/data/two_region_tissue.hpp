#pragma once

#include <saccade/core/box.hpp>
#include <saccade/core/error.hpp>
#include <saccade/core/image.hpp>
#include <saccade/data/synthetic_tissue.hpp>
#include <saccade/data/tissue_texture.hpp>
#include <saccade/math/random_sequence.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// Drawn tissue in which one look cannot tell the class: every image holds two regions of SyntheticTissueOptions, each
/// of one of two kinds, and the class is whether they are of the same. Both kinds are as frequent in both classes and
/// at both regions, so that neither a region by itself nor a mean over the image tells anything of the class. No window
/// up to one and a half times as wide and as high as the first region shows half of each.
struct TwoRegionImage {
  RgbImage image;
  std::array<Box, 2> regions;    ///< boxes around them, inside the image
  std::array<Index, 2> kinds{};  ///< of each: 0 benign, 1 malignant
  Index label = 0;               ///< position in two_region_classes
};

inline constexpr std::array<std::string_view, 2> two_region_classes = {"different", "same"};

/// @throws ConfigError naming the option that is out of its range
inline void validate_two_regions(const SyntheticTissueOptions& options) {
  validate(options);
  expect_config(options.region_area <= 0.1,
                "synthetic tissue: region_area must be at most 0.1 for two regions to lie apart, but is " +
                    std::to_string(options.region_area));
}

/// The kinds of the two regions: all four pairs in turn, over the images of a patient and over the patients, so that of
/// every image number half of the patients have each class.
[[nodiscard]] constexpr std::array<Index, 2> region_kinds(Index patient, Index image) {
  constexpr std::array<std::array<Index, 2>, 4> pairs = {{{0, 0}, {0, 1}, {1, 1}, {1, 0}}};
  return pairs[static_cast<std::size_t>((patient + image) % 4)];
}

namespace detail {

/// Two boxes as place_region has them, the second one beside the first at least as far as that is wide, or above or
/// below it at least as far as it is high.
inline std::array<Box, 2> place_two_regions(const SyntheticTissueOptions& options, math::RandomSequence& random) {
  while (true) {
    const Box first = place_region(options, random), second = place_region(options, random);
    const Box around{first.x - first.width, first.y - first.height, 3 * first.width, 3 * first.height};
    if (around.intersection(second).area() == 0) return {first, second};
  }
}

}  // namespace detail

/// Image `image` of patient `patient` with regions of these kinds; a pure function, as synthesize. Two images that
/// differ only in the kind of a region are equal outside it.
/// @param options  checked by validate_two_regions; a patient has images of both classes
[[nodiscard]] inline TwoRegionImage synthesize_two_regions(const SyntheticTissueOptions& options, Index patient,
                                                           Index image, const std::array<Index, 2>& kinds) {
  using detail::TissuePart, detail::tissue_random;
  auto layout = tissue_random(options, patient, image, TissuePart::layout);
  auto stroma = tissue_random(options, patient, image, TissuePart::stroma);
  auto scattered = tissue_random(options, patient, image, TissuePart::scattered);
  auto places = tissue_random(options, patient, image, TissuePart::region);
  auto grain = tissue_random(options, patient, image, TissuePart::grain);
  const NoiseTile noise(stroma);
  const std::array<Box, 2> regions = detail::place_two_regions(options, layout);

  DyeMap dyes(options.width, options.height);
  detail::draw_stroma(dyes, regions, noise, detail::Fibres(stroma));
  detail::draw_scattered_nuclei(dyes, regions, noise, scattered, {0, 0, dyes.width, dyes.height});
  for (std::size_t i = 0; i < regions.size(); ++i)
    detail::draw_region_nuclei(dyes, regions[i], kinds[i], noise, places);
  return {develop(dyes, detail::draw_stain(options, patient, image), grain), regions, kinds,
          kinds[0] == kinds[1] ? 1 : 0};
}

/// Image `image` of patient `patient`, with kinds by their turn.
[[nodiscard]] inline TwoRegionImage synthesize_two_regions(const SyntheticTissueOptions& options, Index patient,
                                                           Index image) {
  return synthesize_two_regions(options, patient, image, region_kinds(patient, image));
}

}  // namespace saccade::data
