#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/file.hpp>
#include <saccade/data/image_encode.hpp>
#include <saccade/report/curves.hpp>
#include <saccade/report/json_lines.hpp>
#include <saccade/training/run_config.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The folder of a training run: config.json, metrics.jsonl, checkpoint.safetensors, best.safetensors, figures/.
/// Opt-in: needs nlohmann/json, stb_image, libpng and libjpeg-turbo.
namespace saccade::inline v0::report {

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
      const std::vector<std::uint8_t> bytes = read_file(config());
      const auto before = nlohmann::ordered_json::parse(bytes.begin(), bytes.end(), nullptr, false);
      if (before.is_discarded()) throw FileError('"' + config().string() + "\": is not JSON");
      if (const auto difference = run_difference(before, description)) {
        throw FileError('"' + config().string() + "\": the run began with another configuration: " + *difference +
                        "; resume it with the options that it began with");
      }
    }
    write_file_atomically(config(), description.dump(2) + '\n');
  }

  /// Cuts metrics.jsonl to the epochs that the checkpoint knows, and opens it. @throws FileError
  void open_metrics(Index epochs) {
    truncate_json_lines(metrics(), static_cast<std::size_t>(epochs));
    writer_.emplace(metrics());
  }

  /// Adds an epoch's line. After open_metrics. @throws FileError
  void add_metrics(const nlohmann::ordered_json& epoch) { writer_->append(epoch); }

  /// Draws figures/loss.png, reward.png, accuracy.png and gradient_norm.png from metrics.jsonl. @throws FileError
  void draw_curves() const {
    const std::vector<nlohmann::ordered_json> epochs = read_json_lines(metrics());
    create_folders(figures());
    const auto chart = [&](const char* file, const char* title,
                           std::initializer_list<std::pair<const char*, const char*>> curves, std::optional<double> low,
                           std::optional<double> high) {
      Chart picture{.title = title, .x_label = "epoch", .y_label = "", .series = {}, .y_low = low, .y_high = high};
      for (const auto& [name, pointer] : curves) {
        Series series = series_of(epochs, name, nlohmann::ordered_json::json_pointer(pointer));
        if (!series.points.empty()) picture.series.push_back(std::move(series));
      }
      data::write_png(figures() / file, draw_chart(picture).view());
    };
    chart("loss.png", "Loss",
          {{"loss", "/loss"},
           {"cross-entropy", "/cross_entropy"},
           {"cross-entropy, validation", "/validation/cross_entropy"}},
          {}, {});
    chart("reward.png", "Reward", {{"reward", "/reward"}}, 0, {});
    chart("accuracy.png", "Accuracy",
          {{"images, training", "/accuracy"},
           {"images, validation", "/validation/image_accuracy"},
           {"patient recognition rate, validation", "/validation/patient_recognition_rate"},
           {"area under the curve, validation", "/validation/auc"}},
          0, 1);
    chart("gradient_norm.png", "Norm of the gradient", {{"norm", "/gradient_norm"}}, 0, {});
  }

 private:
  /// A figure by epoch; empty where no epoch has it.
  static Series series_of(const std::vector<nlohmann::ordered_json>& epochs, const char* name,
                          const nlohmann::ordered_json::json_pointer& pointer) {
    Series series{.name = name, .points = {}};
    bool any = false;
    for (const nlohmann::ordered_json& epoch : epochs) {
      const bool known = epoch.contains(pointer) && epoch.at(pointer).is_number();
      any = any || known;
      series.points.push_back({epoch.at("epoch").get<double>(),
                               known ? epoch.at(pointer).get<double>() : std::numeric_limits<double>::quiet_NaN()});
    }
    if (!any) series.points.clear();
    return series;
  }

  std::filesystem::path path_;
  std::optional<JsonLinesWriter> writer_;
};

}  // namespace saccade::inline v0::report
