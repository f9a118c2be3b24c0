#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/image.hpp>
#include <saccade/data/object_set.hpp>
#include <saccade/math/random_sequence.hpp>

#include <algorithm>
#include <cstdint>
#include <string>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// Objects at random places among clutter, after the "cluttered translated MNIST" of Mnih et al. 2014.
struct ClutterOptions {
  Index side = 60;       ///< pixels of the square image
  Index patches = 4;     ///< pieces of other objects
  Index patch_side = 8;  ///< pixels of a piece
};

/// @throws ConfigError where the options do not fit the objects
inline void validate(const ClutterOptions& options, const ObjectSet& objects) {
  const Index smaller = std::min(objects.width, objects.height);
  expect_config(objects.count() >= 2,
                "clutter: the set must hold at least 2 objects, but holds " + std::to_string(objects.count()));
  expect_config(options.side >= std::max(objects.width, objects.height),
                "clutter: side must be at least that of the objects, " + std::to_string(objects.width) + " x " +
                    std::to_string(objects.height) + ", but is " + std::to_string(options.side));
  expect_config(options.patches >= 0, "clutter: patches must be at least 0, but is " + std::to_string(options.patches));
  expect_config(options.patch_side >= 1 && options.patch_side <= smaller, "clutter: patch_side must be from 1 to " +
                                                                              std::to_string(smaller) + ", but is " +
                                                                              std::to_string(options.patch_side));
}

/// The epoch of pictures that are drawn once, those of a test.
inline constexpr std::uint32_t drawn_once = 0xFFFFFFFF;

/// All draws of one picture: a function of the seed, the epoch and the number of the object.
[[nodiscard]] constexpr RandomKey clutter_key(std::uint64_t seed, std::uint32_t epoch, Index object) {
  return {.seed = seed,
          .stream = RandomStream::clutter,
          .counter = std::uint64_t{epoch} << 32 | static_cast<std::uint32_t>(object)};
}

/// Draws object number `object` at a uniformly random place of a black square, then each piece: cut at a random place
/// out of a random other object of the set, put at a random place. Where two things meet, the brighter pixel wins.
/// Everything lies wholly inside. The three channels are equal.
///
/// Draws from `key`, in this order: column and row of the object; for each piece the object that it comes from, column
/// and row there, column and row here.
///
/// @param options  checked by `validate`
/// Source: Mnih et al. 2014, section 4.1.
[[nodiscard]] inline RgbImage draw_cluttered_object(const ObjectSet& objects, Index object,
                                                    const ClutterOptions& options, const RandomKey& key) {
  RgbImage image(options.side, options.side);  // black
  math::RandomSequence random(key);
  const auto place = [&](Index extent, Index room) {
    return static_cast<Index>(random.below(static_cast<std::uint64_t>(room - extent + 1)));
  };
  // The part of object `from` that is `width` x `height` pixels and begins at (left, top).
  const auto paste = [&](Index from, Index left, Index top, Index width, Index height) {
    const Index x = place(width, options.side), y = place(height, options.side);
    const std::uint8_t* source = objects.object(from).data() + top * objects.width + left;
    for (Index row = 0; row < height; ++row, source += objects.width) {
      std::uint8_t* target = image.at(x, y + row);
      for (Index column = 0; column < width; ++column, target += image_channels)
        std::fill_n(target, image_channels, std::max(*target, source[column]));
    }
  };
  paste(object, 0, 0, objects.width, objects.height);
  for (Index patch = 0; patch < options.patches; ++patch) {
    const auto drawn = static_cast<Index>(random.below(static_cast<std::uint64_t>(objects.count() - 1)));
    const Index other = drawn < object ? drawn : drawn + 1;
    const Index left = place(options.patch_side, objects.width), top = place(options.patch_side, objects.height);
    paste(other, left, top, options.patch_side, options.patch_side);
  }
  return image;
}

}  // namespace saccade::data
