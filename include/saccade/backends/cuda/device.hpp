#pragma once

#include <saccade/backends/cuda/error.hpp>

#include <optional>
#include <string>

namespace saccade::inline SACCADE_VERSION_NAMESPACE::cuda {

/// Why this process cannot use the device of number `device`, as one sentence; nothing if it can. Safe without a GPU
/// and without a driver.
[[nodiscard]] inline std::optional<std::string> device_fault(int device) {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  (void)cudaGetLastError();  // or the next check of a launch would report it again
  if (status == cudaErrorInsufficientDriver)
    return "CudaBackend: no CUDA device: the driver is missing, or too old for this version of CUDA";
  if (status != cudaSuccess) return std::string("CudaBackend: no CUDA device: ") + cudaGetErrorString(status);
  if (count == 0) return "CudaBackend: no CUDA device: this machine has none";
  if (device >= 0 && device < count) return std::nullopt;
  return "CudaBackend: there is no CUDA device " + std::to_string(device) + "; expected 0" +
         (count > 1 ? " to " + std::to_string(count - 1) : "");
}

/// Makes a device the current one of this thread, and the one before it again at the end.
class DeviceGuard {
 public:
  explicit DeviceGuard(int device) {
    check(cudaGetDevice(&before_), "CudaBackend", "cudaGetDevice");
    if (before_ == device) return;
    check(cudaSetDevice(device), "CudaBackend", "cudaSetDevice");
    changed_ = true;
  }
  DeviceGuard(const DeviceGuard&) = delete;
  DeviceGuard& operator=(const DeviceGuard&) = delete;
  ~DeviceGuard() {
    if (changed_) (void)cudaSetDevice(before_);
  }

 private:
  int before_ = 0;
  bool changed_ = false;
};

}  // namespace saccade::cuda
