#pragma once

#include <saccade/backends/cuda/capture_gate.hpp>
#include <saccade/backends/cuda/engine.hpp>
#include <saccade/core/random_key.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace saccade::inline SACCADE_VERSION_NAMESPACE::cuda {

/// A body of work that was captured as one CUDA graph; see ops/step.hpp for what a body may do. The number that a
/// repetition adds to the counters of its random keys lies in device memory, and the graph's last kernel moves it on,
/// so that the host need not say it where one repetition follows the other.
class StepGraph {
 public:
  /// The first call runs `body`, so that plans are made and workspaces have their sizes; the second one captures it;
  /// and that one and all later ones launch what was captured. Captured again where a workspace has moved since.
  void run(const Call& call, StepCount count, const std::function<void()>& body) {
    call.expect_outside_capture();
    if (!warm_) {
      body();
      warm_ = true;
      return;
    }
    Engine& engine = call.engine();
    if (!graph_ || generation_ != engine.workspace().generation()) capture(call, count, body);
    const std::uint64_t offset = count.counter - first_counter_;
    if (offset != next_offset_) engine.staging().copy(&offset, offset_.data(), sizeof offset, call.operation());
    check(cudaGraphLaunch(graph_.get(), call.stream()), call.operation(), "cudaGraphLaunch");
    next_offset_ = offset + stride_;
  }

 private:
  struct DestroyGraph {
    void operator()(cudaGraph_t graph) const { (void)cudaGraphDestroy(graph); }
  };
  struct DestroyExecutable {
    std::shared_ptr<const Stream> stream;
    void operator()(cudaGraphExec_t graph) const {
      (void)cudaStreamSynchronize(stream->get());  // it may still be running
      (void)cudaGraphExecDestroy(graph);
    }
  };

  using Graph = std::unique_ptr<std::remove_pointer_t<cudaGraph_t>, DestroyGraph>;
  using Executable = std::unique_ptr<std::remove_pointer_t<cudaGraphExec_t>, DestroyExecutable>;

  void capture(const Call& call, StepCount count, const std::function<void()>& body) {
    Engine& engine = call.engine();
    graph_.reset();
    if (offset_.data() == nullptr)
      offset_ = DeviceMemory(engine.stream(), sizeof(unsigned long long), call.operation());
    auto* const offset = static_cast<unsigned long long*>(offset_.data());
    std::optional<CaptureGate::Capture> pass(std::in_place);
    check(cudaStreamBeginCapture(call.stream(), cudaStreamCaptureModeThreadLocal), call.operation(),
          "cudaStreamBeginCapture");
    engine.begin_capture(offset);
    try {
      body();
      if (count.stride != 0) advance_counter(offset, count.stride, call.stream());
    } catch (...) {
      engine.end_capture();
      (void)end_capture(call);
      warm_ = false;
      throw;
    }
    engine.end_capture();
    const auto [graph, status] = end_capture(call);
    pass.reset();
    check(status, call.operation(), "cudaStreamEndCapture");
    cudaGraphExec_t executable = nullptr;
    check(cudaGraphInstantiate(&executable, graph.get(), 0), call.operation(), "cudaGraphInstantiate");
    graph_ = Executable(executable, DestroyExecutable{engine.stream()});
    generation_ = engine.workspace().generation();
    first_counter_ = count.counter;
    stride_ = count.stride;
    const std::uint64_t zero = 0;
    engine.staging().copy(&zero, offset, sizeof zero, call.operation());
    next_offset_ = 0;
  }

  static std::pair<Graph, cudaError_t> end_capture(const Call& call) {
    cudaGraph_t graph = nullptr;
    const cudaError_t status = cudaStreamEndCapture(call.stream(), &graph);
    return {Graph(graph), status};
  }

  DeviceMemory offset_;
  Executable graph_;
  bool warm_ = false;
  std::size_t generation_ = 0;
  std::uint64_t first_counter_ = 0;
  std::uint64_t next_offset_ = 0;  ///< what the device will add if nobody says otherwise
  std::uint64_t stride_ = 1;
};

}  // namespace saccade::cuda
