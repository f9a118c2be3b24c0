#pragma once

#include <saccade/backends/cuda/image.hpp>
#include <saccade/backends/cuda/matrix_product.hpp>
#include <saccade/backends/cuda/options.hpp>
#include <saccade/backends/cuda/plan_cache.hpp>
#include <saccade/backends/cuda/tensor.hpp>
#include <saccade/backends/cuda/workspace.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace saccade::inline SACCADE_VERSION_NAMESPACE::cuda {

/// What all operations of a backend share: a device, one stream on it, the libraries, and scratch memory.
class Engine {
 public:
  explicit Engine(const CudaOptions& options)
      : options_(options),
        stream_(std::make_shared<const Stream>(options.device)),
        products_(stream_, tf32()),
        convolutions_(*stream_),
        workspace_(stream_),
        staging_(stream_),
        budget_(std::make_shared<ImageBudget>(ImageBudget{options.image_budget})) {}
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine() { (void)cudaStreamSynchronize(stream_->get()); }  // before the libraries go

  [[nodiscard]] const CudaOptions& options() const { return options_; }
  /// Whether single numbers may be multiplied as TF32.
  [[nodiscard]] bool tf32() const { return options_.precision != Precision::single; }
  [[nodiscard]] const std::shared_ptr<const Stream>& stream() const { return stream_; }
  [[nodiscard]] const MatrixProducts& products() const { return products_; }
  [[nodiscard]] ConvolutionPlans& convolutions() { return convolutions_; }
  [[nodiscard]] Workspace& workspace() { return workspace_; }
  [[nodiscard]] Staging& staging() { return staging_; }
  [[nodiscard]] ImageTables& tables() { return tables_; }
  [[nodiscard]] const std::shared_ptr<ImageBudget>& budget() const { return budget_; }

  /// While a step is being captured: where the number lies that is added to the counter of every random key. Else null.
  [[nodiscard]] const unsigned long long* counter_offset() const { return counter_offset_; }
  [[nodiscard]] bool capturing() const { return counter_offset_ != nullptr; }
  void begin_capture(const unsigned long long* counter_offset) {
    counter_offset_ = counter_offset;
    workspace_.freeze(true);
  }
  void end_capture() {
    counter_offset_ = nullptr;
    workspace_.freeze(false);
  }

 private:
  CudaOptions options_;
  std::shared_ptr<const Stream> stream_;
  MatrixProducts products_;
  ConvolutionPlans convolutions_;
  Workspace workspace_;
  Staging staging_;
  ImageTables tables_;
  std::shared_ptr<ImageBudget> budget_;
  const unsigned long long* counter_offset_ = nullptr;
};

/// One call of an operation: its name, for errors, and the engine, whose device is the current one while it lasts.
class Call {
 public:
  Call(Engine& engine, std::string_view operation)
      : engine_(engine), operation_(operation), guard_(engine.options().device) {}

  [[nodiscard]] Engine& engine() const { return engine_; }
  [[nodiscard]] std::string_view operation() const { return operation_; }
  [[nodiscard]] cudaStream_t stream() const { return engine_.stream()->get(); }

  /// The numbers of an operand that is always in single precision.
  [[nodiscard]] const float* single(const DeviceTensor& x, std::string_view operand) const {
    return x.single(operation_, operand);
  }
  [[nodiscard]] float* single(DeviceTensor& y, std::string_view operand) const { return y.single(operation_, operand); }

  void expect_one_format(std::initializer_list<NamedMap> maps) const { cuda::expect_one_format(operation_, maps); }

  /// Scratch for the sums of a kernel, of this many floats.
  [[nodiscard]] float* sums(Index floats) const {
    return static_cast<float*>(take(Purpose::sums, Format::single, floats));
  }
  /// Scratch for a map of `size` numbers.
  [[nodiscard]] Map scratch(Purpose purpose, Format format, Index size) const {
    return {take(purpose, format, size), format};
  }

  /// @throws CudaError in the body of a step that is being captured, where a repetition would not do it again
  void expect_outside_capture() const {
    if (engine_.capturing())
      throw CudaError(std::string(operation_) + ": cannot be part of a captured step; expected it before the step");
  }

 private:
  [[nodiscard]] void* take(Purpose purpose, Format format, Index size) const {
    return engine_.workspace().take(purpose, static_cast<std::size_t>(size) * bytes_of(format), operation_);
  }

  Engine& engine_;
  std::string_view operation_;
  DeviceGuard guard_;
};

}  // namespace saccade::cuda
