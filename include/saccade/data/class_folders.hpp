#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/utf8.hpp>
#include <saccade/data/account.hpp>
#include <saccade/data/class_names.hpp>
#include <saccade/data/find_images.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// A folder for each class, with or without train/, validation/ (val/, valid/) and test/ above them:
///
///     data/cat/1.png                     data/train/cat/1.png
///     data/cat/ward 3/2.png              data/test/dog/9.jpg
///     data/dog/ward 3/3.jpg
///
/// A folder within that of a class is a group, by its name: "ward 3" above is one, of both classes.
namespace saccade::inline SACCADE_NAMESPACE::data {

namespace detail {

/// Where an image lies below the data set's folder.
struct FolderPlace {
  std::filesystem::path path{};
  std::vector<std::string> folders{};  ///< that lead to it
};

/// Whether the uppermost folders are parts: one is named train and holds folders with images, or all of them are named
/// as parts are.
[[nodiscard]] inline bool parts_are_above(const std::vector<FolderPlace>& places) {
  bool train = false, all = true, any = false;
  for (const FolderPlace& place : places) {
    if (place.folders.empty()) continue;
    const auto part = parse_part(place.folders[0]);
    train = train || (part == Part::train && place.folders.size() > 1);
    all = all && part.has_value();
    any = true;
  }
  return train || (any && all);
}

/// Throws FileError for an uppermost folder that is hardly meant as a class: beside a part, or what is named much like
/// one, "Train" or "testing", and with folders in it.
inline void expect_no_near_part(const std::filesystem::path& folder, const std::vector<FolderPlace>& places) {
  static const std::set<std::string> near_parts = {"train",    "training", "trainset", "val",        "valid",
                                                   "validate", "eval",     "dev",      "validation", "test",
                                                   "tests",    "testing",  "testset"};
  std::set<std::string> alike, parts;
  for (const FolderPlace& place : places) {
    if (place.folders.size() < 2) continue;
    const std::string& name = place.folders[0];
    if (parse_part(name))
      parts.insert(name);
    else if (near_parts.contains(lower_case(name)))
      alike.insert(name);
  }
  if (alike.empty() || alike.size() + parts.size() < 2) return;
  throw FileError("data: \"" + (folder / *alike.begin()).string() +
                  "\" is named much like a part of the data; parts are train, validation (val, valid) and test");
}

}  // namespace detail

/// Samples are sorted by path. @throws FileError where there are no folders of classes, or a folder cannot be read
/// @param slides  opens whole slides; without it they are passed over
[[nodiscard]] inline Reading read_class_folders(const std::filesystem::path& folder, const SlideReader& slides = {}) {
  Reading reading;
  std::vector<detail::FolderPlace> places;
  for (const std::filesystem::path& path : find_images(folder, reading.account, static_cast<bool>(slides))) {
    detail::FolderPlace place{.path = path};
    for (const auto& name : path.lexically_relative(folder).parent_path()) place.folders.push_back(name.string());
    places.push_back(std::move(place));
  }
  detail::expect_no_near_part(folder, places);
  const bool divided = detail::parts_are_above(places);
  const std::size_t depth = divided ? 1 : 0;  // of the folder that names the class

  std::set<std::string> classes, groups;
  bool grouped = false;
  std::vector<detail::FolderPlace> taken;
  for (detail::FolderPlace& place : places) {
    const auto pass_over = [&](const char* reason) {
      reading.account.pass_over(reason, name_below(folder, place.path));
    };
    if (divided && !place.folders.empty() && !parse_part(place.folders[0])) {
      pass_over("images outside train, validation and test");
    } else if (place.folders.size() <= depth) {
      pass_over("images that are in no folder of a class");
    } else {
      const std::string& name = place.folders[depth];
      if (!is_utf8(name)) {
        throw FileError('"' + place.path.parent_path().string() + "\": the name of a class must be UTF-8, but is \"" +
                        to_utf8(name) + '"');
      }
      classes.insert(name);
      grouped = grouped || place.folders.size() > depth + 1;
      taken.push_back(std::move(place));
    }
  }
  if (taken.empty()) {
    throw FileError("data: \"" + folder.string() + "\" has no folder with images for each class, but " +
                    std::to_string(places.size()) + " images " + (divided ? "directly in its parts" : "in it"));
  }

  Dataset& dataset = reading.dataset;
  dataset.slides = slides;
  dataset.classes = sorted_classes(classes);
  for (const detail::FolderPlace& place : taken) {
    const std::string name = name_below(folder, place.path);
    std::string group = place.folders.size() > depth + 1 ? to_utf8(place.folders[depth + 1]) : name;
    groups.insert(group);
    dataset.samples.push_back({.name = name,
                               .path = place.path,
                               .label = label_of(dataset.classes, place.folders[depth]),
                               .group = std::move(group),
                               .part = divided ? parse_part(place.folders[0]) : std::nullopt});
  }
  if (std::string alike = alike_classes(dataset.classes); !alike.empty()) reading.account.warn(std::move(alike));
  dataset.kind = "folders";
  dataset.grouping = grouped ? "folder" : "image";
  dataset.name = std::string("a folder for each class") + (divided ? " and part" : "") + ": " +
                 std::to_string(dataset.size()) + " images of " + std::to_string(classes.size()) + " classes" +
                 (grouped ? ", " + std::to_string(groups.size()) + " folders as groups" : "");
  return reading;
}

}  // namespace saccade::data
