#pragma once

#include <saccade/backends/cuda/descriptor.hpp>
#include <saccade/backends/cuda/launchers.hpp>
#include <saccade/core/geometry.hpp>

#include <array>
#include <compare>
#include <cstddef>
#include <optional>
#include <vector>

namespace saccade::inline SACCADE_VERSION_NAMESPACE::cuda {

/// Which of the three products of a convolution: y of x and w, d_x of d_y and w, d_w of d_y and x.
enum class Direction { forward, backward_input, backward_weight };

/// All that a plan depends on. Channels are those in memory, padding included.
struct ConvolutionProblem {
  Direction direction = Direction::forward;
  Index batch = 1;
  Index height = 1;
  Index width = 1;
  Index inputs = 4;
  Index outputs = 4;
  Index kernel_height = 1;
  Index kernel_width = 1;
  Index stride = 1;
  Padding padding = 0;
  Index groups = 1;
  Format format = Format::single;  ///< of x, w and y
  bool tf32 = false;               ///< whether single numbers may be multiplied as TF32

  friend auto operator<=>(const ConvolutionProblem&, const ConvolutionProblem&) = default;
};

/// "convolve of x (8, 56, 56, 64) with w (64, 3, 3, 1), stride 1, padding 1, 64 groups, in bf16".
[[nodiscard]] inline std::string to_string(const ConvolutionProblem& p) {
  const char* names[] = {"convolve", "convolve_backward_input", "convolve_backward_weight"};
  return std::string(names[static_cast<int>(p.direction)]) + " of x " +
         to_string(Shape{p.batch, p.height, p.width, p.inputs}) + " with w " +
         to_string(Shape{p.outputs, p.kernel_height, p.kernel_width, p.inputs / p.groups}) + ", stride " +
         std::to_string(p.stride) + ", padding " + to_string(p.padding) +
         (p.groups == 1 ? "" : ", " + std::to_string(p.groups) + " groups") + ", in " +
         (p.format == Format::bf16 ? "bf16"
          : p.tf32                 ? "tf32"
                                   : "fp32");
}

/// What a plan is made for: the device of a handle, or one that need not be there, described in cuDNN's JSON.
[[nodiscard]] inline Descriptor device_properties(int device) {
  Descriptor properties(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR);
  properties.set(CUDNN_ATTR_DEVICEPROP_DEVICE_ID, CUDNN_TYPE_INT32, std::int32_t{device});
  properties.finish("cuDNN", "the properties of device " + std::to_string(device));
  return properties;
}
[[nodiscard]] inline Descriptor device_properties(std::string_view json) {
  Descriptor properties(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR);
  properties.set(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR,
                 std::span<const char>(json.data(), json.size()));
  properties.finish("cuDNN", "the properties of a device");
  return properties;
}

/// One product of a convolution as cuDNN will compute it: an engine that gives the same bits in every run, and how much
/// workspace it needs. Channels last; sums in single precision.
class ConvolutionPlan {
 public:
  /// Takes the first engine that cuDNN's heuristics propose which is deterministic, multiplies no less precisely than
  /// was asked for, and needs at most `workspace_limit` bytes.
  /// @throws CudaError if there is none
  ConvolutionPlan(const Descriptor& device, const ConvolutionProblem& problem, std::size_t workspace_limit)
      : name_(to_string(problem)), operation_(problem) {
    for (const cudnnBackendHeurMode_t mode : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK}) {
      Descriptor heuristics(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
      heuristics.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, operation_.graph)
          .set(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, mode)
          .set(CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, device);
      if (heuristics.try_finish() != CUDNN_STATUS_SUCCESS) continue;
      for (Descriptor& configuration : proposals(heuristics))
        if (accept(device, problem, workspace_limit, configuration)) return;
    }
    throw CudaError(name_ + ": cuDNN has no deterministic engine for it that needs at most " +
                    std::to_string(workspace_limit) + " bytes of workspace");
  }

  [[nodiscard]] std::size_t workspace() const { return workspace_; }
  /// Whether the engine multiplies with tensor cores.
  [[nodiscard]] bool tensor_cores() const { return tensor_cores_; }

  /// Queues the product on the stream of `dnn`: x, w and y are operands or gradients, the one that `direction` computes
  /// is written.
  void execute(cudnnHandle_t dnn, const void* x, const void* w, const void* y, void* workspace) const {
    std::array<const void*, 3> data = {x, w, y};
    Descriptor pack(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
    pack.set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, std::span<const std::int64_t>(Operation::ids));
    pack.set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, std::span<const void* const>(data));
    pack.set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, workspace);
    pack.finish(name_, "its operands");
    check(cudnnBackendExecute(dnn, plan_->get(), pack.get()), name_, "cudnnBackendExecute");
  }

 private:
  /// The graph of one operation that describes a problem to cuDNN, which finds the groups in the channels of w.
  struct Operation {
    static constexpr std::array<std::int64_t, 3> ids = {'x', 'w', 'y'};

    explicit Operation(const ConvolutionProblem& p)
        : x(tensor(ids[0], {p.batch, p.inputs, p.height, p.width}, p.format)),
          w(tensor(ids[1], {p.outputs, p.inputs / p.groups, p.kernel_height, p.kernel_width}, p.format)),
          y(tensor(
              ids[2],
              {p.batch, p.outputs, sliding_extent(p.height, p.kernel_height, p.stride, p.padding.top, p.padding.bottom),
               sliding_extent(p.width, p.kernel_width, p.stride, p.padding.left, p.padding.right)},
              p.format)),
          convolution(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR),
          operation(type(p.direction)),
          graph(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR) {
      using Pair = std::array<std::int64_t, 2>;
      const Pair strides = {p.stride, p.stride}, dilations = {1, 1};
      const Pair before = {p.padding.top, p.padding.left}, after = {p.padding.bottom, p.padding.right};
      convolution.set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, CUDNN_DATA_FLOAT)
          .set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, CUDNN_CROSS_CORRELATION)
          .set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_TYPE_INT64, std::int64_t{2})
          .set(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_TYPE_INT64, std::span<const std::int64_t>(strides))
          .set(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_TYPE_INT64, std::span<const std::int64_t>(before))
          .set(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_TYPE_INT64, std::span<const std::int64_t>(after))
          .set(CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_TYPE_INT64, std::span<const std::int64_t>(dilations))
          .finish(to_string(p), "its geometry");
      set_operands(p.direction);
      operation.finish(to_string(p), "its operation");
      graph.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, operation).finish(to_string(p), "its graph");
    }

    static Descriptor tensor(std::int64_t id, const std::array<std::int64_t, 4>& nchw, Format format) {
      const std::array<std::int64_t, 4> strides = {nchw[1] * nchw[2] * nchw[3], 1, nchw[1] * nchw[3], nchw[1]};
      Descriptor tensor(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
      tensor
          .set(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE,
               format == Format::bf16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT)
          .set(CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, std::span<const std::int64_t>(nchw))
          .set(CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, std::span<const std::int64_t>(strides))
          .set(CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, id)
          .set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, std::int64_t{16})
          .finish("cuDNN", "a tensor");
      return tensor;
    }

    static cudnnBackendDescriptorType_t type(Direction direction) {
      if (direction == Direction::forward) return CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR;
      if (direction == Direction::backward_input) return CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR;
      return CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR;
    }

    void set_operands(Direction direction) {
      struct Names {
        cudnnBackendAttributeName_t x, w, y, convolution, alpha, beta;
      };
      static constexpr Names names[] = {
          {CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
           CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
           CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA},
          {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
           CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
           CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA},
          {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
           CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
           CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA}};
      const Names& name = names[static_cast<int>(direction)];
      operation.set(name.x, x)
          .set(name.w, w)
          .set(name.y, y)
          .set(name.convolution, convolution)
          .set(name.alpha, CUDNN_TYPE_FLOAT, 1.0f)
          .set(name.beta, CUDNN_TYPE_FLOAT, 0.0f);
    }

    Descriptor x, w, y, convolution, operation, graph;
  };

  static std::vector<Descriptor> proposals(const Descriptor& heuristics) {
    std::int64_t count = 0;
    check(cudnnBackendGetAttribute(heuristics.get(), CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR, 0,
                                   &count, nullptr),
          "cuDNN", "cudnnBackendGetAttribute of the number of proposed engines");
    std::vector<Descriptor> configurations;
    std::vector<cudnnBackendDescriptor_t> handles;
    for (std::int64_t i = 0; i < count; ++i) {
      configurations.emplace_back(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
      handles.push_back(configurations.back().get());
    }
    const std::size_t found = heuristics
                                  .values(CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                                          std::span<cudnnBackendDescriptor_t>(handles))
                                  .size();
    while (configurations.size() > found) configurations.pop_back();
    return configurations;
  }

  using Notes = std::span<const cudnnBackendNumericalNote_t>;

  static bool has(Notes notes, cudnnBackendNumericalNote_t note) {
    return std::find(notes.begin(), notes.end(), note) != notes.end();
  }

  /// Whether an engine with these notes computes the same bits in every run, as precisely as was asked for.
  static bool suits(const ConvolutionProblem& problem, Notes notes) {
    if (has(notes, CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC) || has(notes, CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS) ||
        has(notes, CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION))
      return false;
    return problem.format == Format::bf16 || problem.tf32 || !has(notes, CUDNN_NUMERICAL_NOTE_TENSOR_CORE);
  }

  bool accept(const Descriptor& device, const ConvolutionProblem& problem, std::size_t workspace_limit,
              Descriptor& configuration) {
    const Descriptor engine(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
    cudnnBackendDescriptor_t handle = engine.get();
    (void)configuration.values(CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                               std::span<cudnnBackendDescriptor_t>(&handle, 1));
    std::array<cudnnBackendNumericalNote_t, CUDNN_NUMERICAL_NOTE_TYPE_COUNT> room{};
    const Notes notes = engine.values(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE,
                                      std::span<cudnnBackendNumericalNote_t>(room));
    if (!suits(problem, notes)) return false;
    Descriptor plan(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
    plan.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, configuration).set(CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, device);
    if (plan.try_finish() != CUDNN_STATUS_SUCCESS) return false;  // a proposal that this device cannot run after all
    const auto bytes = plan.value<std::int64_t>(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64);
    if (static_cast<std::size_t>(bytes) > workspace_limit) return false;
    tensor_cores_ = has(notes, CUDNN_NUMERICAL_NOTE_TENSOR_CORE);
    workspace_ = static_cast<std::size_t>(bytes);
    configuration_.emplace(std::move(configuration));
    plan_.emplace(std::move(plan));
    return true;
  }

  std::string name_;
  Operation operation_;  // kept, with the configuration, for as long as the plan that was made of them
  std::optional<Descriptor> configuration_;
  std::optional<Descriptor> plan_;
  std::size_t workspace_ = 0;
  bool tensor_cores_ = false;
};

}  // namespace saccade::cuda
