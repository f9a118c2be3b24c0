#pragma once

// Opt-in: needs libpng and libjpeg-turbo (link PNG::PNG and JPEG::JPEG).

#include <saccade/core/error.hpp>
#include <saccade/core/file.hpp>
#include <saccade/core/image.hpp>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <jpeglib.h>
#include <png.h>

namespace saccade::inline v0::data {

/// Larger images are refused before memory is taken for them: a small file can claim any size.
inline constexpr Index max_decoded_side = 1 << 15;
inline constexpr Index max_decoded_pixels = Index{1} << 27;

namespace detail {

using ImageBytes = std::span<const std::uint8_t>;

[[nodiscard]] inline FileError image_error(std::string_view name, std::string_view problem) {
  return FileError('"' + std::string(name) + "\": " + std::string(problem));
}

/// An image of the claimed size, or FileError where the claim is beyond the limits.
[[nodiscard]] inline RgbImage claim_image(std::string_view name, Index width, Index height) {
  if (width < 1 || height < 1 || width > max_decoded_side || height > max_decoded_side ||
      width * height > max_decoded_pixels) {
    throw image_error(name, "an image of " + std::to_string(width) + " x " + std::to_string(height) +
                                " pixels; expected at most " + std::to_string(max_decoded_side) + " a side and " +
                                std::to_string(max_decoded_pixels) + " in all");
  }
  return RgbImage(width, height);
}

/// What libpng reads from, and where it leaves its complaint. libpng leaves by longjmp, so functions that call it
/// under setjmp hold nothing with a destructor.
struct PngSource {
  ImageBytes rest;
  std::array<char, 128> complaint{};
};

extern "C" inline void saccade_png_read(png_structp png, png_bytep to, std::size_t size) {
  auto& source = *static_cast<PngSource*>(png_get_io_ptr(png));
  if (source.rest.size() < size) png_error(png, "the file ends too early");
  std::memcpy(to, source.rest.data(), size);
  source.rest = source.rest.subspan(size);
}

extern "C" [[noreturn]] inline void saccade_png_error(png_structp png, png_const_charp text) {
  auto& source = *static_cast<PngSource*>(png_get_error_ptr(png));
  std::snprintf(source.complaint.data(), source.complaint.size(), "%s", text);
  png_longjmp(png, 1);
}

extern "C" inline void saccade_png_warning(png_structp, png_const_charp) {}

[[nodiscard]] inline bool png_begin(png_structp png, png_infop info) {
  if (setjmp(png_jmpbuf(png))) return false;
  png_read_info(png, info);
  // Every kind of PNG becomes 8-bit RGB; transparency is dropped.
  png_set_expand(png);
  png_set_scale_16(png);
  png_set_strip_alpha(png);
  png_set_gray_to_rgb(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  return true;
}

[[nodiscard]] inline bool png_finish(png_structp png, png_infop info, png_bytepp rows) {
  if (setjmp(png_jmpbuf(png))) return false;
  png_read_image(png, rows);
  png_read_end(png, info);
  return true;
}

/// Owns libpng's two structures.
struct PngReader {
  png_structp png;
  png_infop info;

  explicit PngReader(PngSource& source)
      : png(png_create_read_struct(PNG_LIBPNG_VER_STRING, &source, &saccade_png_error, &saccade_png_warning)),
        info(png ? png_create_info_struct(png) : nullptr) {
    if (!info) return;
    png_set_read_fn(png, &source, &saccade_png_read);
    png_set_user_limits(png, 0x7fffffff, 0x7fffffff);  // ours are checked before any row is read
    png_set_chunk_malloc_max(png, 8 << 20);
  }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;
  ~PngReader() { png_destroy_read_struct(&png, &info, nullptr); }
};

[[nodiscard]] inline RgbImage decode_png(ImageBytes bytes, std::string_view name) {
  PngSource source{bytes};
  const PngReader reader(source);
  const auto damaged = [&] {
    return image_error(name, std::string("a damaged PNG image: ") + source.complaint.data());
  };
  if (!reader.info) throw image_error(name, "libpng cannot start");
  if (!png_begin(reader.png, reader.info)) throw damaged();
  const Index width = png_get_image_width(reader.png, reader.info);
  const Index height = png_get_image_height(reader.png, reader.info);
  // A pixel is at least a bit, and deflate shrinks at most 1032 times: a small file cannot make us take much memory.
  if (width * height / 8 / 1032 > static_cast<Index>(bytes.size())) {
    throw image_error(name, "a damaged PNG image: " + std::to_string(bytes.size()) + " bytes cannot hold " +
                                std::to_string(width) + " x " + std::to_string(height) + " pixels");
  }
  RgbImage image = claim_image(name, width, height);
  if (png_get_rowbytes(reader.png, reader.info) != static_cast<std::size_t>(width * image_channels)) {
    throw image_error(name, "a PNG image that cannot be read as 8-bit RGB");
  }
  std::vector<png_bytep> rows(static_cast<std::size_t>(height));
  for (Index y = 0; y < height; ++y) rows[static_cast<std::size_t>(y)] = image.at(0, y);
  if (!png_finish(reader.png, reader.info, rows.data())) throw damaged();
  return image;
}

/// libjpeg's error manager, with the way out and the complaint.
struct JpegErrors {
  jpeg_error_mgr manager;  // first, so that a pointer to it is a pointer to the whole
  std::jmp_buf exit;
  char complaint[JMSG_LENGTH_MAX];
};

extern "C" [[noreturn]] inline void saccade_jpeg_error(j_common_ptr jpeg) {
  auto& errors = *reinterpret_cast<JpegErrors*>(jpeg->err);
  jpeg->err->format_message(jpeg, errors.complaint);
  std::longjmp(errors.exit, 1);
}

/// libjpeg fills the missing part of a damaged image with grey and only warns; here that is an error.
extern "C" inline void saccade_jpeg_message(j_common_ptr jpeg, int level) {
  if (level < 0) saccade_jpeg_error(jpeg);
}

[[nodiscard]] inline bool jpeg_begin(jpeg_decompress_struct& jpeg, JpegErrors& errors, ImageBytes bytes) {
  if (setjmp(errors.exit)) return false;
  jpeg_create_decompress(&jpeg);
  jpeg_mem_src(&jpeg, bytes.data(), static_cast<unsigned long>(bytes.size()));
  jpeg_read_header(&jpeg, TRUE);
  jpeg.out_color_space = JCS_RGB;
  return true;
}

[[nodiscard]] inline bool jpeg_finish(jpeg_decompress_struct& jpeg, JpegErrors& errors, std::uint8_t* pixels,
                                      std::size_t row_bytes) {
  if (setjmp(errors.exit)) return false;
  jpeg_start_decompress(&jpeg);
  while (jpeg.output_scanline < jpeg.output_height) {
    JSAMPROW row = pixels + jpeg.output_scanline * row_bytes;
    jpeg_read_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_decompress(&jpeg);
  return true;
}

[[nodiscard]] inline RgbImage decode_jpeg(ImageBytes bytes, std::string_view name) {
  struct Reader {
    jpeg_decompress_struct jpeg{};
    JpegErrors errors{};
    Reader() {
      jpeg.err = jpeg_std_error(&errors.manager);
      errors.manager.error_exit = &saccade_jpeg_error;
      errors.manager.emit_message = &saccade_jpeg_message;
    }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    ~Reader() { jpeg_destroy_decompress(&jpeg); }
  } reader;
  const auto damaged = [&] {
    return image_error(name, std::string("a damaged JPEG image: ") + reader.errors.complaint);
  };
  if (!jpeg_begin(reader.jpeg, reader.errors, bytes)) throw damaged();
  RgbImage image = claim_image(name, reader.jpeg.image_width, reader.jpeg.image_height);
  if (!jpeg_finish(reader.jpeg, reader.errors, image.pixels.data(),
                   static_cast<std::size_t>(image.width * image_channels))) {
    throw damaged();
  }
  return image;
}

}  // namespace detail

/// A PNG or JPEG image in memory, told apart by its first bytes, as 8-bit RGB: grey is spread over three channels, 16
/// bits are scaled to 8, transparency is dropped. Colour profiles, gamma and orientation tags are ignored.
///
/// @param name  stands for the image in error messages
/// @throws FileError: not such an image, truncated, damaged (every warning of the decoder counts), or too large
[[nodiscard]] inline RgbImage decode_image(std::span<const std::uint8_t> bytes, std::string_view name) {
  static constexpr std::array<std::uint8_t, 8> png_signature = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  static constexpr std::array<std::uint8_t, 3> jpeg_signature = {0xff, 0xd8, 0xff};
  const auto begins_with = [&](std::span<const std::uint8_t> signature) {
    return bytes.size() >= signature.size() && std::equal(signature.begin(), signature.end(), bytes.begin());
  };
  if (begins_with(png_signature)) return detail::decode_png(bytes, name);
  if (begins_with(jpeg_signature)) return detail::decode_jpeg(bytes, name);
  throw detail::image_error(name, "not a PNG or JPEG image");
}

/// The image in a file; see decode_image.
/// @throws FileError
[[nodiscard]] inline RgbImage load_image(const std::filesystem::path& path) {
  return decode_image(read_file(path), path.string());
}

}  // namespace saccade::inline v0::data
