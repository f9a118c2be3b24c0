#pragma once

// Opt-in: needs stb_image, libpng and libjpeg-turbo (link PNG::PNG and JPEG::JPEG).

#include <saccade/data/breakhis.hpp>
#include <saccade/data/image_decode.hpp>
#include <saccade/data/loader.hpp>
#include <saccade/data/patient_split.hpp>
#include <saccade/model/config.hpp>

#include <array>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// Which images a run works on, and how they are divided.
struct DatasetChoice {
  std::filesystem::path folder;
  Index magnification = 100;
  std::string split = "random:1";  ///< as data::parse_split reads it
  data::Grouping grouping = data::Grouping::slide;
  std::filesystem::path folds{};       ///< where dsfold1.txt to dsfold5.txt lie; empty: looked for beside the data
  std::optional<double> validation{};  ///< share of the training patients; nothing: 0.15, or 0 with "all"

  [[nodiscard]] bool everything() const { return data::parse_split(split).kind == data::SplitChoice::Kind::all; }
  [[nodiscard]] double validation_share() const { return validation.value_or(everything() ? 0.0 : 0.15); }
};

/// Images of a BreakHis folder, divided by patient.
struct BreakhisDataset {
  DatasetChoice choice;
  std::vector<data::ImageRecord> records;
  data::Split split;

  [[nodiscard]] const data::ImageRecord& record(Index image) const { return records[static_cast<std::size_t>(image)]; }

  /// Whether an image belongs to this or that patient: by the choice's grouping.
  [[nodiscard]] std::string patient_of(Index image) const { return data::group_of(record(image), choice.grouping); }

  [[nodiscard]] std::set<std::string> patients(std::span<const Index> part) const {
    std::set<std::string> names;
    for (const Index image : part) names.insert(patient_of(image));
    return names;
  }

  [[nodiscard]] std::vector<std::filesystem::path> paths() const {
    std::vector<std::filesystem::path> list;
    for (const data::ImageRecord& each : records) list.push_back(each.path);
    return list;
  }
};

/// The images to evaluate are in `split.test`; with "all", that is every image.
/// @throws ConfigError, FileError
[[nodiscard]] inline BreakhisDataset open_for_evaluation(const DatasetChoice& choice) {
  const data::SplitChoice split = data::parse_split(choice.split);
  BreakhisDataset dataset{choice, data::index_breakhis(choice.folder, choice.magnification), {}};
  dataset.split = data::make_split(dataset.records, split, choice.grouping, choice.folder, choice.folds);
  if (dataset.split.test.empty())
    throw FileError("breakhis: split " + choice.split + " leaves no test image under \"" + choice.folder.string() +
                    '"');
  return dataset;
}

/// The images to learn from are in `split.train`, those to choose the best epoch by in `split.validation`; with "all"
/// there is no test part.
/// @throws ConfigError, FileError
[[nodiscard]] inline BreakhisDataset open_for_training(const DatasetChoice& choice) {
  const data::SplitChoice split = data::parse_split(choice.split);
  expect_config(choice.validation_share() >= 0 && choice.validation_share() < 1,
                "breakhis: the validation share must be at least 0 and less than 1");
  BreakhisDataset dataset{choice, data::index_breakhis(choice.folder, choice.magnification), {}};
  dataset.split = data::make_split(dataset.records, split, choice.grouping, choice.folder, choice.folds);
  if (choice.everything()) std::swap(dataset.split.train, dataset.split.test);
  // Keyed by the split, so that runs with other seeds have the same patients to choose by.
  data::carve_validation(dataset.records, dataset.split, choice.validation_share(), choice.grouping, split.number);
  if (dataset.split.train.empty()) {
    throw FileError("breakhis: split " + choice.split + " leaves no training image under \"" + choice.folder.string() +
                    '"');
  }
  return dataset;
}

/// A table of the parts: patients, images, and images of each class.
[[nodiscard]] inline std::string describe_split(const BreakhisDataset& dataset) {
  std::array<char, 128> line{};
  const auto row = [&](const char* name, const std::string& patients, const std::string& images,
                       const std::string& benign, const std::string& malignant) {
    std::snprintf(line.data(), line.size(), "%-12s %9s %9s %9s %10s\n", name, patients.c_str(), images.c_str(),
                  benign.c_str(), malignant.c_str());
    return std::string(line.data());
  };
  const bool slide = dataset.choice.grouping == data::Grouping::slide;
  std::string text = "split " + dataset.choice.split + " by " + (slide ? "slide" : "case") + ", " +
                     std::to_string(dataset.choice.magnification) + "x\n";
  text += row("", "patients", "images", "benign", "malignant");
  const auto part = [&](const char* name, const std::vector<Index>& images) {
    Index malignant = 0;
    for (const Index image : images) malignant += dataset.record(image).label;
    const auto count = static_cast<Index>(images.size());
    text += row(name, std::to_string(dataset.patients(images).size()), std::to_string(count),
                std::to_string(count - malignant), std::to_string(malignant));
  };
  part("train", dataset.split.train);
  part("validation", dataset.split.validation);
  part("test", dataset.split.test);
  return text;
}

/// An image that a model can look at. @throws FileError for a file that is no image, or one that is smaller than the
/// model's glimpses or larger than its thumbnail covers
[[nodiscard]] inline RgbImage load_image_for(const std::filesystem::path& path, const HybridAttentionConfig& model) {
  RgbImage image = data::load_image(path);
  const Index side = smallest_side(model);
  const std::optional<Index> most = largest_side(model);
  if (image.width < side || image.height < side) {
    throw FileError('"' + path.string() + "\": an image of " + std::to_string(image.width) + " x " +
                    std::to_string(image.height) + " pixels; expected at least the " +
                    (side > model.sensor.side ? "thumbnail's " : "glimpse's ") + std::to_string(side) +
                    " x " + std::to_string(side));
  }
  if (most && (image.width > *most || image.height > *most)) {
    throw FileError('"' + path.string() + "\": an image of " + std::to_string(image.width) + " x " +
                    std::to_string(image.height) + " pixels; expected at most the " + std::to_string(*most) + " x " +
                    std::to_string(*most) + " that the model's thumbnail covers");
  }
  return image;
}

/// The model with a thumbnail for images of the size of the first one that can be read.
[[nodiscard]] inline HybridAttentionConfig with_thumbnail_over(const HybridAttentionConfig& config,
                                                               const BreakhisDataset& dataset) {
  for (const auto& record : dataset.records) {
    try {
      const RgbImage image = data::load_image(record.path);
      return with_thumbnail_over(config, image.width, image.height);
    } catch (const FileError&) {  // whoever trains on it will say so
    }
  }
  return config;
}

/// What data::Loader decodes with.
[[nodiscard]] inline data::Loader::Decode decode_for(const HybridAttentionConfig& model,
                                                     const BreakhisDataset& dataset) {
  return [model, paths = dataset.paths()](Index image) {
    return load_image_for(paths[static_cast<std::size_t>(image)], model);
  };
}

}  // namespace saccade
