#pragma once

// Opt-in: needs stb_image, of which it compiles the PNG part (Debian: libstb-dev).

#include <saccade/core/image.hpp>

#include <algorithm>
#include <cassert>
#include <climits>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <span>

#include <stdlib.h>  // not <cstdlib>, which would leave it to stb_image to include this, inside our namespace

namespace saccade::inline SACCADE_NAMESPACE::data::detail {

/// How many more bytes stb_image may ask for on this thread.
inline constinit thread_local std::size_t stb_budget = 0;

/// Whether a request within the budget has failed on this thread: the machine is to blame then, and not the file.
inline constinit thread_local bool stb_out_of_memory = false;

/// Memory for stb_image, or nothing beyond the budget. Zeroed: where compressed data say "copy from 0 bytes back",
/// stb_image 2.27 takes for pixels what lies in memory.
[[nodiscard]] inline void* stb_allocate(std::size_t size) {
  if (size > stb_budget) return nullptr;
  stb_budget -= size;
  void* const block = ::calloc(1, size);
  stb_out_of_memory = stb_out_of_memory || block == nullptr;
  return block;
}

[[nodiscard]] inline void* stb_reallocate(void* block, std::size_t old_size, std::size_t size) {
  void* larger = stb_allocate(size);
  if (!larger || !block) return larger;
  std::memcpy(larger, block, old_size);
  ::free(block);
  return larger;
}

}  // namespace saccade::data::detail

// A private copy of stb_image: static, in a namespace of ours, and its macros are afterwards as they were before, so
// that a program may have a copy of its own, in the same translation unit too, before or after this one.
#define SACCADE_PRAGMA(text) _Pragma(#text)
#define SACCADE_PUSH_MACRO(name) SACCADE_PRAGMA(push_macro(#name))
#define SACCADE_POP_MACRO(name) SACCADE_PRAGMA(pop_macro(#name))
// clang-format off
#define SACCADE_STB_MACROS(X)                                                                                         \
  X(STB_IMAGE_IMPLEMENTATION) X(STBI_INCLUDE_STB_IMAGE_H) X(STBIDEF) X(STBI_ONLY_PNG) X(STBI_NO_BMP) X(STBI_NO_GIF)   \
  X(STBI_NO_HDR) X(STBI_NO_JPEG) X(STBI_NO_PIC) X(STBI_NO_PNG) X(STBI_NO_PNM) X(STBI_NO_PSD) X(STBI_NO_TGA)           \
  X(STBI_NO_ZLIB) X(STBI_NO_STDIO) X(STBI_NO_LINEAR) X(STBI_NO_SIMD) X(STBI_NO_FAILURE_STRINGS)                       \
  X(STBI_MAX_DIMENSIONS) X(STBI_ASSERT) X(STBI_MALLOC) X(STBI_REALLOC) X(STBI_REALLOC_SIZED) X(STBI_FREE)             \
  X(STBI_EXTERN) X(STBI_NOTUSED) X(STBI_SIMD_ALIGN) X(STBI_THREAD_LOCAL) X(STBI__BYTECAST) X(STBI__COMBO)             \
  X(STBI__PNG_TYPE) X(STBI__X64_TARGET) X(STBI__X86_TARGET) X(STBI__ZFAST_BITS) X(STBI__ZFAST_MASK) X(STBI__ZNSYMS)   \
  X(stbi__err) X(stbi__errpf) X(stbi__errpuc) X(stbi_inline) X(stbi_lrot) X(stbi__de_iphone_flag)                     \
  X(stbi__unpremultiply_on_load) X(stbi__vertically_flip_on_load)
// clang-format on
SACCADE_STB_MACROS(SACCADE_PUSH_MACRO)
#undef STB_IMAGE_IMPLEMENTATION
#undef STBI_INCLUDE_STB_IMAGE_H
#undef STBIDEF
#undef STBI_ONLY_PNG
#undef STBI_NO_PNG
#undef STBI_NO_ZLIB
#undef STBI_NO_STDIO
#undef STBI_NO_LINEAR
#undef STBI_NO_SIMD
#undef STBI_NO_FAILURE_STRINGS
#undef STBI_MAX_DIMENSIONS
#undef STBI_ASSERT
#undef STBI_MALLOC
#undef STBI_REALLOC
#undef STBI_REALLOC_SIZED
#undef STBI_FREE
#undef STBI_SIMD_ALIGN
#undef stbi__err

// The declarations of stb_image are passed over, because extern "C" would give its functions the symbols of another
// copy in this translation unit, static or not.
#define STBI_INCLUDE_STB_IMAGE_H
#define STBIDEF static
#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_SIMD             // only its JPEG decoder has any
#define STBI_NO_FAILURE_STRINGS  // not all failures set one, and one of them is not safe with threads
#define STBI_MAX_DIMENSIONS (1 << 15)
#define STBI_ASSERT(condition) assert(condition)
#define STBI_MALLOC(size) stb_allocate(size)
#define STBI_REALLOC_SIZED(block, old_size, size) stb_reallocate(block, old_size, size)
#define STBI_FREE(block) ::free(block)

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcast-qual"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wunused-function"
namespace saccade::inline SACCADE_NAMESPACE::data::detail::stb {

using stbi_uc = unsigned char;
using stbi_us = unsigned short;
enum { STBI_default, STBI_grey, STBI_grey_alpha, STBI_rgb, STBI_rgb_alpha };
struct stbi_io_callbacks {
  int (*read)(void* user, char* data, int size);
  void (*skip)(void* user, int n);
  int (*eof)(void* user);
};

#include <stb/stb_image.h>

}  // namespace saccade::data::detail::stb
#pragma GCC diagnostic pop

SACCADE_STB_MACROS(SACCADE_POP_MACRO)
#undef SACCADE_STB_MACROS
#undef SACCADE_POP_MACRO
#undef SACCADE_PUSH_MACRO
#undef SACCADE_PRAGMA

namespace saccade::inline SACCADE_NAMESPACE::data::detail {

struct StbFree {
  void operator()(void* pixels) const { stb::stbi_image_free(pixels); }
};

/// What a PNG says of transparency.
enum class Alpha { none, some };

/// Pixels of 8 or 16 bits, with alpha or without, as 8-bit RGB, laid over white, rounded.
template <class Number>
void flatten(const Number* from, Alpha alpha, RgbImage& image) {
  constexpr std::uint64_t most = std::numeric_limits<Number>::max();
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) {
    const std::uint64_t opacity = alpha == Alpha::none ? most : from[3];
    for (std::size_t c = 0; c < 3; ++c) {
      const std::uint64_t value = (from[c] * opacity + most * (most - opacity)) * 255;
      image.pixels[i + c] = static_cast<std::uint8_t>((value + most * most / 2) / (most * most));
    }
    from += alpha == Alpha::none ? 3 : 4;
  }
}

/// Decodes a PNG as 8-bit RGB into `image`, which has its size: 16 bits are rounded to 8, what is transparent shows
/// white. Checksums are not looked at, and colours that a palette lacks are anything.
///
/// @param alpha   none: the PNG has no transparency, or it does not matter
/// @param budget  the most bytes that stb_image may ask for, all its requests together
/// @return false where stb_image refuses the file or the budget is spent; `image` is then unchanged
/// @throws std::bad_alloc
[[nodiscard]] inline bool stb_decode_png(std::span<const std::uint8_t> png, Alpha alpha, std::size_t budget,
                                         RgbImage& image) {
  if (png.size() > INT_MAX) return false;
  stb_budget = budget;
  stb_out_of_memory = false;
  const auto refused = [] {
    if (stb_out_of_memory) throw std::bad_alloc();
    return false;
  };
  const int size = static_cast<int>(png.size());
  const int wanted = alpha == Alpha::none ? stb::STBI_rgb : stb::STBI_rgb_alpha;
  int width = 0, height = 0, channels = 0;
  if (!stb::stbi_info_from_memory(png.data(), size, &width, &height, &channels)) return refused();
  if (width != image.width || height != image.height) return false;
  if (stb::stbi_is_16_bit_from_memory(png.data(), size)) {
    const std::unique_ptr<stb::stbi_us[], StbFree> pixels(
        stb::stbi_load_16_from_memory(png.data(), size, &width, &height, &channels, wanted));  // (H, W, wanted)
    if (!pixels) return refused();
    flatten(pixels.get(), alpha, image);  // stb_image itself would round down
  } else {
    const std::unique_ptr<stb::stbi_uc[], StbFree> pixels(
        stb::stbi_load_from_memory(png.data(), size, &width, &height, &channels, wanted));  // (H, W, wanted)
    if (!pixels) return refused();
    if (alpha == Alpha::none)
      std::copy_n(pixels.get(), image.pixels.size(), image.pixels.begin());
    else
      flatten(pixels.get(), alpha, image);
  }
  return true;
}

}  // namespace saccade::data::detail
