#pragma once

#include <saccade/core/any_image.hpp>
#include <saccade/core/box.hpp>
#include <saccade/data/part.hpp>
#include <saccade/data/slide_files.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// One image of a data set, and what is known of it.
struct Sample {
  std::string name{};            ///< as users are told, in UTF-8; no two samples of a data set share one
  std::filesystem::path path{};  ///< of its file; empty where the pixels come from no file
  Index item = -1;               ///< its number in a file that holds many images; -1: it is the whole file
  Index label = -1;              ///< position of its class in Dataset::classes; -1: not known
  std::string group{};           ///< patient, slide, scene: never on both sides of a split; in UTF-8
  std::vector<Box> regions{};    ///< where the class can be told, in pixels: for judging, never for training
  std::optional<Part> part{};    ///< to which part the data set itself assigns it
};

/// Images and their classes. The order of the samples does not depend on the machine: positions in it are what splits,
/// loaders and predictions count in.
struct Dataset {
  /// Pixels of a sample, or a source of its regions; called by several threads at a time.
  /// @throws FileError where the image is bad
  using Read = std::function<AnyImage(const Sample&)>;

  std::string name{};              ///< in words: "BreakHis at 100x, 295 images of 20 slides"
  std::string kind{};              ///< "breakhis", "folders", "manifest", "idx", or a program's own word
  std::string grouping = "image";  ///< what a group is: "slide", "group", ...; "image": each is a group of its own
  std::optional<Index> magnification{};  ///< where the reader knows one for all images
  std::vector<std::string> classes{};
  std::vector<Sample> samples{};
  Read read{};           ///< empty: every sample is a PNG or JPEG file or a whole slide, see read_sample
  SlideReader slides{};  ///< of the samples that are whole slides

  [[nodiscard]] Index size() const { return static_cast<Index>(samples.size()); }
  [[nodiscard]] const Sample& sample(Index image) const { return samples[static_cast<std::size_t>(image)]; }
  [[nodiscard]] Index class_count() const { return static_cast<Index>(classes.size()); }
};

/// Whether a sample is a whole slide in a file of its own.
[[nodiscard]] inline bool is_slide(const Dataset& dataset, const Sample& sample) {
  return !dataset.read && has_slide_ending(sample.path);
}

/// Whether any sample is one.
[[nodiscard]] inline bool has_slides(const Dataset& dataset) {
  return std::any_of(dataset.samples.begin(), dataset.samples.end(),
                     [&](const Sample& sample) { return is_slide(dataset, sample); });
}

}  // namespace saccade::data
