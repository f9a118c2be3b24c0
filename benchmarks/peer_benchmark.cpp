#include <saccade/backends/eigen/eigen_backend.hpp>

#include "common/network.hpp"
#include "common/peer.hpp"
#include "common/program.hpp"

#include <CLI/CLI.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

/// Saccade's side of benchmarks/compare.py: one case, measured once for every line of stdin.
namespace {

using namespace saccade;
using B = EigenBackend<float>;

/// A case that is ready to be measured.
using Work = std::function<void()>;

/// 64 -> 64 channels, 3x3, batch 16, over maps of `side` x `side`.
Work convolution(Index side, const std::string& direction, int threads) {
  struct State {
    B b;
    Tensor<B> x, w, y;
  };
  B b(threads);
  const Shape map{16, side, side, 64};
  auto x = b.zeros(map), w = b.zeros({64, 3, 3, 64}), y = b.zeros(map);
  for (auto* tensor : {&x, &w, &y}) b.sample_uniform(-1.0f, 1.0f, {.seed = 1}, *tensor);
  auto state = std::make_shared<State>(State{std::move(b), std::move(x), std::move(w), std::move(y)});
  const ConvolutionGeometry same{.stride = 1, .padding = 1};
  if (direction == "forward") return [=] { state->b.convolve(state->x, state->w, same, state->y); };
  if (direction == "backward_data")
    return [=] { state->b.convolve_backward_input(state->y, state->w, same, state->x, Write::overwrite); };
  return [=] { state->b.convolve_backward_weight(state->y, state->x, same, state->w, Write::overwrite); };
}

Work network(HybridAttentionConfig config, bool training, const std::string& backend, int threads) {
  const bench::NetworkSpec spec{
      .config = validated(config), .batch = 8, .sizes = {{700, 460}}, .streamed = false, .training = training};
  const auto known = bench::backends();
  expect_config(known.contains(backend), "there is no backend " + backend);
  const std::shared_ptr<bench::Network> made = known.at(backend)(spec, threads);
  if (training) return [=] { made->train(); };
  return [=] { made->infer(0); };
}

/// One glimpse of SA-Net with basic units and a mask of depth 2.
HybridAttentionConfig sa_net() {
  HybridAttentionConfig config = paper_preset();
  config.glimpses = 1;
  config.encoder.unit = UnitKind::basic;
  config.encoder.mask_depth = 2;
  return config;
}

using MakeWork = std::function<Work(const std::string& backend, int threads)>;

std::map<std::string, MakeWork> cases() {
  std::map<std::string, MakeWork> list;
  for (const Index side : {112, 56, 28}) {
    for (const std::string direction : {"forward", "backward_data", "backward_weights"}) {
      list["conv" + std::to_string(side) + "_" + direction] = [=](const std::string& backend, int threads) {
        expect_config(backend == "eigen", "the convolutions are measured on the backend eigen alone");
        return convolution(side, direction, threads);
      };
    }
  }
  for (const bool training : {true, false}) {
    const std::string purpose = training ? "_training" : "_inference";
    list["sa_net" + purpose] = [=](const auto& backend, int threads) {
      return network(sa_net(), training, backend, threads);
    };
    list["paper" + purpose] = [=](const auto& backend, int threads) {
      return network(paper_preset(), training, backend, threads);
    };
    list["efficientnet" + purpose] = [=](const std::string& backend, int threads) {
      expect_config(backend == "eigen", "EfficientNet-Lite0 is measured on the backend eigen alone");
      return bench::make_eigen_backbone(training, threads);
    };
  }
  list["sa_net_inference_bf16"] = [](const auto& backend, int threads) {
    return network(sa_net(), false, backend + "_bf16", threads);
  };
  list["paper_inference_bf16"] = [](const auto& backend, int threads) {
    return network(paper_preset(), false, backend + "_bf16", threads);
  };
  return list;
}

}  // namespace

int main(int argc, char* argv[]) {
  std::string name, backend = "eigen";
  int threads = 2;
  std::vector<std::string> names;
  const auto known = cases();
  for (const auto& [each, make] : known) names.push_back(each);
  program::Options options("peer_benchmark",
                           "Measures one case once for every line of stdin, and prints a line of JSON for each. "
                           "benchmarks/compare.py runs it in turn with other libraries.");
  options.add_option("case", name, "what to measure")->required()->check(CLI::IsMember(names));
  options.add_option("--backend", backend, "that computes")->check(CLI::IsMember({"eigen", "reference"}));
  options.add_option("--threads", threads, "that compute")->check(CLI::Range(1, 1024));
  return program::run(options, argc, argv, [&] {
    const double start = bench::resident_memory();
    const Work work = known.at(name)(backend, threads);
    bench::serve(work,
                 {{"library", bench::library_name()},
                  {"backend", backend},
                  {"threads", threads},
                  {"compiler", bench::compiler_name()}},
                 start);
    return static_cast<int>(program::success);
  });
}
