#pragma once

#include <saccade/backends/cuda/capture_gate.hpp>
#include <saccade/backends/cuda/convolution_plan.hpp>
#include <saccade/backends/cuda/stream.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <type_traits>

namespace saccade::inline SACCADE_VERSION_NAMESPACE::cuda {

/// cuDNN on one stream, and the plans of all convolutions that it was asked for. A plan is made once and kept.
class ConvolutionPlans {
 public:
  explicit ConvolutionPlans(const Stream& stream) : device_(device_properties(stream.device())) {
    const CaptureGate::DeviceWide pass;
    cudnnHandle_t handle = nullptr;
    check(cudnnCreate(&handle), "CudaBackend", "cudnnCreate");
    handle_.reset(handle);
    check(cudnnSetStream(handle, stream.get()), "CudaBackend", "cudnnSetStream");
  }

  [[nodiscard]] const ConvolutionPlan& plan(const ConvolutionProblem& problem) {
    const auto found = plans_.find(problem);
    if (found != plans_.end()) return found->second;
    return plans_.emplace(problem, ConvolutionPlan(device_, problem, workspace_limit)).first->second;
  }

  [[nodiscard]] cudnnHandle_t handle() const { return handle_.get(); }

 private:
  static constexpr std::size_t workspace_limit = std::size_t{1} << 30;

  struct Destroy {
    void operator()(cudnnHandle_t handle) const {
      const CaptureGate::DeviceWide pass;
      (void)cudnnDestroy(handle);
    }
  };
  std::unique_ptr<std::remove_pointer_t<cudnnHandle_t>, Destroy> handle_;
  Descriptor device_;
  std::map<ConvolutionProblem, ConvolutionPlan> plans_;
};

}  // namespace saccade::cuda
