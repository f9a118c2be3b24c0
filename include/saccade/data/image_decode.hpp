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

/// A PNG or JPEG image in memory, told apart by its first bytes, as 8-bit RGB, as viewers show it: grey is spread over
/// three channels, 16 bits are scaled to 8, what is transparent shows white, CMYK is mixed as red = (255 - C)(255 - K)
/// / 255, and what a tag says of the orientation is done. Colour profiles and gamma are ignored.
///
/// @param name  stands for the image in error messages
/// @throws std::bad_alloc; FileError: not such an image, truncated, damaged (every warning of the decoder counts), too large, or of a
/// kind
///         that is not supported: a JPEG of 12 bits, an arithmetic-coded or lossless one
[[nodiscard]] RgbImage decode_image(std::span<const std::uint8_t> bytes, std::string_view name);

/// The image in a file; see decode_image.
/// @throws FileError
[[nodiscard]] RgbImage load_image(const std::filesystem::path& path);

}  // namespace saccade::data

#if SACCADE_HEADER_ONLY
#include <saccade/data/image_decode.inl>
#endif
