#pragma once

// Opt-in: needs stb_image and libjpeg-turbo (link JPEG::JPEG).

#include <saccade/core/error.hpp>
#include <saccade/core/image.hpp>
#include <saccade/data/jpeg_errors.hpp>

#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include <jpeglib.h>

namespace saccade::inline SACCADE_NAMESPACE::data {

namespace detail {

/// What libjpeg writes to, and what has to be given back.
struct JpegWriter {
  jpeg_compress_struct jpeg{};
  JpegErrors errors{};
  unsigned char* bytes = nullptr;
  unsigned long size = 0;

  JpegWriter() {
    jpeg.err = jpeg_std_error(&errors.manager);
    errors.manager.error_exit = &saccade_jpeg_error;
    errors.manager.emit_message = &saccade_jpeg_message;
  }
  JpegWriter(const JpegWriter&) = delete;
  JpegWriter& operator=(const JpegWriter&) = delete;
  ~JpegWriter() {
    jpeg_destroy_compress(&jpeg);
    std::free(bytes);
  }
};

/// The part of the work that libjpeg may leave by longjmp: nothing in it has a destructor to skip.
[[nodiscard]] inline bool write_jpeg_rows(JpegWriter& writer, const ImageView& image, int quality) {
  if (setjmp(writer.errors.exit)) return false;
  jpeg_compress_struct& jpeg = writer.jpeg;
  jpeg_create_compress(&jpeg);
  jpeg_mem_dest(&jpeg, &writer.bytes, &writer.size);
  jpeg.image_width = static_cast<JDIMENSION>(image.width);
  jpeg.image_height = static_cast<JDIMENSION>(image.height);
  jpeg.input_components = static_cast<int>(image_channels);
  jpeg.in_color_space = JCS_RGB;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, quality, TRUE);
  // Coloured lines one or two pixels wide would fade with halved colours.
  jpeg.comp_info[0].h_samp_factor = jpeg.comp_info[0].v_samp_factor = 1;
  jpeg.optimize_coding = TRUE;
  jpeg_start_compress(&jpeg, TRUE);
  for (Index y = 0; y < image.height; ++y) {
    auto* row = const_cast<JSAMPROW>(image.pixels + y * image.row_stride);  // libjpeg only reads it
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  return true;
}

}  // namespace detail

/// A JPEG in memory, its colours at full resolution.
/// @param quality  0 to 100, as libjpeg counts it
/// @throws Error where the image is empty or libjpeg refuses it; std::bad_alloc
[[nodiscard]] inline std::vector<std::uint8_t> encode_jpeg(const ImageView& image, int quality = 80) {
  const std::string size = std::to_string(image.width) + " x " + std::to_string(image.height);
  if (image.width < 1 || image.height < 1) throw Error("encode_jpeg: the image must have pixels, but is " + size);
  detail::JpegWriter writer;
  if (!detail::write_jpeg_rows(writer, image, quality)) {
    if (writer.errors.out_of_memory()) throw std::bad_alloc();
    throw Error("encode_jpeg: libjpeg cannot encode an image of " + size + ": " + writer.errors.complaint);
  }
  return {writer.bytes, writer.bytes + writer.size};
}

}  // namespace saccade::data
