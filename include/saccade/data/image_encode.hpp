#pragma once

// Opt-in: needs libpng (link PNG::PNG).

#include <saccade/core/error.hpp>
#include <saccade/core/file.hpp>
#include <saccade/core/image.hpp>

#include <array>
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include <png.h>

namespace saccade::inline SACCADE_NAMESPACE::data {

namespace detail {

/// The part of the work that libpng may leave by longjmp: nothing in it has a destructor to skip.
[[nodiscard]] inline bool encode_png_rows(png_structp png, png_infop info, const ImageView& image,
                                          png_text& description) {
  if (setjmp(png_jmpbuf(png))) return false;
  // Speed before size: on photographs of tissue the "up" filter with Huffman codes alone is 6 times as fast as zlib's
  // usual effort, and the files are not larger.
  png_set_compression_level(png, 1);
  png_set_compression_strategy(png, 2);  // Z_HUFFMAN_ONLY
  png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_UP);
  png_set_IHDR(png, info, static_cast<png_uint_32>(image.width), static_cast<png_uint_32>(image.height), 8,
               PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (description.text_length > 0) png_set_text(png, info, &description, 1);
  png_write_info(png, info);
  for (Index y = 0; y < image.height; ++y) png_write_row(png, image.pixels + y * image.row_stride);
  png_write_end(png, info);
  return true;
}

/// What libpng said when it gave up.
struct PngComplaint {
  std::array<char, 96> text{};
};

extern "C" [[noreturn]] inline void saccade_png_failed(png_structp png, png_const_charp message) {
  auto& complaint = *static_cast<PngComplaint*>(png_get_error_ptr(png));
  std::strncpy(complaint.text.data(), message, complaint.text.size() - 1);
  png_longjmp(png, 1);
}

extern "C" inline void saccade_png_warned(png_structp, png_const_charp) {}

extern "C" inline void saccade_append_png_bytes(png_structp png, png_bytep data, std::size_t size) {
  auto& bytes = *static_cast<std::vector<std::uint8_t>*>(png_get_io_ptr(png));
  bytes.insert(bytes.end(), data, data + size);
}

}  // namespace detail

/// An 8-bit RGB PNG in memory.
/// @param description  ASCII, what the picture is of, in a chunk tEXt; empty: none
/// @throws Error where the image is empty or libpng refuses it; std::bad_alloc
[[nodiscard]] inline std::vector<std::uint8_t> encode_png(const ImageView& image, const std::string& description = {}) {
  if (image.width < 1 || image.height < 1) {
    throw Error("encode_png: the image must have pixels, but is " + std::to_string(image.width) + " x " +
                std::to_string(image.height));
  }
  std::vector<std::uint8_t> bytes;
  // Enough for noise, so that the vector never grows inside libpng.
  bytes.reserve(static_cast<std::size_t>(image.width * image.height * image_channels * 9 / 8 + image.height + 4096) +
                description.size());
  detail::PngComplaint complaint;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &complaint, &detail::saccade_png_failed,
                                            &detail::saccade_png_warned);
  png_infop info = png ? png_create_info_struct(png) : nullptr;
  const bool created = info != nullptr;
  bool written = false;
  if (info) {
    png_set_write_fn(png, &bytes, &detail::saccade_append_png_bytes, nullptr);
    std::string keyword = "Description", content = description;  // libpng copies both
    png_text text{};
    text.compression = PNG_TEXT_COMPRESSION_NONE;
    text.key = keyword.data();
    text.text = content.data();
    text.text_length = content.size();
    written = detail::encode_png_rows(png, info, image, text);
  }
  png_destroy_write_struct(&png, &info);
  const std::string_view reason = complaint.text.data();
  if (!created || reason.find("memory") != reason.npos) throw std::bad_alloc();
  if (!written) {
    throw Error("encode_png: libpng cannot encode an image of " + std::to_string(image.width) + " x " +
                std::to_string(image.height) + ": " + std::string(reason));
  }
  return bytes;
}

/// Replaces the file whole. @throws FileError where the folder or the disk refuses
inline void write_png(const std::filesystem::path& path, const ImageView& image, Outlives outlives = Outlives::power,
                      const std::string& description = {}) {
  write_file_atomically(path, encode_png(image, description), outlives);
}

}  // namespace saccade::data
