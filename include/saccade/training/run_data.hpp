#pragma once

// Opt-in: needs POSIX, zlib, stb_image, libpng and libjpeg-turbo.

#include <saccade/core/error.hpp>
#include <saccade/core/unreadable_error.hpp>
#include <saccade/data/inventory.hpp>
#include <saccade/data/loader.hpp>
#include <saccade/data/official_split.hpp>
#include <saccade/data/open_dataset.hpp>
#include <saccade/data/read_sample.hpp>
#include <saccade/data/split_report.hpp>
#include <saccade/data/tissue_areas.hpp>
#include <saccade/model/config.hpp>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// Which images a run works on, and how they are divided.
struct DataChoice {
  std::filesystem::path folder{};
  data::DatasetOptions options{};
  std::string split{};            ///< as data::parse_split reads it; empty: given where the data say, else random:1
  std::filesystem::path folds{};  ///< where dsfold1.txt to dsfold5.txt lie; empty: looked for beside the data
  std::optional<double> validation{};  ///< share of the training groups; nothing: 0.15, or 0 with "all", or where the
                                       ///< data say which images validate
};

/// A data set, divided. Programs with data of their own fill in `dataset` and `split`, and leave the rest.
struct RunData {
  data::Dataset dataset{};
  data::Split split{};
  data::SplitChoice choice{.kind = data::SplitChoice::Kind::given, .number = 0};
  double validation_share = 0;  ///< of the training groups, moved to validation
  data::Account account{};
  std::optional<data::Inventory> inventory{};  ///< of the split's images, where their files have been summed

  [[nodiscard]] const data::Sample& sample(Index image) const { return dataset.sample(image); }
  [[nodiscard]] bool everything() const { return choice.kind == data::SplitChoice::Kind::all; }
};

/// The parts of a training: with "all" there is no test part, and `validation_share` of the training groups validate,
/// unless it is 0. @throws ConfigError, as data::make_split
[[nodiscard]] inline data::Split training_split(const data::Dataset& dataset, const data::SplitChoice& choice,
                                                double validation_share, data::Split split) {
  if (choice.kind == data::SplitChoice::Kind::all) std::swap(split.train, split.test);
  // Keyed by the split, so that runs with other seeds have the same groups to choose by.
  if (validation_share > 0) data::carve_validation(dataset, split, validation_share, choice.number);
  return split;
}

[[nodiscard]] inline data::Split training_split(const data::Dataset& dataset, const data::SplitChoice& choice,
                                                double validation_share) {
  return training_split(dataset, choice, validation_share, data::make_split(dataset, choice));
}

namespace detail {

[[nodiscard]] inline RunData divide(data::Reading reading, const DataChoice& choice) {
  RunData run{.dataset = std::move(reading.dataset), .account = std::move(reading.account)};
  run.choice = data::parse_split(!choice.split.empty()                ? choice.split
                                 : data::has_given_parts(run.dataset) ? "given"
                                                                      : "random:1");
  if (run.choice.kind == data::SplitChoice::Kind::official && run.dataset.kind == "breakhis") {
    run.split = data::official_split(
        run.dataset, data::find_official_split(run.choice.number, choice.folder, choice.folds), run.account);
  } else {
    run.split = data::make_split(run.dataset, run.choice);
  }
  return run;
}

}  // namespace detail

/// The images to evaluate are in `split.test`; with "all", that is every image.
/// @param classes  of the model that is evaluated: labels count in this list; empty: those of the data
/// @throws ConfigError, FileError
[[nodiscard]] inline RunData open_for_evaluation(const DataChoice& choice,
                                                 const std::vector<std::string>& classes = {}) {
  data::Reading reading = data::open_dataset(choice.folder, choice.options);
  if (!classes.empty()) reading.dataset = data::with_classes(std::move(reading.dataset), classes);
  RunData run = detail::divide(std::move(reading), choice);
  if (run.split.test.empty()) {
    throw FileError("data: split " + to_string(run.choice) + " leaves no test image under \"" + choice.folder.string() +
                    '"');
  }
  return run;
}

/// The images to learn from are in `split.train`, those to choose the best epoch by in `split.validation`; with "all"
/// there is no test part. Says nothing of data that nobody can learn from: see open_for_training.
/// @throws ConfigError, FileError
[[nodiscard]] inline RunData divide_for_training(const DataChoice& choice) {
  const double asked = choice.validation.value_or(0);
  expect_config(asked >= 0 && asked < 1, "data: the validation share must be at least 0 and less than 1");
  RunData run = detail::divide(data::open_dataset(choice.folder, choice.options), choice);
  const bool given = !run.split.validation.empty();
  expect_config(!given || asked == 0,
                "data: the data say which images validate, so no share of the training images can be chosen as well");
  run.validation_share = given ? 0 : choice.validation.value_or(run.everything() ? 0.0 : 0.15);
  run.split = training_split(run.dataset, run.choice, run.validation_share, std::move(run.split));
  return run;
}

/// As divide_for_training. @throws FileError also where there are not two classes, or no image trains
[[nodiscard]] inline RunData open_for_training(const DataChoice& choice) {
  RunData run = divide_for_training(choice);
  const std::vector<std::string>& classes = run.dataset.classes;
  if (classes.size() < 2) {
    throw FileError("data: \"" + choice.folder.string() + "\" has " +
                    (classes.empty() ? "no classes" : "one class only, " + classes.front()) +
                    "; expected two or more to tell apart");
  }
  if (run.split.train.empty()) {
    throw FileError("data: split " + to_string(run.choice) + " leaves no training image under \"" +
                    choice.folder.string() + '"');
  }
  return run;
}

/// What `data::describe_split` begins with: "split random:1 by slide".
[[nodiscard]] inline std::string split_title(const RunData& run) {
  return "split " + to_string(run.choice) + (run.dataset.grouping == "image" ? "" : " by " + run.dataset.grouping);
}

/// Throws FileError for an image of `name` that the model cannot look at: smaller than its glimpses or its thumbnail's
/// side, or larger than its thumbnail covers.
inline void expect_size(ImageSize size, const HybridAttentionConfig& model, std::string_view name) {
  const auto refuse = [&](const std::string& expected) {
    throw FileError('"' + std::string(name) + "\": an image of " + std::to_string(size.width) + " x " +
                    std::to_string(size.height) + " pixels; expected " + expected);
  };
  const Index side = smallest_side(model);
  if (size.width < side || size.height < side) {
    refuse("at least the " + std::string(side > model.sensor.side ? "thumbnail's " : "glimpse's ") +
           std::to_string(side) + " x " + std::to_string(side));
  }
  const std::optional<Index> most = largest_side(model);
  if (most && (size.width > *most || size.height > *most)) {
    refuse("at most the " + std::to_string(*most) + " x " + std::to_string(*most) +
           " that the model's thumbnail covers");
  }
}

/// An image that a model can look at. One of a wrong size is refused by its header, before memory is taken for it.
/// @throws FileError for a file that is no image, or as expect_size does
[[nodiscard]] inline RgbImage load_image_for(const std::filesystem::path& path, const HybridAttentionConfig& model) {
  if (const auto size = data::read_image_size(path)) expect_size(*size, model, path.string());
  RgbImage image = data::load_image(path);
  expect_size({image.width, image.height}, model, path.string());
  return image;
}

/// The same for a sample of a data set, which may be streamed. With RandomLocations::tissue its tissue is found.
/// @param tissue  what is known of it, of all images of the data set
[[nodiscard]] inline AnyImage load_sample_for(const data::Dataset& dataset, Index number,
                                              const HybridAttentionConfig& model, data::TissueAreas& tissue) {
  const data::Sample& sample = dataset.sample(number);
  const bool is_file = !dataset.read && !data::is_slide(dataset, sample);
  AnyImage image = is_file ? AnyImage(load_image_for(sample.path, model)) : data::read_sample(dataset, sample);
  if (!is_file) expect_size({image.width(), image.height()}, model, sample.name);
  if (model.random_locations == RandomLocations::tissue) image.set_tissue(tissue.of(number, image));
  return image;
}

/// The model with a thumbnail for the largest image of a data set, no larger than its smallest one. Images below the
/// glimpse do not count; where the headers of files do not tell, the first image that can be read does.
[[nodiscard]] inline HybridAttentionConfig with_thumbnail_over(const HybridAttentionConfig& config,
                                                               const data::Dataset& dataset) {
  if (config.glance.side == 0) return config;
  Index shortest = 0, longest = 0;
  const auto count = [&](ImageSize size) {
    const auto [low, high] = std::minmax(size.width, size.height);
    if (low < config.sensor.side) return;
    shortest = longest == 0 ? low : std::min(shortest, low);
    longest = std::max(longest, high);
  };
  for (const data::Sample& sample : dataset.samples)
    if (const auto size = data::sample_size(dataset, sample)) count(*size);
  for (auto sample = dataset.samples.begin(); longest == 0 && sample != dataset.samples.end(); ++sample) {
    try {
      const AnyImage image = data::read_sample(dataset, *sample);
      count({image.width(), image.height()});
    } catch (const UnreadableError& error) {
      if (error.passing()) throw;
    } catch (const FileError&) {  // whoever trains on it will say so
    }
  }
  return longest == 0 ? config : with_thumbnail_over(config, shortest, longest);
}

/// What data::Loader decodes with. `dataset` and `tissue` outlive it.
[[nodiscard]] inline data::Loader::Decode decode_for(const HybridAttentionConfig& model, const data::Dataset& dataset,
                                                     data::TissueAreas& tissue) {
  return [model, &dataset, &tissue](Index image) { return load_sample_for(dataset, image, model, tissue); };
}

}  // namespace saccade
