#pragma once

// Opt-in: needs libjpeg-turbo (link JPEG::JPEG).

#include <saccade/core/config.hpp>

#include <csetjmp>
#include <cstddef>
#include <cstdio>

#include <jerror.h>
#include <jpeglib.h>

namespace saccade::inline SACCADE_NAMESPACE::data::detail {

/// libjpeg's error manager, with the way out and the complaint.
struct JpegErrors {
  jpeg_error_mgr manager;  // first, so that a pointer to it is a pointer to the whole
  std::jmp_buf exit;
  char complaint[JMSG_LENGTH_MAX];

  /// Whether the machine is to blame, and not the file.
  [[nodiscard]] bool out_of_memory() const { return manager.msg_code == JERR_OUT_OF_MEMORY; }

  /// Whether the complaint is of a file that may well be sound, but is of a kind that libjpeg does not decode.
  [[nodiscard]] bool unsupported() const {
    switch (manager.msg_code) {
      case JERR_ARITH_NOTIMPL:
      case JERR_BAD_PRECISION:
      case JERR_CCIR601_NOTIMPL:
      case JERR_CONVERSION_NOTIMPL:
      case JERR_FRACT_SAMPLE_NOTIMPL:
      case JERR_NOTIMPL:
      case JERR_NOT_COMPILED:
      case JERR_SOF_UNSUPPORTED:
        return true;
      default:
        return false;
    }
  }
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

}  // namespace saccade::data::detail
