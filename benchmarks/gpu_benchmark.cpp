#include <saccade/core/file.hpp>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/gpu_work.hpp"
#include "common/machine.hpp"
#include "common/program.hpp"
#include "common/sample.hpp"
#include "common/table.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "common/gpu_kernels.hpp"

namespace {

using namespace saccade;
using Json = nlohmann::ordered_json;

struct GpuBenchmarkOptions {
  bench::GpuSizes sizes;
  int device = 0;
  int rounds = 9;
  std::vector<std::string> formats{"fp32", "bf16"};
  std::filesystem::path json;
  bool list = false;
};

void list_work(const bench::GpuSizes& sizes) {
  bench::Table table({"operation", "bytes, fp32", "bytes, bf16", "asked for"});
  const auto single = bench::gpu_work(sizes, 4), bf16 = bench::gpu_work(sizes, 2);
  for (std::size_t i = 0; i < single.size(); ++i) {
    const double target = single[i].target;
    table.add({single[i].name, std::to_string(static_cast<Index>(single[i].bytes)),
               std::to_string(static_cast<Index>(bf16[i].bytes)), target > 0 ? bench::share_text(target) : "-"});
  }
  std::cout << table;
}

void print_results(const std::vector<bench::GpuResult>& results, double copy_rate) {
  bench::Table table({"operation", "format", "time", "GB/s", "of a copy", "asked for"});
  for (const bench::GpuResult& result : results) {
    const double target = result.work.target;
    table.add({result.work.name, result.format, bench::time_text(result.seconds),
               bench::three_digits(result.rate() / 1e9), bench::share_text(result.share(copy_rate)),
               target > 0 ? bench::share_text(target) + (result.met(copy_rate) ? "" : ", MISSED") : "-"});
  }
  std::cout << table;
}

Json to_json(const std::vector<bench::GpuResult>& results, double copy_rate, const bench::GpuSizes& sizes) {
  Json json{{"format", "saccade gpu_benchmark 1"},
            {"copy_bytes_per_second", copy_rate},
            {"sizes",
             {{"batch", sizes.batch},
              {"side", sizes.side},
              {"channels", sizes.channels},
              {"glimpses", sizes.glimpses},
              {"parameters", sizes.parameters}}},
            {"operations", Json::array()}};
  for (const bench::GpuResult& result : results) {
    json["operations"].push_back({{"operation", result.work.name},
                                  {"format", result.format},
                                  {"bytes", result.work.bytes},
                                  {"seconds", result.seconds},
                                  {"share_of_copy", result.share(copy_rate)},
                                  {"target", result.work.target}});
  }
  return json;
}

int measure(const GpuBenchmarkOptions& options) {
  bench::GpuDevice device(options.device);
  const Json about = device.describe();
  std::cout << about.at("name").get<std::string>() << ", driver " << about.at("driver").get<std::string>()
            << ", CUDA runtime " << about.at("runtime").get<std::string>() << '\n';
  const double copied = device.copy_rate(options.rounds);
  std::cout << "a plain copy of the device: " << bench::three_digits(copied / 1e9) << " GB/s, read and written\n\n";
  std::vector<bench::GpuResult> results;
  for (const std::string& format : options.formats) {
    bench::GpuKernels kernels(device, options.sizes, format);
    for (const bench::GpuWork& work : bench::gpu_work(options.sizes, kernels.number())) {
      std::cerr << "measuring " << work.name << ", " << format << '\n';
      results.push_back({work, format, device.seconds(kernels.launch(work.name), options.rounds)});
    }
  }
  print_results(results, copied);
  if (!options.json.empty()) {
    Json json = to_json(results, copied, options.sizes);
    json["device"] = about;
    write_file_atomically(options.json, json.dump(1) + "\n");
  }
  return program::success;
}

}  // namespace

int main(int argc, char* argv[]) {
  GpuBenchmarkOptions o;
  program::Options options("gpu_benchmark",
                           "Measures the kernels of the CUDA backend that are bound by memory, each as a share of the "
                           "bandwidth of a plain copy on the same device in the same run.");
  options.add_option("--device", o.device, "number of the GPU")->check(CLI::Range(0, 1023));
  options.add_option("--rounds", o.rounds, "measurements of each kernel, of which the median counts")
      ->check(CLI::Range(1, 1 << 16));
  options.add_option("--formats", o.formats, "of the maps")
      ->delimiter(',')
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->check(CLI::IsMember({"fp32", "bf16"}));
  options.add_option("--batch", o.sizes.batch, "of the maps")->check(CLI::Range(1, 1 << 12));
  options.add_option("--side", o.sizes.side, "of the maps, even")->check(CLI::Range(2, 1 << 10));
  options.add_option("--channels", o.sizes.channels, "of the maps")->check(CLI::Range(1, 1 << 12));
  options.add_option("--glimpses", o.sizes.glimpses, "that are cropped at once")->check(CLI::Range(1, 1 << 16));
  options.add_option("--parameters", o.sizes.parameters, "of the optimiser")->check(CLI::Range(1, 1 << 28));
  options.add_option("--rows", o.sizes.rows, "of the LSTM's matrices")->check(CLI::Range(1, 1 << 20));
  options.add_option("--json", o.json, "file for the results, for machines");
  options.add_flag("--list", o.list, "print the operations and the bytes that they must move; needs no GPU");
  return program::run(options, argc, argv, [&] {
    expect_config(o.sizes.side % 2 == 0, "--side must be even, but is " + std::to_string(o.sizes.side));
    if (o.list) {
      list_work(o.sizes);
      return static_cast<int>(program::success);
    }
    return measure(o);
  });
}
