#pragma once

// Opt-in: with headers alone it needs stb_image and libjpeg-turbo (link JPEG::JPEG).

#include <saccade/core/image.hpp>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// Larger images are refused before memory is taken for them: a small file can claim any size.
inline constexpr Index max_decoded_side = 1 << 15;
inline constexpr Index max_decoded_pixels = Index{1} << 27;

/// A PNG or JPEG image in memory, told apart by its first bytes, as 8-bit RGB: grey is spread over three channels, 16
/// bits are scaled to 8, transparency is dropped. Colour profiles, gamma and orientation tags are ignored.
///
/// @param name  stands for the image in error messages
/// @throws FileError: not such an image, truncated, damaged (every warning of the decoder counts), or too large
[[nodiscard]] RgbImage decode_image(std::span<const std::uint8_t> bytes, std::string_view name);

/// The image in a file; see decode_image.
/// @throws FileError
[[nodiscard]] RgbImage load_image(const std::filesystem::path& path);

}  // namespace saccade::data

#if SACCADE_HEADER_ONLY
#include <saccade/data/image_decode.inl>
#endif
