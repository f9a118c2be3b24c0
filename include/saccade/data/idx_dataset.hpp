#pragma once

// Opt-in: needs zlib, which comes with libpng.

#include <saccade/data/account.hpp>
#include <saccade/data/class_names.hpp>
#include <saccade/data/find_images.hpp>
#include <saccade/data/idx.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// A file of pictures and the file of their labels.
struct IdxPair {
  std::string stem;  ///< "train" of train-images-idx3-ubyte.gz
  std::filesystem::path images;
  std::filesystem::path labels;

  /// By the last word of the stem: train, t10k (MNIST's name of its test part), test, validation, val or valid.
  [[nodiscard]] std::optional<Part> part() const {
    const std::string word = stem.substr(stem.rfind('-') + 1);
    return word == "t10k" ? Part::test : parse_part(word);
  }
};

/// The pairs in a folder, by stem: `STEM-images-idx3-ubyte` and `STEM-labels-idx1-ubyte`, with .gz or not; a dot may
/// stand for the second dash. Of a file that is there packed and unpacked, the packed one is read.
/// @throws FileError where one half of a pair is missing
[[nodiscard]] inline std::vector<IdxPair> find_idx_pairs(const std::filesystem::path& folder) {
  std::map<std::string, IdxPair> pairs;
  for (const std::filesystem::path& path : list_folder(folder)) {
    std::string name = path.filename().string();
    if (name.ends_with(".gz")) name.resize(name.size() - 3);
    for (const char* what : {"images", "labels"}) {
      for (const char* divider : {"-", "."}) {
        const std::string ending =
            "-" + std::string(what) + divider + (what == std::string_view("images") ? "idx3-ubyte" : "idx1-ubyte");
        if (!name.ends_with(ending)) continue;
        IdxPair& pair = pairs[name.substr(0, name.size() - ending.size())];
        pair.stem = name.substr(0, name.size() - ending.size());
        (what == std::string_view("images") ? pair.images : pair.labels) = path;  // the packed one is last
      }
    }
  }
  std::vector<IdxPair> found;
  for (auto& [stem, pair] : pairs) {
    if (pair.images.empty() || pair.labels.empty()) {
      throw FileError("idx: \"" + folder.string() + "\" has " + stem +
                      (pair.images.empty() ? "-labels-idx1-ubyte, but no " : "-images-idx3-ubyte, but no ") + stem +
                      (pair.images.empty() ? "-images-idx3-ubyte" : "-labels-idx1-ubyte"));
    }
    found.push_back(std::move(pair));
  }
  return found;
}

/// MNIST and its successors as grey pictures in three equal channels. Classes are the labels that occur; the pixels are
/// kept in memory, once for all copies of the data set. Pictures of train, validation and test files are given parts.
/// @throws FileError where there is no pair, or a file is damaged
[[nodiscard]] inline Reading read_idx(const std::filesystem::path& folder) {
  const std::vector<IdxPair> pairs = find_idx_pairs(folder);
  if (pairs.empty())
    throw FileError("idx: no file *-images-idx3-ubyte or *-images-idx3-ubyte.gz in \"" + folder.string() + '"');
  using Sets = std::map<std::filesystem::path, ObjectSet>;
  const auto sets = std::make_shared<Sets>();
  std::set<Index> labels;
  std::set<std::string> names;
  for (const IdxPair& pair : pairs) {
    const ObjectSet& set = sets->emplace(pair.images, load_objects(pair.images, pair.labels)).first->second;
    labels.insert(set.labels.begin(), set.labels.end());
  }
  for (const Index label : labels) names.insert(std::to_string(label));
  Reading reading;
  Dataset& dataset = reading.dataset;
  dataset.classes = sorted_classes(names);
  for (const IdxPair& pair : pairs) {
    const ObjectSet& set = sets->at(pair.images);
    for (Index item = 0; item < set.count(); ++item) {
      const std::string name = to_utf8(pair.stem) + '#' + std::to_string(item);
      dataset.samples.push_back(
          {.name = name,
           .path = pair.images,
           .item = item,
           .label = label_of(dataset.classes, std::to_string(set.labels[static_cast<std::size_t>(item)])),
           .group = name,
           .part = pair.part()});
    }
  }
  dataset.read = [sets](const Sample& sample) {
    const ObjectSet& set = sets->at(sample.path);
    const auto grey = set.object(sample.item);
    RgbImage image(set.width, set.height);
    for (std::size_t i = 0; i < grey.size(); ++i)
      for (std::size_t channel = 0; channel < 3; ++channel) image.pixels[3 * i + channel] = grey[i];
    return image;
  };
  const ObjectSet& first = sets->at(pairs.front().images);
  dataset.kind = "idx";
  dataset.name = "IDX: " + std::to_string(dataset.size()) + " pictures of " + std::to_string(first.width) + " x " +
                 std::to_string(first.height) + " pixels, " + std::to_string(labels.size()) + " classes";
  return reading;
}

}  // namespace saccade::data
