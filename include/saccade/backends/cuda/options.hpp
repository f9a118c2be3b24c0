#pragma once

#include <saccade/core/precision.hpp>

#include <cstddef>

namespace saccade::inline SACCADE_VERSION_NAMESPACE {

/// How a CudaBackend is made.
struct CudaOptions {
  int device = 0;                         ///< as CUDA numbers them
  Precision precision = Precision::tf32;  ///< of convolutions and dense layers; bf16 is also how maps are kept
  std::size_t image_budget = std::size_t{16} << 30;  ///< bytes of images on the device; more stay on the host, pinned
};

}  // namespace saccade
