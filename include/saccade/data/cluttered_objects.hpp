#pragma once

#include <saccade/core/box.hpp>
#include <saccade/core/error.hpp>
#include <saccade/core/image.hpp>
#include <saccade/data/object_set.hpp>
#include <saccade/math/random_sequence.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// Objects at random places among clutter, after the "cluttered translated MNIST" of Mnih et al. 2014.
struct ClutterOptions {
  Index side = 60;       ///< pixels of the square image
  Index objects = 1;     ///< whole ones, which do not overlap
  Index patches = 4;     ///< pieces of other objects
  Index patch_side = 8;  ///< pixels of a piece
};

/// @throws ConfigError where the options do not fit the objects
inline void validate(const ClutterOptions& options, const ObjectSet& objects) {
  const Index smaller = std::min(objects.width, objects.height);
  expect_config(objects.count() >= 2,
                "clutter: the set must hold at least 2 objects, but holds " + std::to_string(objects.count()));
  const Index extent = std::max(objects.width, objects.height), least = (2 * options.objects - 1) * extent;
  expect_config(options.objects >= 1, "clutter: objects must be at least 1, but is " + std::to_string(options.objects));
  expect_config(options.side >= least, "clutter: side must be at least " + std::to_string(least) + " for " +
                                           std::to_string(options.objects) + " objects of " + std::to_string(extent) +
                                           " pixels, but is " + std::to_string(options.side));
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

/// A picture, and the whole objects in it.
struct ClutteredPicture {
  RgbImage image;
  std::vector<Index> objects{};  ///< their numbers in the set
  std::vector<Box> boxes{};      ///< where they are; each wholly inside, none over another
};

/// Draws object number `object` at a uniformly random place of a black square, then the further whole objects, random
/// ones of the set, each at a random place where it covers none of those before; then each piece: cut at a random place
/// out of a random object of the set other than `object`, put at a random place. Where two things meet, the brighter
/// pixel wins. Everything lies wholly inside. The three channels are equal.
///
/// Draws from `key`, in this order: column and row of the object; for each further one the object, then column and row
/// until they are free; for each piece the object that it comes from, column and row there, column and row here.
///
/// @param options  checked by `validate`
/// Source: Mnih et al. 2014, section 4.1; of two objects, Ba et al. 2015, section 4.1.
[[nodiscard]] inline ClutteredPicture draw_cluttered_objects(const ObjectSet& objects, Index object,
                                                             const ClutterOptions& options, const RandomKey& key) {
  ClutteredPicture picture{.image = RgbImage(options.side, options.side)};  // black
  math::RandomSequence random(key);
  const auto place = [&](Index extent, Index room) {
    return static_cast<Index>(random.below(static_cast<std::uint64_t>(room - extent + 1)));
  };
  // A place for `width` x `height` pixels.
  const auto box_of = [&](Index width, Index height) {
    const Index x = place(width, options.side), y = place(height, options.side);
    return Box{.x = x, .y = y, .width = width, .height = height};
  };
  // The part of object `from` that begins at (left, top).
  const auto paste = [&](Index from, Index left, Index top, const Box& box) {
    const std::uint8_t* source = objects.object(from).data() + top * objects.width + left;
    for (Index row = 0; row < box.height; ++row, source += objects.width) {
      std::uint8_t* target = picture.image.at(box.x, box.y + row);
      for (Index column = 0; column < box.width; ++column, target += image_channels)
        std::fill_n(target, image_channels, std::max(*target, source[column]));
    }
  };
  const auto other_object = [&] {
    const auto drawn = static_cast<Index>(random.below(static_cast<std::uint64_t>(objects.count() - 1)));
    return drawn < object ? drawn : drawn + 1;
  };
  for (Index i = 0; i < options.objects; ++i) {
    picture.objects.push_back(i == 0 ? object : other_object());
    Box box = box_of(objects.width, objects.height);
    while (std::ranges::any_of(picture.boxes, [&](const Box& before) { return box.intersection(before).area() > 0; }))
      box = box_of(objects.width, objects.height);
    picture.boxes.push_back(box);
    paste(picture.objects.back(), 0, 0, box);
  }
  for (Index patch = 0; patch < options.patches; ++patch) {
    const Index other = other_object();
    const Index left = place(options.patch_side, objects.width), top = place(options.patch_side, objects.height);
    paste(other, left, top, box_of(options.patch_side, options.patch_side));
  }
  return picture;
}

}  // namespace saccade::data
