#include <saccade/backends/cuda/convolution_plan.hpp>
#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/components/patch_readout.hpp>
#include <saccade/components/soft_attention_block.hpp>
#include <saccade/model/config.hpp>
#include <saccade/model/dry_run_backend.hpp>

#include <set>
#include <string>

#include "support/catch.hpp"

/// With the real cuDNN, but with no GPU: plans are made for devices that are described to it.

using namespace saccade;
using cuda::ConvolutionProblem;
using cuda::Direction;
using cuda::Format;

namespace {

constexpr std::size_t workspace_limit = std::size_t{1} << 30;

/// In the words of CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION.
struct Device {
  int version;  ///< compute capability, as 900
  int processors;
  int shared_memory;  ///< bytes of a block, at most
  int clock, memory_clock, cache;

  [[nodiscard]] std::string json() const {
    const auto number = [](const char* key, long value) {
      return ",\"" + std::string(key) + "\":" + std::to_string(value);
    };
    return R"({"deviceName":"described","maxGridSize":[2147483647,65535,65535],"maxBlockSize":[1024,1024,64])" +
           number("cudaDeviceId", 0) + number("driverVer", 13000) + number("regsPerBlock", 65536) +
           number("warpSize", 32) + number("maxSharedMemoryPerBlock", 49152) +
           number("reservedSharedMemoryPerBlock", 1024) + number("maxRegistersPerSM", 65536) +
           number("maxCtasPerSM", 32) + number("maxThreadsPerBlock", 1024) + number("maxThreadsPerSM", 2048) +
           number("pciDeviceId", 0) + number("isTccDriver", 0) + number("supportCoopLaunch", 1) +
           number("totalGlobalMem", 85'000'000'000) + number("deviceVer", version) +
           number("multiProcessorCount", processors) + number("maxSharedMemoryPerBlockOptin", shared_memory) +
           number("maxSharedMemoryPerSM", shared_memory + 1024) + number("smClockRateKHz", clock) +
           number("memClockRateKHz", memory_clock) + number("l2CacheSize", cache) + "}";
  }
};

constexpr Device sm_80{800, 108, 166912, 1410000, 1593000, 41943040};
constexpr Device sm_90{900, 132, 232448, 1980000, 2619000, 52428800};

/// Takes note of the convolutions that it is asked for.
struct Recorder : DryRunBackend<ReferenceBackend<float>> {
  std::set<ConvolutionProblem> problems;

  void convolve(const Tensor& x, const Tensor& w, ConvolutionGeometry geometry, Tensor&) {
    note(Direction::forward, x.shape, w.shape, geometry);
  }
  void convolve_backward_input(const Tensor&, const Tensor& w, ConvolutionGeometry geometry, Tensor& d_x, Write) {
    note(Direction::backward_input, d_x.shape, w.shape, geometry);
  }
  void convolve_backward_weight(const Tensor&, const Tensor& x, ConvolutionGeometry geometry, Tensor& d_w, Write) {
    note(Direction::backward_weight, x.shape, d_w.shape, geometry);
  }

 private:
  void note(Direction direction, const Shape& x, const Shape& w, ConvolutionGeometry geometry) {
    problems.insert({.direction = direction,
                     .batch = x[0],
                     .height = x[1],
                     .width = x[2],
                     .inputs = x[3],
                     .outputs = w[0],
                     .kernel_height = w[1],
                     .kernel_width = w[2],
                     .stride = geometry.stride,
                     .padding = geometry.padding,
                     .groups = geometry.groups});
  }
};

/// One training step's convolutions of a preset, forward and back.
std::set<ConvolutionProblem> convolutions(const HybridAttentionConfig& config, Index batch) {
  Recorder b;
  const Shape patch{batch, config.sensor.side, config.sensor.side, config.encoder.inputs};
  const auto patches = b.zeros(patch);
  const auto pass = [&](const auto& network, Index outputs) {
    auto p = network.make_parameters(b), d_p = network.make_parameters(b);
    auto s = network.make_statistics(b);
    auto cache = network.make_cache(b, batch);
    auto w = network.make_workspace(b, batch);
    auto out = b.zeros({batch, outputs});
    network.forward(b, p, s, patches, cache, out, Mode::training);
    network.backward(b, p, patches, cache, out, w, d_p);
  };
  pass(SoftAttentionBlock<Recorder>(config.encoder), config.encoder.width);
  if (config.policy.patch > 0)
    pass(PatchReadout<Recorder>({.inputs = patch[3], .side = patch[1], .outputs = config.policy.patch}),
         config.policy.patch);
  return b.problems;
}

struct Precisions {
  Format format;
  bool tf32;
};
constexpr Precisions precisions[] = {{Format::single, false}, {Format::single, true}, {Format::bf16, false}};

void expect_plans(const Device& described, const HybridAttentionConfig& config, Index batch) {
  const cuda::Descriptor device = cuda::device_properties(described.json());
  const std::set<ConvolutionProblem> problems = convolutions(config, batch);
  REQUIRE(problems.size() > 10);
  for (ConvolutionProblem problem : problems) {
    for (const auto& [format, tf32] : precisions) {
      problem.format = format;
      problem.tf32 = tf32;
      INFO(to_string(problem) << " on " << described.version);
      const cuda::ConvolutionPlan plan(device, problem, workspace_limit);
      CHECK(plan.workspace() <= workspace_limit);
      if (format == Format::single && !tf32) CHECK_FALSE(plan.tensor_cores());
    }
  }
}

}  // namespace

TEST_CASE("cuDNN has a deterministic plan for every convolution of the paper's preset") {
  for (const Index batch : {1, 32}) {
    expect_plans(sm_80, paper_preset(), batch);
    expect_plans(sm_90, paper_preset(), batch);
  }
}

TEST_CASE("cuDNN has a deterministic plan for every convolution of the other presets") {
  for (const HybridAttentionConfig& config : {large_preset(), compact_preset()}) {
    expect_plans(sm_80, config, 32);
    expect_plans(sm_90, config, 32);
  }
}

TEST_CASE("a plan uses tensor cores where it may, and only there") {
  const cuda::Descriptor device = cuda::device_properties(sm_90.json());
  ConvolutionProblem problem{.batch = 32,
                             .height = 56,
                             .width = 56,
                             .inputs = 64,
                             .outputs = 64,
                             .kernel_height = 3,
                             .kernel_width = 3,
                             .padding = 1};
  for (const Direction direction : {Direction::forward, Direction::backward_input, Direction::backward_weight}) {
    problem.direction = direction;
    for (const auto& [format, tf32] : precisions) {
      problem.format = format;
      problem.tf32 = tf32;
      INFO(to_string(problem));
      CHECK(cuda::ConvolutionPlan(device, problem, workspace_limit).tensor_cores() == (tf32 || format == Format::bf16));
    }
  }
}

TEST_CASE("odd sizes have plans as well") {
  const cuda::Descriptor device = cuda::device_properties(sm_80.json());
  for (const Direction direction : {Direction::forward, Direction::backward_input, Direction::backward_weight}) {
    for (const auto& [format, tf32] : precisions) {
      for (const Index stride : {1, 2, 3}) {
        const ConvolutionProblem problem{.direction = direction,
                                         .batch = 3,
                                         .height = 7,
                                         .width = 5,
                                         .inputs = 3,
                                         .outputs = 5,
                                         .kernel_height = 3,
                                         .kernel_width = 2,
                                         .stride = stride,
                                         .padding = 1,
                                         .format = format,
                                         .tf32 = tf32};
        INFO(to_string(problem));
        CHECK_NOTHROW(cuda::ConvolutionPlan(device, problem, workspace_limit));
      }
    }
  }
}

TEST_CASE("groups, and padding of its own on every side, have plans as well") {
  const ConvolutionProblem problems[] = {{.batch = 8,
                                          .height = 56,
                                          .width = 56,
                                          .inputs = 96,
                                          .outputs = 96,
                                          .kernel_height = 3,
                                          .kernel_width = 3,
                                          .stride = 2,
                                          .padding = {0, 1, 0, 1},
                                          .groups = 96},
                                         {.batch = 8,
                                          .height = 28,
                                          .width = 28,
                                          .inputs = 144,
                                          .outputs = 144,
                                          .kernel_height = 5,
                                          .kernel_width = 5,
                                          .padding = 2,
                                          .groups = 144},
                                         {.batch = 8,
                                          .height = 128,
                                          .width = 128,
                                          .inputs = 3,
                                          .outputs = 32,
                                          .kernel_height = 3,
                                          .kernel_width = 3,
                                          .stride = 2,
                                          .padding = {0, 1, 0, 1}},
                                         {.batch = 2,
                                          .height = 7,
                                          .width = 6,
                                          .inputs = 4,
                                          .outputs = 8,
                                          .kernel_height = 3,
                                          .kernel_width = 3,
                                          .padding = {4, 3, 0, 5},
                                          .groups = 2}};
  for (const Device& described : {sm_80, sm_90}) {
    const cuda::Descriptor device = cuda::device_properties(described.json());
    for (ConvolutionProblem problem : problems)
      for (const Direction direction : {Direction::forward, Direction::backward_input, Direction::backward_weight})
        for (const auto& [format, tf32] : precisions) {
          problem.direction = direction;
          problem.format = format;
          problem.tf32 = tf32;
          INFO(to_string(problem) << " on " << described.version);
          CHECK_NOTHROW(cuda::ConvolutionPlan(device, problem, workspace_limit));
        }
  }
  CHECK(to_string(problems[0]) ==
        "convolve of x (8, 56, 56, 96) with w (96, 3, 3, 1), stride 2, padding 0 above, 1 below, 0 left and 1 right, "
        "96 groups, in fp32");
}

TEST_CASE("what cuDNN cannot do is one sentence that names the convolution") {
  const cuda::Descriptor device = cuda::device_properties(sm_90.json());
  const ConvolutionProblem too_large{
      .height = 4, .width = 4, .inputs = 8, .outputs = 8, .kernel_height = 7, .kernel_width = 7};
  CHECK_THROWS_WITH(cuda::ConvolutionPlan(device, too_large, workspace_limit),
                    Catch::Matchers::StartsWith("convolve of x (1, 4, 4, 8) with w (8, 7, 7, 8), stride 1, padding 0, "
                                                "in fp32: cudnnBackendFinalize of its"));
  CHECK_THROWS_WITH(cuda::device_properties("{}"),
                    "cuDNN: cudnnBackendFinalize of the properties of a device failed: CUDNN_STATUS_BAD_PARAM");
}
