#include <dnnl.hpp>

#include "../common/peer.hpp"

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>

/// oneDNN's Winograd convolution, as a peer of benchmarks/compare.py: 3x3, 64 -> 64, batch 16, f32, each tensor in
/// the layout that the library prefers.
namespace {

using namespace dnnl;
using Memory = dnnl::memory;
using Any = Memory::format_tag;

Memory::desc any_layout(const Memory::dims& dims) { return {dims, Memory::data_type::f32, Any::any}; }

/// What one execution needs.
struct Work {
  primitive operation;
  std::unordered_map<int, Memory> arguments;
  stream queue;

  void run() {
    operation.execute(queue, arguments);
    queue.wait();
  }
};

Memory random_memory(const Memory::desc& description, const engine& cpu) {
  Memory memory(description, cpu);
  auto* values = static_cast<float*>(memory.get_data_handle());
  unsigned state = 1;
  for (std::size_t i = 0; i < description.get_size() / sizeof(float); ++i) {
    state = state * 1664525u + 1013904223u;
    values[i] = static_cast<float>(state >> 8) * 0x1p-23f - 1.0f;
  }
  return memory;
}

/// @throws dnnl::error where there is no Winograd for this processor
Work convolution(Memory::dim side, const std::string& direction, algorithm method) {
  const engine cpu(engine::kind::cpu, 0);
  const Memory::dims map{16, 64, side, side}, kernel{64, 64, 3, 3}, strides{1, 1}, padding{1, 1};
  const auto x = any_layout(map), w = any_layout(kernel), y = any_layout(map);
  const bool forward = direction == "forward";
  const convolution_forward::primitive_desc forward_plan(
      {forward ? prop_kind::forward_inference : prop_kind::forward_training, method, x, w, y, strides, padding,
       padding},
      cpu);
  const stream queue(cpu);
  if (forward) {
    return {convolution_forward(forward_plan),
            {{DNNL_ARG_SRC, random_memory(forward_plan.src_desc(), cpu)},
             {DNNL_ARG_WEIGHTS, random_memory(forward_plan.weights_desc(), cpu)},
             {DNNL_ARG_DST, random_memory(forward_plan.dst_desc(), cpu)}},
            queue};
  }
  if (direction == "backward_data") {
    const convolution_backward_data::primitive_desc plan({method, x, w, y, strides, padding, padding}, cpu,
                                                         forward_plan);
    return {convolution_backward_data(plan),
            {{DNNL_ARG_DIFF_SRC, random_memory(plan.diff_src_desc(), cpu)},
             {DNNL_ARG_WEIGHTS, random_memory(plan.weights_desc(), cpu)},
             {DNNL_ARG_DIFF_DST, random_memory(plan.diff_dst_desc(), cpu)}},
            queue};
  }
  const convolution_backward_weights::primitive_desc plan({method, x, w, y, strides, padding, padding}, cpu,
                                                          forward_plan);
  return {convolution_backward_weights(plan),
          {{DNNL_ARG_SRC, random_memory(plan.src_desc(), cpu)},
           {DNNL_ARG_DIFF_WEIGHTS, random_memory(plan.diff_weights_desc(), cpu)},
           {DNNL_ARG_DIFF_DST, random_memory(plan.diff_dst_desc(), cpu)}},
          queue};
}

}  // namespace

/// usage: onednn_benchmark conv<SIDE>_<DIRECTION> winograd|direct; OMP_NUM_THREADS says with how many threads.
int main(int argc, char* argv[]) {
  const std::string name = argc == 3 ? argv[1] : "", method = argc == 3 ? argv[2] : "";
  const std::size_t split = name.find('_');
  const std::string direction = split == std::string::npos ? "" : name.substr(split + 1);
  const bool known = direction == "forward" || direction == "backward_data" || direction == "backward_weights";
  const long side = name.starts_with("conv") ? std::atol(name.c_str() + 4) : 0;
  if (!known || side < 1 || (method != "winograd" && method != "direct")) {
    std::cerr << "onednn_benchmark: expected a case conv<SIDE>_<DIRECTION>, as conv56_backward_data, and winograd or "
                 "direct\n";
    return 2;
  }
  try {
    const double start = bench::resident_memory();
    const auto work = std::make_shared<Work>(convolution(
        side, direction, method == "winograd" ? algorithm::convolution_winograd : algorithm::convolution_direct));
    const dnnl_version_t* version = dnnl_version();
    const std::string release =
        std::to_string(version->major) + "." + std::to_string(version->minor) + "." + std::to_string(version->patch);
    bench::serve([work] { work->run(); }, {{"library", "oneDNN " + release + " " + method}}, start);
  } catch (const dnnl::error& error) {
    std::cerr << "onednn_benchmark: oneDNN has no " << method << " convolution here: " << error.what() << '\n';
    return 1;
  }
}
