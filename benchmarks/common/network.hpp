#pragma once

#include <saccade/core/box.hpp>
#include <saccade/core/image.hpp>
#include <saccade/model/config.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

/// A network on a backend, behind one virtual call a batch: the measuring programs know no backend's type, and each
/// backend is compiled once, in a file of its own.
namespace bench {

using saccade::Index;

struct ImageSize {
  Index width = 700;
  Index height = 460;

  [[nodiscard]] double pixels() const { return static_cast<double>(width) * static_cast<double>(height); }
};

struct NetworkSpec {
  saccade::HybridAttentionConfig config;
  Index batch = 1;
  std::vector<ImageSize> sizes;  ///< of images; a batch has one size
  bool streamed = false;         ///< images are read region by region and never materialised
  bool training = false;
};

/// What an operation was asked for, and how long it took, summed over its calls.
struct OperationCost {
  Index calls = 0;
  double flops = 0;     ///< counted as direct convolution; a multiply-add is two
  double winograd = 0;  ///< the same with 3x3 convolutions of stride 1 as F(4x4, 3x3): a quarter of the products
  double bytes = 0;     ///< of the operands, each once
  double seconds = 0;
};

/// By operation: "convolve_backward_input 3x3".
using Profile = std::map<std::string, OperationCost>;

class Network {
 public:
  virtual ~Network() = default;

  /// One step of training on a batch: rollout, score, backpropagate, Adam.
  virtual void train() = 0;

  /// The answers for a batch of images of the spec's size number `size`.
  virtual void infer(std::size_t size) = 0;

  /// The windows that the last batch's first image was read through: every glimpse, every scale.
  [[nodiscard]] virtual std::vector<saccade::Box> windows() = 0;

  /// What the operations did since this was made, or last asked; empty unless it was made to profile.
  [[nodiscard]] virtual Profile take_profile() = 0;

  /// What it has taken of a GPU's memory so far; 0 on a processor.
  [[nodiscard]] virtual double device_bytes() { return 0; }
};

/// @throws saccade::ConfigError where the configuration cannot be built, the images are too small for the glimpse, or
/// the processor has no bf16; saccade::Error where there is no GPU, or no CUDA in this build
using MakeNetwork = std::unique_ptr<Network> (*)(const NetworkSpec& spec, int threads);

std::unique_ptr<Network> make_eigen_network(const NetworkSpec& spec, int threads);
std::unique_ptr<Network> make_eigen_bf16_network(const NetworkSpec& spec, int threads);
std::unique_ptr<Network> make_eigen_profile(const NetworkSpec& spec, int threads);
std::unique_ptr<Network> make_reference_network(const NetworkSpec& spec, int threads);
std::unique_ptr<Network> make_cuda_fp32_network(const NetworkSpec& spec, int threads);
std::unique_ptr<Network> make_cuda_tf32_network(const NetworkSpec& spec, int threads);
std::unique_ptr<Network> make_cuda_bf16_network(const NetworkSpec& spec, int threads);

/// EfficientNet-Lite0 on 8 crops of 128 x 128: what a call does is a step of training of all its layers, or inference.
[[nodiscard]] std::function<void()> make_eigen_backbone(bool training, int threads);

/// Whether a backend of this name computes on a GPU.
[[nodiscard]] inline bool is_on_gpu(const std::string& backend) { return backend.starts_with("cuda"); }

/// By name; "profile" is the default backend with a book kept of its operations. PyTorch is not among them: a process
/// that has loaded its libraries is no fair place for anyone else's memory, so torch_measure is a program of its own.
[[nodiscard]] inline std::map<std::string, MakeNetwork> backends() {
  return {{"eigen", make_eigen_network},         {"eigen_bf16", make_eigen_bf16_network},
          {"reference", make_reference_network}, {"cuda", make_cuda_tf32_network},
          {"cuda_fp32", make_cuda_fp32_network}, {"cuda_tf32", make_cuda_tf32_network},
          {"cuda_bf16", make_cuda_bf16_network}, {"profile", make_eigen_profile}};
}

}  // namespace bench
