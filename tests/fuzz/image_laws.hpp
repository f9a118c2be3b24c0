#pragma once

#include <saccade/data/image_decode.hpp>
#include <saccade/data/image_size.hpp>

#include <utility>

#include "target.hpp"

namespace fuzz {

/// The decoded image; nothing where it is refused, or so large that only the limits of memory would be tried.
[[nodiscard]] inline std::optional<saccade::RgbImage> decoded(const std::uint8_t* data, std::size_t size) {
  static const MemoryFile file;
  file.write(text_of(data, size));
  const auto claim = saccade::data::read_image_size(file.path());
  constexpr saccade::Index most = 1 << 20;  // pixels
  if (claim && (claim->width > most || claim->height > most || claim->width * claim->height > most)) return {};
  auto image = accepted([&] { return saccade::data::decode_image(std::span(data, size), "input"); });
  if (!image) return {};
  expect(std::cmp_equal(image->pixels.size(), 3 * image->width * image->height), "an image has its pixels");
  expect(claim.has_value(), "the size of an image that can be decoded can be read");
  expect(claim->width == image->width && claim->height == image->height, "an image has the size that its header says");
  return image;
}

}  // namespace fuzz
