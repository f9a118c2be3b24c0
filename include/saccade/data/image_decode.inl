// What image_decode.hpp declares.
#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/file.hpp>
#include <saccade/core/image.hpp>
#include <saccade/data/image_decode.hpp>
#include <saccade/data/jpeg_errors.hpp>
#include <saccade/data/orientation.hpp>
#include <saccade/data/stb_png.hpp>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>
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
  bool grey = false;
  bool has_palette = false;
  bool has_alpha = false;  ///< a channel of it

  /// Width, height (4 bytes each), depth, colour type; stb_image looks at the other three.
  PngHeader(const PngChunk& chunk, std::string_view name) {
    if (chunk.type != "IHDR" || chunk.data.size() != 13) throw png_error(name, "it does not begin with a header");
    width = big_endian(chunk.data, 0);
    height = big_endian(chunk.data, 4);
    const int depth = chunk.data[8], colour = chunk.data[9];
    grey = colour == 0 || colour == 4;
    has_palette = colour == 3;
    has_alpha = colour == 4 || colour == 6;
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

/// What of a PNG its pixels need.
struct MinimalPng {
  std::vector<std::uint8_t> bytes{};
  Alpha alpha = Alpha::none;
  Symmetry orientation = Symmetry::identity;
};

/// The same image with nothing in it that its pixels do not need, every checksum verified: stb_image looks at none, and
/// should see as little as possible of what others wrote. `bytes` begins with signature and header.
[[nodiscard]] inline MinimalPng minimal_png(ImageBytes bytes, const PngHeader& header, std::string_view name) {
  MinimalPng minimal{.alpha = header.has_alpha ? Alpha::some : Alpha::none};
  std::vector<std::uint8_t>& png = minimal.bytes;
  png.assign(bytes.begin(), bytes.begin() + png_header_end);
  const auto append = [&png](ImageBytes part) { png.insert(png.end(), part.begin(), part.end()); };
  ImageBytes rest = bytes.subspan(png_header_end);
  bool has_colours = false, has_pixels = false;
  while (true) {
    const PngChunk chunk = take_png_chunk(rest, name);
    if (chunk.type == "IDAT") {
      has_pixels = true;
      if (!chunk.data.empty()) append(chunk.whole);  // stb_image would copy nothing to a null pointer
    } else if (chunk.type == "IEND") {
      append(chunk.whole);
      return minimal;
    } else if (chunk.type == "eXIf") {
      const Symmetry orientation = exif_orientation(chunk.data);
      if (has_pixels && orientation != Symmetry::identity)
        throw image_error(name, "a PNG image whose orientation stands behind its pixels, which is not supported");
      if (!has_pixels) minimal.orientation = orientation;
    } else if (chunk.type == "tRNS") {
      // Of a palette the opacity of its first colours, else the one colour that is transparent.
      const bool fits =
          header.has_palette ? has_colours && chunk.data.size() <= 256 : chunk.data.size() == (header.grey ? 2u : 6u);
      if (header.has_alpha || has_pixels || !fits || minimal.alpha != Alpha::none)
        throw png_error(name, "what it says of transparency is of a wrong size or out of place");
      if (chunk.data.empty()) continue;
      minimal.alpha = Alpha::some;
      append(chunk.whole);
    } else if (chunk.type == "PLTE") {
      constexpr std::size_t all_colours = 256 * 3;
      if (chunk.data.size() > all_colours || chunk.data.size() % 3 != 0) {
        throw png_error(name, "its palette has a wrong size");
      }
      if (!header.has_palette) continue;  // a proposal for screens of few colours
      has_colours = true;
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
  const MinimalPng png = minimal_png(bytes, header, name);
  // What stb_image asks for, at most: 4 times the compressed data (its buffer for them doubles), 3 times the rows (so
  // may the one for them), twice the pixels as they are in the file, and once as RGBA of 16 bits; where one colour is
  // transparent, the pixels as they are in the file get another channel.
  const Index budget = 65536 + 4 * static_cast<Index>(png.bytes.size()) + 5 * header.height * row_bytes +
                       12 * header.height * header.width;
  if (!stb_decode_png(png.bytes, png.alpha, static_cast<std::size_t>(budget), image)) {
    throw png_error(name, "its pixels cannot be decompressed");
  }
  return turned(std::move(image), png.orientation);
}

[[nodiscard]] inline bool jpeg_begin(jpeg_decompress_struct& jpeg, JpegErrors& errors, ImageBytes bytes) {
  if (setjmp(errors.exit)) return false;
  jpeg_create_decompress(&jpeg);
  jpeg_mem_src(&jpeg, bytes.data(), bytes.size());
  jpeg_save_markers(&jpeg, JPEG_APP0 + 1, 0xFFFF);
  jpeg_read_header(&jpeg, TRUE);
  const bool inks = jpeg.jpeg_color_space == JCS_CMYK || jpeg.jpeg_color_space == JCS_YCCK;
  jpeg.out_color_space = inks ? JCS_CMYK : JCS_RGB;
  return true;
}

/// A row of cyan, magenta, yellow and black as red, green and blue. Files of Adobe's programs hold 255 less the ink.
inline void mix_inks(const std::uint8_t* inks, bool adobe, Index width, std::uint8_t* pixels) {
  for (Index x = 0; x < width; ++x, inks += 4, pixels += image_channels) {
    const int paper = adobe ? inks[3] : 255 - inks[3];
    for (Index c = 0; c < image_channels; ++c)
      pixels[c] = static_cast<std::uint8_t>(((adobe ? inks[c] : 255 - inks[c]) * paper + 127) / 255);
  }
}

/// @param inks  room for a row of CMYK; empty: the rows are RGB
[[nodiscard]] inline bool jpeg_finish(jpeg_decompress_struct& jpeg, JpegErrors& errors, RgbImage& image,
                                      std::vector<std::uint8_t>& inks) {
  if (setjmp(errors.exit)) return false;
  jpeg_start_decompress(&jpeg);
  while (jpeg.output_scanline < jpeg.output_height) {
    std::uint8_t* const pixels = image.at(0, jpeg.output_scanline);
    JSAMPROW row = inks.empty() ? pixels : inks.data();
    jpeg_read_scanlines(&jpeg, &row, 1);
    if (!inks.empty()) mix_inks(inks.data(), jpeg.saw_Adobe_marker != 0, image.width, pixels);
  }
  jpeg_finish_decompress(&jpeg);
  return true;
}

/// What the first Exif data say.
[[nodiscard]] inline Symmetry jpeg_orientation(const jpeg_decompress_struct& jpeg) {
  for (const jpeg_marker_struct* marker = jpeg.marker_list; marker != nullptr; marker = marker->next) {
    const ImageBytes segment(marker->data, marker->data_length);
    if (is_exif(segment)) return exif_orientation(segment.subspan(exif_mark.size()));
  }
  return Symmetry::identity;
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
  const auto refused = [&] {
    if (reader.errors.out_of_memory()) throw std::bad_alloc();
    const bool unsupported = reader.errors.unsupported();
    return image_error(name, std::string(unsupported ? "a kind of JPEG that is not supported, convert it: "
                                                     : "a damaged JPEG image: ") +
                                 reader.errors.complaint);
  };
  if (!jpeg_begin(reader.jpeg, reader.errors, bytes)) throw refused();
  RgbImage image = claim_image(name, reader.jpeg.image_width, reader.jpeg.image_height);
  const Symmetry orientation = jpeg_orientation(reader.jpeg);
  std::vector<std::uint8_t> inks;
  if (reader.jpeg.out_color_space == JCS_CMYK) inks.resize(static_cast<std::size_t>(4 * image.width));
  if (!jpeg_finish(reader.jpeg, reader.errors, image, inks)) throw refused();
  return turned(std::move(image), orientation);
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
