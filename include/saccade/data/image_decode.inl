// What image_decode.hpp declares.
#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/file.hpp>
#include <saccade/core/image.hpp>
#include <saccade/data/image_decode.hpp>
#include <saccade/data/jpeg_errors.hpp>
#include <saccade/data/stb_png.hpp>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <jpeglib.h>

namespace saccade::inline SACCADE_NAMESPACE::data {

namespace detail {

using ImageBytes = std::span<const std::uint8_t>;

inline constexpr std::array<std::uint8_t, 8> png_signature = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
inline constexpr std::array<std::uint8_t, 3> jpeg_signature = {0xff, 0xd8, 0xff};

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

[[nodiscard]] inline FileError png_error(std::string_view name, std::string_view problem) {
  return image_error(name, "a damaged PNG image: " + std::string(problem));
}

[[nodiscard]] inline std::uint32_t big_endian(ImageBytes bytes, std::size_t at) {
  return std::uint32_t{bytes[at]} << 24 | std::uint32_t{bytes[at + 1]} << 16 | std::uint32_t{bytes[at + 2]} << 8 |
         std::uint32_t{bytes[at + 3]};
}

/// [k][b]: the CRC-32 remainder (reflected polynomial 0xEDB88320) of byte b with k zero bytes behind it.
inline constexpr auto crc32_tables = [] {
  std::array<std::array<std::uint32_t, 256>, 8> tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t remainder = byte;
    for (int bit = 0; bit < 8; ++bit) remainder = remainder >> 1 ^ (remainder & 1 ? 0xEDB88320u : 0u);
    tables[0][byte] = remainder;
  }
  for (std::size_t zeros = 1; zeros < tables.size(); ++zeros) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t shorter = tables[zeros - 1][byte];
      tables[zeros][byte] = tables[0][shorter & 0xff] ^ shorter >> 8;
    }
  }
  return tables;
}();

/// The checksum of PNG. Eight bytes a step: one by one it would take a seventh of the time of decoding.
[[nodiscard]] inline std::uint32_t crc32(ImageBytes bytes) {
  const auto& t = crc32_tables;
  std::uint32_t crc = 0xFFFFFFFFu;
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
    crc = t[7][bytes[0] ^ (crc & 0xff)] ^ t[6][bytes[1] ^ (crc >> 8 & 0xff)] ^ t[5][bytes[2] ^ (crc >> 16 & 0xff)] ^
          t[4][bytes[3] ^ crc >> 24] ^ t[3][bytes[4]] ^ t[2][bytes[5]] ^ t[1][bytes[6]] ^ t[0][bytes[7]];
  }
  for (const std::uint8_t byte : bytes) crc = t[0][(crc ^ byte) & 0xff] ^ crc >> 8;
  return ~crc;
}

struct PngChunk {
  std::string_view type;  ///< four letters; a small first one: decoders that do not know it may pass it over
  ImageBytes data;
  ImageBytes whole;  ///< length (4 bytes), type (4), data, checksum (4)
};

/// Takes the first chunk off `rest`.
[[nodiscard]] inline PngChunk take_png_chunk(ImageBytes& rest, std::string_view name) {
  constexpr std::size_t frame = 12;
  if (rest.size() < frame || big_endian(rest, 0) > rest.size() - frame) {
    throw png_error(name, "the file ends too early");
  }
  const std::size_t length = big_endian(rest, 0);
  const ImageBytes whole = rest.first(length + frame);
  if (crc32(whole.subspan(4, 4 + length)) != big_endian(whole, 8 + length)) {
    throw png_error(name, "the checksum of a chunk is wrong");
  }
  rest = rest.subspan(whole.size());
  return {{reinterpret_cast<const char*>(whole.data() + 4), 4}, whole.subspan(8, length), whole};
}

/// Signature and header chunk.
inline constexpr std::size_t png_header_end = png_signature.size() + 25;

struct PngHeader {
  Index width = 0;
  Index height = 0;
  Index bits_per_pixel = 0;
  bool has_palette = false;

  /// Width, height (4 bytes each), depth, colour type; stb_image looks at the other three.
  PngHeader(const PngChunk& chunk, std::string_view name) {
    if (chunk.type != "IHDR" || chunk.data.size() != 13) throw png_error(name, "it does not begin with a header");
    width = big_endian(chunk.data, 0);
    height = big_endian(chunk.data, 4);
    const int depth = chunk.data[8], colour = chunk.data[9];
    has_palette = colour == 3;
    // Grey, -, RGB, palette, grey with alpha, -, RGB with alpha.
    static constexpr std::array<int, 7> channels = {1, 0, 3, 1, 2, 0, 4};
    if (colour < 7) bits_per_pixel = channels[static_cast<std::size_t>(colour)] * depth;
    const bool depth_fits = depth == 8 || (depth == 16 && !has_palette) ||
                            ((depth == 1 || depth == 2 || depth == 4) && (colour == 0 || has_palette));
    if (width < 1 || height < 1 || bits_per_pixel == 0 || !depth_fits) {
      throw png_error(name, "its header asks for what is not PNG");
    }
  }
};

/// The same image with nothing in it that its pixels do not need, every checksum verified: stb_image looks at none, and
/// should see as little as possible of what others wrote. `bytes` begins with signature and header.
[[nodiscard]] inline std::vector<std::uint8_t> minimal_png(ImageBytes bytes, const PngHeader& header,
                                                           std::string_view name) {
  std::vector<std::uint8_t> png(bytes.begin(), bytes.begin() + png_header_end);
  const auto append = [&png](ImageBytes part) { png.insert(png.end(), part.begin(), part.end()); };
  ImageBytes rest = bytes.subspan(png_header_end);
  while (true) {
    const PngChunk chunk = take_png_chunk(rest, name);
    if (chunk.type == "IDAT") {
      if (!chunk.data.empty()) append(chunk.whole);  // stb_image would copy nothing to a null pointer
    } else if (chunk.type == "IEND") {
      append(chunk.whole);
      return png;
    } else if (chunk.type == "PLTE") {
      constexpr std::size_t all_colours = 256 * 3;
      if (chunk.data.size() > all_colours || chunk.data.size() % 3 != 0) {
        throw png_error(name, "its palette has a wrong size");
      }
      if (!header.has_palette) continue;  // a proposal for screens of few colours
      // stb_image would take colours that are missing from uninitialised memory; here they are black.
      append(std::array<std::uint8_t, 8>{0, 0, all_colours >> 8, all_colours & 0xff, 'P', 'L', 'T', 'E'});
      append(chunk.data);
      png.resize(png.size() + all_colours - chunk.data.size() + 4);
    } else if (!(chunk.type[0] & 0x20)) {
      throw png_error(name, "a chunk that must not be passed over is unknown or out of place");
    }
  }
}

[[nodiscard]] inline RgbImage decode_png(ImageBytes bytes, std::string_view name) {
  ImageBytes rest = bytes.subspan(png_signature.size());
  const PngHeader header(take_png_chunk(rest, name), name);
  // A row is a byte that names its filter, and its pixels. Deflate shrinks at most 1032 times, so a small file cannot
  // make us take much memory.
  const Index row_bytes = 1 + (header.width * header.bits_per_pixel + 7) / 8;
  if (row_bytes > 1032 * static_cast<Index>(bytes.size()) / header.height) {
    throw png_error(name, std::to_string(bytes.size()) + " bytes cannot hold " + std::to_string(header.width) + " x " +
                              std::to_string(header.height) + " pixels");
  }
  RgbImage image = claim_image(name, header.width, header.height);
  const std::vector<std::uint8_t> png = minimal_png(bytes, header, name);
  // What stb_image asks for, at most: 4 times the compressed data (its buffer for them doubles), 3 times the rows (so
  // may the one for them), twice the pixels as they are in the file, and once as RGB of 16 bits.
  const Index budget =
      65536 + 4 * static_cast<Index>(png.size()) + 5 * header.height * row_bytes + 8 * header.height * header.width;
  if (!stb_decode_png(png, static_cast<std::size_t>(budget), image)) {
    throw png_error(name, "its pixels cannot be decompressed");
  }
  return image;
}

[[nodiscard]] inline bool jpeg_begin(jpeg_decompress_struct& jpeg, JpegErrors& errors, ImageBytes bytes) {
  if (setjmp(errors.exit)) return false;
  jpeg_create_decompress(&jpeg);
  jpeg_mem_src(&jpeg, bytes.data(), bytes.size());
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

SACCADE_FUNCTION RgbImage decode_image(std::span<const std::uint8_t> bytes, std::string_view name) {
  const auto begins_with = [&](std::span<const std::uint8_t> signature) {
    return bytes.size() >= signature.size() && std::equal(signature.begin(), signature.end(), bytes.begin());
  };
  if (begins_with(detail::png_signature)) return detail::decode_png(bytes, name);
  if (begins_with(detail::jpeg_signature)) return detail::decode_jpeg(bytes, name);
  throw detail::image_error(name, "not a PNG or JPEG image");
}

SACCADE_FUNCTION RgbImage load_image(const std::filesystem::path& path) {
  return decode_image(read_file(path), path.string());
}

}  // namespace saccade::data
