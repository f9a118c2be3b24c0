#pragma once

#include <saccade/core/error.hpp>

#include <cuda_runtime_api.h>

#include <string>
#include <string_view>

namespace saccade::inline SACCADE_VERSION_NAMESPACE {

/// A call of the CUDA runtime, cuBLAS or cuDNN that failed, or a use of CudaBackend that cannot work.
struct CudaError : Error {
  using Error::Error;
};

namespace cuda {

/// Throws CudaError unless `status` is success: "zeros: cudaMallocAsync of 4096 bytes failed: out of memory".
///
/// @param operation  what CudaBackend was asked for
/// @param action     the call and what it was about
inline void check(cudaError_t status, std::string_view operation, std::string_view action) {
  if (status == cudaSuccess) return;
  (void)cudaGetLastError();  // or the next launch would report it once more
  throw CudaError(std::string(operation) + ": " + std::string(action) + " failed: " + cudaGetErrorString(status));
}

}  // namespace cuda
}  // namespace saccade
