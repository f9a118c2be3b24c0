#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/file.hpp>
#include <saccade/core/folder_lock.hpp>
#include <saccade/core/unreadable_error.hpp>
#include <saccade/data/image_encode.hpp>
#include <saccade/data/inventory.hpp>
#include <saccade/report/json_lines.hpp>
#include <saccade/report/training_charts.hpp>
#include <saccade/training/run_config.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The folder of a run: config.json, images.csv, metrics.jsonl, checkpoint.safetensors, best.safetensors and figures/
/// of its training, evaluation.json, evaluated_images.csv, predictions.jsonl and gallery/ of its evaluation, and
/// report.html. Opt-in: needs nlohmann/json, stb_image, libpng and libjpeg-turbo.
namespace saccade::inline SACCADE_NAMESPACE::report {

enum class RunStart { fresh, resumed };

class RunFolder {
 public:
  explicit RunFolder(std::filesystem::path path) : path_(std::move(path)) {}

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path config() const { return path_ / "config.json"; }
  [[nodiscard]] std::filesystem::path images() const { return path_ / "images.csv"; }
  [[nodiscard]] std::filesystem::path metrics() const { return path_ / "metrics.jsonl"; }
  [[nodiscard]] std::filesystem::path checkpoint() const { return path_ / "checkpoint.safetensors"; }
  [[nodiscard]] std::filesystem::path best() const { return path_ / "best.safetensors"; }
  [[nodiscard]] std::filesystem::path figures() const { return path_ / "figures"; }
  [[nodiscard]] std::filesystem::path evaluation() const { return path_ / "evaluation.json"; }
  [[nodiscard]] std::filesystem::path evaluated_images() const { return path_ / "evaluated_images.csv"; }
  [[nodiscard]] std::filesystem::path predictions() const { return path_ / "predictions.jsonl"; }
  [[nodiscard]] std::filesystem::path gallery() const { return path_ / "gallery"; }
  [[nodiscard]] std::filesystem::path report() const { return path_ / "report.html"; }

  /// Makes the folder and keeps every other training and evaluation out of it for as long as this lives.
  /// @param owner  what the others are told: "saccade train"
  /// @returns a sentence where the file system knows no locks, else nothing
  /// @throws FileError where somebody else has the folder, and who
  std::string own(const std::string& owner) {
    create_folders(path_);
    owner_.emplace(path_, "owner.lock", owner);
    const FolderLock page = page_lock(owner);
    for (const std::filesystem::path& folder : {path_, figures()}) remove_partial_files(folder);
    return owner_->warning();
  }

  /// Whoever makes a page of the folder, or exchanges what it is made of, does so under this lock: a moment's work, for
  /// which others wait, in a folder that somebody trains into as well. @throws FileError
  [[nodiscard]] FolderLock page_lock(const std::string& owner = "a report") const {
    return FolderLock(path_, "report.lock", owner, std::chrono::minutes(1));
  }

  /// @throws FileError where a run would begin that is there already
  void expect_room_for(RunStart start) const {
    if (start != RunStart::fresh || !file_exists(checkpoint())) return;
    throw FileError('"' + path_.string() +
                    "\": holds a run already; go on with --resume, or name another folder with --out");
  }

  /// Writes config.json and, where the files have been summed, images.csv. A run that is there already is neither
  /// overwritten nor, with another configuration or other images, resumed.
  /// @param description  see describe_run
  /// @param inventory    of the description's images
  /// @throws FileError, as `own` does where this has not been called
  void begin(const nlohmann::ordered_json& description, RunStart start,
             const std::optional<data::Inventory>& inventory = {}) {
    if (!owner_) own("a training");
    expect_room_for(start);
    if (start == RunStart::resumed && file_exists(config())) {
      const auto before = read_json(read_file(config()), config().string());
      if (const auto difference = run_difference(before, description)) {
        if (inventory && tells_images(*difference)) expect_images(*inventory);
        throw FileError('"' + config().string() + "\": the run began with another configuration: " + *difference +
                        "; resume it with the options that it began with");
      }
    }
    if (inventory) write_inventory(images(), *inventory);
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
  /// cannot be used there are none: the report says why.
  /// @throws FileError where they cannot be written, or another moment may read it
  void draw_curves() const {
    std::vector<nlohmann::ordered_json> epochs;
    try {
      epochs = read_epochs(metrics());
    } catch (const UnreadableError& error) {
      if (error.passing()) throw;
      return;
    } catch (const FileError&) {
      return;
    }
    create_folders(figures());
    for (const TrainingChart& each : training_charts(epochs))
      data::write_png(figures() / (each.name + ".png"), draw_chart(each.chart).view());
  }

 private:
  /// Whether a difference of descriptions is one of images, and not of the options that chose them.
  [[nodiscard]] static bool tells_images(const std::string& difference) {
    constexpr std::array<std::string_view, 6> fields = {
        "data.images",       "data.fingerprint",       "data.content",
        "data.train_groups", "data.validation_groups", "data.test_groups"};
    return std::any_of(fields.begin(), fields.end(),
                       [&](std::string_view field) { return difference.starts_with(field); });
  }

  /// @throws FileError where the run began with other images, naming the first
  void expect_images(const data::Inventory& now) const {
    if (!file_exists(images())) return;
    if (const auto difference = data::first_difference(data::read_inventory(images()), now))
      throw FileError('"' + images().string() + "\": the run began with other images: " + *difference);
  }

  std::filesystem::path path_;
  std::optional<FolderLock> owner_;
  std::optional<JsonLinesWriter> writer_;
};

}  // namespace saccade::report
