#pragma once

#if !defined(__CUDACC__) && !defined(SACCADE_CUDA_EMULATION)
#error "The kernels are compiled by nvcc, as kernels.cu; include launchers.hpp to call them"
#endif

#include <saccade/backends/cuda/error.hpp>
#include <saccade/backends/cuda/launchers.hpp>

#include <cstdint>
#include <limits>
#include <type_traits>

#include <cuda_bf16.h>

/// How work is cut into blocks, and started.
namespace saccade::inline SACCADE_VERSION_NAMESPACE {
namespace SACCADE_HIDDEN cuda {
namespace kernels {

/// Threads of every block.
inline constexpr unsigned block_threads = 256;

/// The least number of parts of at most `part` that make up `whole`.
SACCADE_HOST_DEVICE constexpr Index ceil_divide(Index whole, Index part) { return (whole + part - 1) / part; }

/// Starts `blocks` blocks; `arguments` are converted to what the kernel takes.
/// @throws CudaError with the name of the kernel
template <class... Parameters>
void launch(const char* name, void (*kernel)(Parameters...), Index blocks, cudaStream_t stream,
            std::type_identity_t<Parameters>... arguments) {
  if (blocks > std::numeric_limits<std::int32_t>::max())
    throw CudaError(std::string(name) + ": a tensor needs more than 2^31 - 1 blocks of threads");
  const dim3 grid(static_cast<unsigned>(blocks));
#if defined(SACCADE_CUDA_EMULATION)
  saccade_test::emulation::launch(kernel, grid, dim3(block_threads), stream, arguments...);
#else
  // clang-format off
  kernel<<<grid, block_threads, 0, stream>>>(arguments...);
  // clang-format on
#endif
  check(cudaGetLastError(), name, "the launch of its kernel");
}

/// A number type as a value, for functions that are told which one to use.
template <class T>
struct Type {
  using type = T;
};

/// Calls f(Type<T>) with the type of the format's numbers.
template <class F>
void with_type(Format format, F f) {
  if (format == Format::single) {
    f(Type<float>{});
  } else {
    f(Type<__nv_bfloat16>{});
  }
}

template <class T>
[[nodiscard]] T* numbers(Map map) {
  return static_cast<T*>(map.data);
}
template <class T>
[[nodiscard]] const T* numbers(ConstMap map) {
  return static_cast<const T*>(map.data);
}

/// n / d and n % d for 0 <= n < 2^31 by a multiplication, d >= 1 known to the host.
/// Source: Granlund and Montgomery, "Division by invariant integers using multiplication", PLDI 1994.
class Divider {
 public:
  Divider() = default;
  explicit Divider(Index divisor) : divisor_(static_cast<std::uint32_t>(divisor)) {
    while ((std::uint64_t{1} << shift_) < divisor_) ++shift_;
    // 2^(31 + shift) / divisor, rounded up: below 2^32 because divisor > 2^(shift - 1).
    const std::uint64_t power = std::uint64_t{1} << (31 + shift_);
    factor_ = static_cast<std::uint32_t>((power + divisor_ - 1) / divisor_);
  }

  [[nodiscard]] SACCADE_HOST_DEVICE std::uint32_t divide(std::uint32_t n) const {
    return static_cast<std::uint32_t>((std::uint64_t{n} * factor_) >> (31 + shift_));
  }
  [[nodiscard]] SACCADE_HOST_DEVICE std::uint32_t divisor() const { return divisor_; }

 private:
  std::uint32_t divisor_ = 1;
  std::uint32_t factor_ = std::uint32_t{1} << 31;
  std::uint32_t shift_ = 0;
};

}  // namespace kernels
}  // namespace cuda
}  // namespace saccade
