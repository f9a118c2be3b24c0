#pragma once

#include <saccade/backends/cuda/capture_gate.hpp>
#include <saccade/backends/cuda/device_memory.hpp>
#include <saccade/backends/cuda/launchers.hpp>

#include <cublas_v2.h>

#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

namespace saccade::inline SACCADE_VERSION_NAMESPACE::cuda {

/// Throws CudaError unless `status` is success.
inline void check(cublasStatus_t status, std::string_view operation, std::string_view action) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw CudaError(std::string(operation) + ": " + std::string(action) + " failed: " + cublasGetStatusString(status));
}

/// A factor of a product as it lies in memory, row by row, or its transpose.
struct Factor {
  ConstMap numbers;
  bool transposed = false;
};

/// Sizes of y (M, N) = a (M, K) b (K, N).
struct ProductSizes {
  Index rows = 0;     ///< M
  Index columns = 0;  ///< N
  Index inner = 0;    ///< K
};

/// cuBLAS on one stream. Its workspace is given to it once, so that products can be captured and have the same bits in
/// every run.
class MatrixProducts {
 public:
  MatrixProducts(const std::shared_ptr<const Stream>& stream, bool tf32)
      : compute_(tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F),
        workspace_(stream, workspace_bytes, "CudaBackend") {
    const CaptureGate::DeviceWide pass;
    cublasHandle_t handle = nullptr;
    check(cublasCreate(&handle), "CudaBackend", "cublasCreate");
    handle_.reset(handle);
    check(cublasSetStream(handle, stream->get()), "CudaBackend", "cublasSetStream");
    check(cublasSetWorkspace(handle, workspace_.data(), workspace_.bytes()), "CudaBackend", "cublasSetWorkspace");
    const auto mode = static_cast<cublasMath_t>(CUBLAS_DEFAULT_MATH | CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION);
    check(cublasSetMathMode(handle, mode), "CudaBackend", "cublasSetMathMode");
  }

  /// y (+)= a b; a and b have one format, y has theirs or is in single precision. Sums are in single precision. None of
  /// the sizes may be 0.
  void multiply(const Factor& a, const Factor& b, Map y, Write write, const ProductSizes& sizes,
                std::string_view operation) const {
    const auto rows = size(sizes.rows, operation), columns = size(sizes.columns, operation),
               inner = size(sizes.inner, operation);
    const float one = 1, beta = write == Write::accumulate ? 1.0f : 0.0f;
    // cuBLAS reads memory column by column, and so sees transposes: y^T = b^T a^T.
    check(
        cublasGemmEx(handle_.get(), b.transposed ? CUBLAS_OP_T : CUBLAS_OP_N, a.transposed ? CUBLAS_OP_T : CUBLAS_OP_N,
                     columns, rows, inner, &one, b.numbers.data, type(b.numbers.format), b.transposed ? inner : columns,
                     a.numbers.data, type(a.numbers.format), a.transposed ? rows : inner, &beta, y.data, type(y.format),
                     columns, a.numbers.format == Format::bf16 ? CUBLAS_COMPUTE_32F : compute_, CUBLAS_GEMM_DEFAULT),
        operation,
        "cublasGemmEx of (" + std::to_string(rows) + ", " + std::to_string(inner) + ") with (" + std::to_string(inner) +
            ", " + std::to_string(columns) + ")");
  }

 private:
  static constexpr std::size_t workspace_bytes = std::size_t{32} << 20;  // what cuBLAS recommends for sm_90

  static cudaDataType_t type(Format format) { return format == Format::bf16 ? CUDA_R_16BF : CUDA_R_32F; }

  static int size(Index size, std::string_view operation) {
    if (size <= std::numeric_limits<int>::max()) return static_cast<int>(size);
    throw CudaError(std::string(operation) + ": a matrix of " + std::to_string(size) +
                    " rows or columns is too large; expected less than 2^31");
  }

  struct Destroy {
    void operator()(cublasHandle_t handle) const {
      const CaptureGate::DeviceWide pass;
      (void)cublasDestroy(handle);
    }
  };
  cublasComputeType_t compute_;
  DeviceMemory workspace_;
  std::unique_ptr<std::remove_pointer_t<cublasHandle_t>, Destroy> handle_;
};

}  // namespace saccade::cuda
