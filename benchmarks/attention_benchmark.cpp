#include <saccade/core/file.hpp>
#include <saccade/data/image_encode.hpp>

#include "common/attention_report.hpp"
#include "common/attention_study.hpp"
#include "common/program.hpp"

#include <CLI/CLI.hpp>

#include <charconv>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

namespace {

using namespace saccade;

/// "700x460". @throws ConfigError
bench::ImageSize parse_size(const std::string& text) {
  bench::ImageSize size;
  const char* const end = text.data() + text.size();
  const auto width = std::from_chars(text.data(), end, size.width);
  if (width.ec == std::errc() && width.ptr != end && *width.ptr == 'x') {
    const auto height = std::from_chars(width.ptr + 1, end, size.height);
    if (height.ec == std::errc() && height.ptr == end && size.width > 0 && size.height > 0) return size;
  }
  throw ConfigError("--image must be WIDTHxHEIGHT, as 700x460, but is \"" + text + "\"");
}

/// A path that can be written to later, so that no hour of measuring is lost. @throws FileError
void expect_folder_of(const std::filesystem::path& file) {
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  if (!file.empty() && !std::filesystem::is_directory(folder)) throw FileError(folder.string() + ": no such folder");
}

}  // namespace

int main(int argc, char* argv[]) {
  bench::StudyOptions study;
  std::string preset_name = "paper", image = "700x460", measure;
  std::vector<std::string> fields;
  std::filesystem::path json, figure;
  std::vector<std::string> backends{"eigen", "eigen_bf16", "reference", "cuda", "cuda_fp32", "cuda_tf32", "cuda_bf16"};
#if defined(SACCADE_BENCHMARK_TORCH)
  backends.push_back("torch");
#endif
  program::Options options(
      "attention_benchmark",
      "Measures a model: pixels read, speed in training and inference, latency, memory; beside it the "
      "same network over the whole image and over the shrunk one; and how all that goes with the "
      "number of glimpses, their size, and the size of the image.");
  options.add_option("--preset", preset_name, "of the model, without its thumbnail")
      ->check(CLI::IsMember({"paper", "large", "compact"}));
  options.add_option("--set", fields, "a field of the model: encoder.width=32; may be repeated")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  options.add_option("--backend", study.backend, "that computes")->check(CLI::IsMember(backends));
  options.add_option("--threads", study.threads, "that compute")->check(CLI::Range(1, 1024));
  options.add_option("--batch", study.batch, "images of a batch")->check(CLI::Range(1, 1 << 16));
  options.add_option("--repeats", study.repeats, "measurements of each case, of which the median counts")
      ->check(CLI::Range(1, 1 << 16));
  options.add_option("--image", image, "width and height of the images, in pixels");
  options.add_option("--sweeps", study.sweeps, "which of them; \"none\" for none")
      ->delimiter(',')
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->check(CLI::IsMember({"glimpses", "side", "image", "none"}));
  options.add_option("--json", json, "file for the results, for machines");
  options.add_option("--figure", figure, "PNG file for a picture of the sweeps");
  options.add_option("--measure", measure)->group("");  // how the program calls itself, see measurement.hpp
  return program::run(options, argc, argv, [&] {
    if (!measure.empty()) {
      std::cout << bench::answer_measure(measure, bench::backends()).dump() << '\n';
      return static_cast<int>(program::success);
    }
    expect_folder_of(json);
    expect_folder_of(figure);
    study.preset = preset_name;
    study.config = preset(preset_name);
    study.config.glance.side = 0;  // it would have to cover a gigapixel
    for (const std::string& field : fields) set_field(study.config, field);
    study.config = validated(study.config);
    study.image = parse_size(image);
#if !defined(NDEBUG)
    std::cerr << "attention_benchmark: warning: built with assertions; times count from the preset release only\n";
#endif
    const bench::Study result = bench::run_study(study, [](const std::string& line) { std::cerr << line << '\n'; });
    std::cout << bench::report_text(result);
    if (!json.empty()) write_file_atomically(json, bench::report_json(result).dump(2) + "\n");
    if (!figure.empty()) data::write_png(figure, bench::report_figure(result).view());
    return static_cast<int>(program::success);
  });
}
