#include <cublas_v2.h>

#include "memory.hpp"
#include "numbers.hpp"
#include "stream.hpp"

#include <optional>
#include <vector>

using namespace saccade_test::emulation;

/// The few functions of cuBLAS that the backend calls. Products are summed in double precision.

struct cublasContext {
  int device = 0;
  cudaStream_t stream = nullptr;
};

namespace {

std::optional<Number> number_of(cudaDataType type) {
  if (type == CUDA_R_32F) return Number::single;
  if (type == CUDA_R_16BF) return Number::bf16;
  return std::nullopt;
}

/// A matrix in memory, column by column, or its transpose.
struct Matrix {
  const void* data;
  Number number;
  bool transposed;
  std::int64_t rows, columns;  ///< after it was transposed
  std::int64_t leading;

  [[nodiscard]] std::int64_t offset(std::int64_t row, std::int64_t column) const {
    return transposed ? row * leading + column : column * leading + row;
  }
  [[nodiscard]] bool fits() const { return leading >= (transposed ? columns : rows); }
  [[nodiscard]] std::size_t bytes() const {
    return static_cast<std::size_t>(offset(rows - 1, columns - 1) + 1) * bytes_of(number);
  }
  /// Row by row, without gaps.
  [[nodiscard]] std::vector<double> values(bool tf32) const {
    std::vector<double> values;
    values.reserve(static_cast<std::size_t>(rows * columns));
    for (std::int64_t row = 0; row < rows; ++row) {
      for (std::int64_t column = 0; column < columns; ++column) {
        const double value = read_number(data, number, offset(row, column));
        values.push_back(tf32 ? as_tf32(static_cast<float>(value)) : value);
      }
    }
    return values;
  }
};

void multiply(const Matrix& a, const Matrix& b, const Matrix& c, void* target, double alpha, double beta, bool tf32) {
  const std::vector<double> left = a.values(tf32);
  const std::vector<double> right = b.values(tf32);
  const auto columns = static_cast<std::size_t>(c.columns);
  std::vector<double> sums(columns);
  for (std::int64_t row = 0; row < c.rows; ++row) {
    sums.assign(columns, 0.0);
    for (std::int64_t inner = 0; inner < a.columns; ++inner) {
      const double factor = left[static_cast<std::size_t>(row * a.columns + inner)];
      const double* const terms = right.data() + static_cast<std::size_t>(inner) * columns;
      for (std::size_t column = 0; column < columns; ++column) sums[column] += factor * terms[column];
    }
    for (std::int64_t column = 0; column < c.columns; ++column) {
      const std::int64_t offset = c.offset(row, column);
      const double before = beta == 0 ? 0 : beta * read_number(target, c.number, offset);  // 0 does not read
      write_number(target, c.number, offset, alpha * sums[static_cast<std::size_t>(column)] + before);
    }
  }
}

}  // namespace

const char* cublasGetStatusString(cublasStatus_t status) {
  return status == CUBLAS_STATUS_INVALID_VALUE ? "the function got an invalid value" : "the function failed";
}

cublasStatus_t cublasCreate_v2(cublasHandle_t* handle) {
  if (require_device() != cudaSuccess) return CUBLAS_STATUS_NOT_INITIALIZED;
  *handle = new cublasContext{current_device(), nullptr};
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasDestroy_v2(cublasHandle_t handle) {
  (void)refuse_while_capturing();  // it waits for the device
  delete handle;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetStream_v2(cublasHandle_t handle, cudaStream_t stream) {
  if (device_of(stream) != handle->device) return CUBLAS_STATUS_INVALID_VALUE;
  handle->stream = stream;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetWorkspace_v2(cublasHandle_t, void* workspace, size_t bytes) {
  require_reachable(workspace, bytes, "the workspace of cuBLAS");
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetMathMode(cublasHandle_t, cublasMath_t) { return CUBLAS_STATUS_SUCCESS; }

cublasStatus_t cublasGemmEx(cublasHandle_t handle, cublasOperation_t a_operation, cublasOperation_t b_operation, int m,
                            int n, int k, const void* alpha, const void* a, cudaDataType a_type, int a_leading,
                            const void* b, cudaDataType b_type, int b_leading, const void* beta, void* c,
                            cudaDataType c_type, int c_leading, cublasComputeType_t compute, cublasGemmAlgo_t) {
  const auto a_number = number_of(a_type), b_number = number_of(b_type), c_number = number_of(c_type);
  if (current_device() != handle->device) return CUBLAS_STATUS_EXECUTION_FAILED;
  if (!a_number || a_number != b_number || !c_number || (a_number == Number::single && c_number == Number::bf16))
    return CUBLAS_STATUS_NOT_SUPPORTED;
  if (compute != CUBLAS_COMPUTE_32F && compute != CUBLAS_COMPUTE_32F_FAST_TF32) return CUBLAS_STATUS_NOT_SUPPORTED;
  const Matrix left{a, *a_number, a_operation != CUBLAS_OP_N, m, k, a_leading};
  const Matrix right{b, *b_number, b_operation != CUBLAS_OP_N, k, n, b_leading};
  const Matrix result{c, *c_number, false, m, n, c_leading};
  if (m <= 0 || n <= 0 || k <= 0 || !left.fits() || !right.fits() || !result.fits()) return CUBLAS_STATUS_INVALID_VALUE;
  const bool tf32 = a_number == Number::single && compute == CUBLAS_COMPUTE_32F_FAST_TF32;
  require_reachable(a, left.bytes(), "cublasGemmEx: A");
  require_reachable(b, right.bytes(), "cublasGemmEx: B");
  require_reachable(c, result.bytes(), "cublasGemmEx: C");
  const double alpha_value = *static_cast<const float*>(alpha), beta_value = *static_cast<const float*>(beta);
  const cudaError_t error =
      enqueue(handle->stream, [=] { multiply(left, right, result, c, alpha_value, beta_value, tf32); });
  return error == cudaSuccess ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_EXECUTION_FAILED;
}
