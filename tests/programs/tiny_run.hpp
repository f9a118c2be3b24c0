#pragma once

#include <saccade/core/file.hpp>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "process.hpp"
#include "support/scratch_folder.hpp"

/// A data set and a model so small that an epoch takes milliseconds.
namespace programs {

/// 8 patients of 3 images of 96 x 80 pixels at 100x, made once by saccade tissue.
inline const std::filesystem::path& tiny_data() {
  static const ScratchFolder folder;
  static const std::filesystem::path data = [] {
    const Ending made = run("saccade tissue", {"--out", folder / "tissue", "--patients", "4", "--images", "3",
                                               "--width", "96", "--height", "80"});
    if (made.code != 0) throw std::runtime_error("saccade tissue failed: " + made.err);
    return folder / "tissue";
  }();
  return data;
}

/// Every image below a folder, in alphabetical order.
inline std::vector<std::filesystem::path> images_below(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> images;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".png") images.push_back(entry.path());
  }
  std::sort(images.begin(), images.end());
  return images;
}

/// A copy of the data set, to be damaged.
inline void copy_data(const std::filesystem::path& to) {
  std::filesystem::copy(tiny_data(), to, std::filesystem::copy_options::recursive);
}

/// The same images as a folder for each of three classes, below folders for the parts: 15 train, 3 validate, 6 test.
inline void make_class_folders(const std::filesystem::path& to) {
  const auto images = images_below(tiny_data());
  for (std::size_t i = 0; i < images.size(); ++i) {
    const std::string label = i % 3 == 0 ? "ape" : i % 3 == 1 ? "bee" : "cat";
    const auto folder = to / (i < 15 ? "train" : i < 18 ? "val" : "test") / label;
    std::filesystem::create_directories(folder);
    std::filesystem::copy_file(images[i], folder / (std::to_string(i) + ".png"));
  }
}

/// All that the tests count on is written out, for presets change. The first epoch trains on random glimpses.
inline const Arguments tiny_model = [] {
  Arguments list{"--preset", "compact", "--batch", "4", "--learning-rate", "0.002"};
  for (const char* field : {"sensor.side=16", "sensor.scales=2", "glance.side=16", "glance.reduction=8",
                            "encoder.width=4", "fusion_width=8", "hidden=8", "glimpses=2", "policy.sigma=0.2",
                            "policy.weight=1", "training.decay=0.95", "training.random_epochs=1"}) {
    list.push_back("--set");
    list.push_back(field);
  }
  return list;
}();

/// `options`, pairs of a name and a value, without those that `more` gives a value of its own.
inline Arguments left_of(const Arguments& options, const Arguments& more) {
  const auto field = [](const std::string& value) { return value.substr(0, value.find('=') + 1); };
  Arguments left;
  for (std::size_t i = 0; i + 1 < options.size(); i += 2) {
    bool given = false;
    for (std::size_t k = 0; k < more.size(); ++k)
      given =
          given || (more[k] == options[i] &&
                    (options[i] != "--set" || (k + 1 < more.size() && field(more[k + 1]) == field(options[i + 1]))));
    if (!given) left.insert(left.end(), {options[i], options[i + 1]});
  }
  return left;
}

/// The command line of a training of `epochs` epochs into `out`. What `more` says takes the place of the tiny model's.
inline Arguments training(const std::filesystem::path& out, int epochs, const Arguments& more = {},
                          const std::filesystem::path& data = tiny_data()) {
  return Arguments{"--data", data, "--out", out, "--epochs", std::to_string(epochs)} + left_of(tiny_model, more) + more;
}

/// A checkpoint after two epochs, made once.
inline const std::filesystem::path& tiny_checkpoint() {
  static const ScratchFolder folder;
  static const std::filesystem::path checkpoint = [] {
    const Ending trained = run("saccade train", training(folder / "run", 2, {"--threads", "1"}));
    if (trained.code != 0) throw std::runtime_error("saccade train failed: " + trained.err);
    return folder / "run/checkpoint.safetensors";
  }();
  return checkpoint;
}

/// The command line of an evaluation of that checkpoint into `out`, on one thread where `more` says no other number.
inline Arguments evaluation(const std::filesystem::path& out, const Arguments& more = {}) {
  return Arguments{"--data", tiny_data(), "--checkpoint", tiny_checkpoint(), "--out", out} +
         left_of({"--threads", "1"}, more) + more;
}

inline std::vector<std::uint8_t> bytes(const std::filesystem::path& path) { return saccade::read_file(path); }

/// Whether two files hold the same bytes: as one answer, for a failure should not print them all.
inline bool same(const std::filesystem::path& one, const std::filesystem::path& two) {
  return bytes(one) == bytes(two);
}

inline std::string text(const std::filesystem::path& path) {
  const std::vector<std::uint8_t> content = bytes(path);
  return {content.begin(), content.end()};
}

}  // namespace programs
