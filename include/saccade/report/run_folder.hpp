#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/file.hpp>
#include <saccade/data/image_encode.hpp>
#include <saccade/report/json_lines.hpp>
#include <saccade/report/training_charts.hpp>
#include <saccade/training/run_config.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// The folder of a run: config.json, metrics.jsonl, checkpoint.safetensors, best.safetensors and figures/ of its
/// training, evaluation.json, predictions.jsonl and gallery/ of its evaluation, and report.html. Opt-in: needs
/// nlohmann/json, stb_image, libpng and libjpeg-turbo.
namespace saccade::inline SACCADE_NAMESPACE::report {

enum class RunStart { fresh, resumed };

class RunFolder {
 public:
  explicit RunFolder(std::filesystem::path path) : path_(std::move(path)) {}

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path config() const { return path_ / "config.json"; }
  [[nodiscard]] std::filesystem::path metrics() const { return path_ / "metrics.jsonl"; }
  [[nodiscard]] std::filesystem::path checkpoint() const { return path_ / "checkpoint.safetensors"; }
  [[nodiscard]] std::filesystem::path best() const { return path_ / "best.safetensors"; }
  [[nodiscard]] std::filesystem::path figures() const { return path_ / "figures"; }
  [[nodiscard]] std::filesystem::path evaluation() const { return path_ / "evaluation.json"; }
  [[nodiscard]] std::filesystem::path predictions() const { return path_ / "predictions.jsonl"; }
  [[nodiscard]] std::filesystem::path gallery() const { return path_ / "gallery"; }
  [[nodiscard]] std::filesystem::path report() const { return path_ / "report.html"; }

  /// Makes the folder and writes config.json. A run that is there already is neither overwritten nor, with another
  /// configuration, resumed.
  /// @param description  see describe_run
  /// @throws FileError
  void begin(const nlohmann::ordered_json& description, RunStart start) const {
    create_folders(path_);
    if (start == RunStart::fresh && std::filesystem::exists(checkpoint())) {
      throw FileError('"' + path_.string() +
                      "\": holds a run already; go on with --resume, or name another folder with --out");
    }
    if (start == RunStart::resumed && std::filesystem::exists(config())) {
      const auto before = read_json(read_file(config()), config().string());
      if (const auto difference = run_difference(before, description)) {
        throw FileError('"' + config().string() + "\": the run began with another configuration: " + *difference +
                        "; resume it with the options that it began with");
      }
    }
    write_file_atomically(config(), json_text(description, 2) + '\n');
  }

  /// Cuts metrics.jsonl to the epochs that the checkpoint knows, and opens it. @throws FileError
  void open_metrics(Index epochs) {
    truncate_json_lines(metrics(), static_cast<std::size_t>(epochs));
    writer_.emplace(metrics());
  }

  /// Adds an epoch's line. After open_metrics. @throws FileError
  void add_metrics(const nlohmann::ordered_json& epoch) { writer_->append(epoch); }

  /// Draws figures/loss.png, reward.png, accuracy.png and so on from metrics.jsonl; see training_charts. Where that
  /// cannot be used there are none: the report says why. @throws FileError where they cannot be written
  void draw_curves() const {
    std::vector<nlohmann::ordered_json> epochs;
    try {
      epochs = read_epochs(metrics());
    } catch (const FileError&) {
      return;
    }
    create_folders(figures());
    for (const TrainingChart& each : training_charts(epochs))
      data::write_png(figures() / (each.name + ".png"), draw_chart(each.chart).view());
  }

 private:
  std::filesystem::path path_;
  std::optional<JsonLinesWriter> writer_;
};

}  // namespace saccade::report
