#pragma once

#include <saccade/core/image.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <jpeglib.h>
#include <png.h>

/// Files of kinds that the library itself does not write, for the tests of the decoder.
namespace encoded {

using Bytes = std::vector<std::uint8_t>;

/// `pixels` is written as it stands: rows of height equal parts.
inline Bytes png(std::uint32_t width, std::uint32_t height, int depth, int colour_type, const Bytes& pixels,
                 int interlace = PNG_INTERLACE_NONE, const std::vector<png_color>& palette = {}) {
  Bytes bytes;
  png_structp writer = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(writer);
  png_set_write_fn(
      writer, &bytes,
      [](png_structp p, png_bytep data, std::size_t size) {
        auto& to = *static_cast<Bytes*>(png_get_io_ptr(p));
        to.insert(to.end(), data, data + size);
      },
      nullptr);
  png_set_IHDR(writer, info, width, height, depth, colour_type, interlace, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  if (!palette.empty()) png_set_PLTE(writer, info, palette.data(), static_cast<int>(palette.size()));
  png_write_info(writer, info);
  std::vector<png_bytep> rows;
  for (std::uint32_t y = 0; y < height; ++y) {
    rows.push_back(const_cast<png_bytep>(pixels.data()) + y * (pixels.size() / height));
  }
  png_write_image(writer, rows.data());
  png_write_end(writer, info);
  png_destroy_write_struct(&writer, &info);
  return bytes;
}

/// Whether a JPEG says that it comes from a program of Adobe.
enum class Adobe { no, yes };

/// A JPEG of best quality without colour subsampling; `channels` 1 (grey), 3 or 4 (CMYK as it stands).
inline Bytes jpeg(std::uint32_t width, std::uint32_t height, int channels, const Bytes& pixels,
                  Adobe adobe = Adobe::no) {
  jpeg_compress_struct writer{};
  jpeg_error_mgr errors{};
  writer.err = jpeg_std_error(&errors);
  jpeg_create_compress(&writer);
  unsigned char* data = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&writer, &data, &size);
  writer.image_width = width;
  writer.image_height = height;
  writer.input_components = channels;
  writer.in_color_space = channels == 1 ? JCS_GRAYSCALE : channels == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults(&writer);
  writer.write_Adobe_marker = adobe == Adobe::yes ? TRUE : FALSE;
  jpeg_set_quality(&writer, 100, TRUE);
  writer.comp_info[0].h_samp_factor = writer.comp_info[0].v_samp_factor = 1;
  jpeg_start_compress(&writer, TRUE);
  while (writer.next_scanline < height) {
    JSAMPROW row = const_cast<JSAMPROW>(pixels.data()) + writer.next_scanline * width * static_cast<unsigned>(channels);
    jpeg_write_scanlines(&writer, &row, 1);
  }
  jpeg_finish_compress(&writer);
  Bytes bytes(data, data + size);
  jpeg_destroy_compress(&writer);
  std::free(data);
  return bytes;
}

/// The checksum of a PNG chunk, bit by bit.
inline std::uint32_t crc32(const std::uint8_t* data, std::size_t size) {
  std::uint32_t crc = 0xffffffffu;
  for (std::size_t i = 0; i < size; ++i) {
    crc ^= data[i];
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0u);
  }
  return ~crc;
}

inline void put_big_endian(Bytes& bytes, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
}

/// The same PNG with the checksum of every chunk (length, type, data, checksum) put right, up to one that does not fit.
inline Bytes with_checksums(Bytes png) {
  for (std::size_t at = 8; at + 12 <= png.size();) {
    const std::size_t length = std::size_t{png[at]} << 24 | std::size_t{png[at + 1]} << 16 |
                               std::size_t{png[at + 2]} << 8 | std::size_t{png[at + 3]};
    if (length > png.size() - at - 12) break;
    put_big_endian(png, at + 8 + length, crc32(png.data() + at + 4, length + 4));
    at += length + 12;
  }
  return png;
}

/// Exif data that say nothing but the orientation, 1 to 8, as Intel's processors write numbers or as Motorola's do.
inline Bytes exif(std::uint8_t orientation, bool intel = true) {
  if (intel) return {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0};
  return {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0};
}

/// The same JPEG with Exif data.
inline Bytes with_exif(Bytes jpeg, const Bytes& data) {
  Bytes segment{0xFF, 0xE1, 0, static_cast<std::uint8_t>(data.size() + 8), 'E', 'x', 'i', 'f', 0, 0};
  segment.insert(segment.end(), data.begin(), data.end());
  jpeg.insert(jpeg.begin() + 2, segment.begin(), segment.end());
  return jpeg;
}

/// Where the header chunk of a PNG ends: 8 bytes of signature, 25 of header.
inline constexpr std::size_t png_header_end = 33;

/// The same PNG with one more chunk, behind the header.
inline Bytes with_chunk(Bytes png, const std::string& type, const Bytes& data) {
  Bytes chunk(4);
  put_big_endian(chunk, 0, static_cast<std::uint32_t>(data.size()));
  chunk.insert(chunk.end(), type.begin(), type.end());
  chunk.insert(chunk.end(), data.begin(), data.end());
  chunk.resize(chunk.size() + 4);
  png.insert(png.begin() + png_header_end, chunk.begin(), chunk.end());
  return with_checksums(png);
}

/// The same PNG with another byte in its header, whose checksum is right: 24 is the depth, 25 the colour type.
inline Bytes with_header_byte(Bytes png, std::size_t at, std::uint8_t value) {
  png[at] = value;
  return with_checksums(png);
}

/// The same PNG, claiming another size in its header, whose checksum is right.
inline Bytes claim_size(Bytes png, std::uint32_t width, std::uint32_t height) {
  put_big_endian(png, 16, width);
  put_big_endian(png, 20, height);
  return with_checksums(png);
}

}  // namespace encoded
