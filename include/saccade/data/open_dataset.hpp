#pragma once

// Opt-in: needs POSIX and zlib.

#include <saccade/core/error.hpp>
#include <saccade/core/number_text.hpp>
#include <saccade/data/breakhis.hpp>
#include <saccade/data/class_folders.hpp>
#include <saccade/data/idx_dataset.hpp>
#include <saccade/data/manifest.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// How a folder is read. What is left empty is found out.
struct DatasetOptions {
  std::string kind{};  ///< "breakhis", "folders", "manifest" or "idx"
  /// At which magnification the images are looked at: of BreakHis which of its four, of slides what full resolution
  /// means.
  std::optional<double> magnification{};
  std::string group{};                        ///< "slide" or "case": what counts as one group, of BreakHis
  std::optional<double> microns_per_pixel{};  ///< what full resolution means of slides
  SlideReader slides{};  ///< without it no slide can be read; its resolution follows from the others
};

namespace detail {

/// What a data set may be, for error sentences.
inline constexpr const char* known_datasets =
    "expected manifest.csv, IDX files (*-images-idx3-ubyte[.gz] with labels), images named as in BreakHis, or a folder "
    "for each class, with or without train, validation and test above them";

/// The folder that holds the data: below `folder` where that has one other folder and no data, as archives leave it.
[[nodiscard]] inline std::filesystem::path data_root(std::filesystem::path folder) {
  const auto is_image = [](const std::filesystem::path& path) {
    return has_image_ending(path) || has_slide_ending(path);
  };
  const auto is_data = [&](const std::filesystem::path& path) {
    const std::string name = path.filename().string();
    return is_image(path) || name == "manifest.csv" || name.ends_with("-ubyte") || name.ends_with("-ubyte.gz");
  };
  for (int depth = 0; depth < 8; ++depth) {
    const std::vector<std::filesystem::path> entries = list_folder(folder);
    std::vector<std::filesystem::path> folders;
    std::error_code error;
    for (const std::filesystem::path& path : entries) {
      if (std::filesystem::is_directory(path, error) && !path.filename().string().starts_with('.'))
        folders.push_back(path);
    }
    // A part, or the only class, is no way down.
    if (folders.size() != 1 || parse_part(folders[0].filename().string())) break;
    if (std::any_of(entries.begin(), entries.end(), is_data)) break;
    const std::vector<std::filesystem::path> below = list_folder(folders[0]);
    if (std::any_of(below.begin(), below.end(), is_image)) break;
    folder = folders[0];
  }
  return folder;
}

/// Throws FileError where all that a folder holds are slides, and nobody can read them.
inline void expect_no_slides(const std::filesystem::path& folder, const Account& account) {
  for (const PassedOver& each : account.passed_over()) {
    if (each.reason != slides_passed_over) continue;
    throw FileError("data: \"" + folder.string() + "\" holds " + std::to_string(each.count) +
                    " whole slides, and this program was built without OpenSlide");
  }
}

/// "breakhis", "folders", "manifest" or "idx". `images`: all that are at or below `folder`; `search`: what was passed
/// over when they were looked for.
/// @throws FileError where it is none of them
[[nodiscard]] inline std::string kind_of(const std::filesystem::path& folder,
                                         const std::vector<std::filesystem::path>& images, const Account& search,
                                         Account& account) {
  const std::filesystem::path table = folder / "manifest.csv";
  const auto of_breakhis = std::count_if(images.begin(), images.end(), [](const std::filesystem::path& path) {
    return has_image_ending(path) && parse_breakhis_name(path.stem().string()).has_value();
  });
  const bool breakhis = 2 * of_breakhis > static_cast<std::ptrdiff_t>(images.size());
  std::error_code error;
  if (std::filesystem::is_regular_file(table, error)) {
    if (!breakhis || is_manifest(table)) return "manifest";
    account.warn(
        "manifest.csv is passed over: its columns are not those of a manifest; the images are named as in "
        "BreakHis");
  }
  for (const std::filesystem::path& path : list_folder(folder)) {
    const std::string name = path.filename().string();
    if (name != "manifest.csv" && lower_case(name) == "manifest.csv")
      account.warn('"' + name + "\" is passed over: a manifest is named manifest.csv");
  }
  if (!find_idx_pairs(folder).empty()) return "idx";
  std::set<std::string> top;
  bool folders = false;
  for (const std::filesystem::path& path : images) {
    const std::filesystem::path below = path.lexically_relative(folder);
    if (!below.has_parent_path()) continue;
    folders = true;
    top.insert(below.begin()->string());
  }
  const bool divided =
      std::any_of(top.begin(), top.end(), [](const std::string& name) { return parse_part(name).has_value(); });
  if (breakhis && !divided) return "breakhis";
  if (folders) return "folders";
  if (images.empty()) expect_no_slides(folder, search);
  throw FileError("data: \"" + folder.string() + "\" is no data set that is known: " + known_datasets + "; found " +
                  (images.empty() ? "no image"
                                  : std::to_string(images.size()) + " images and nothing that tells "
                                                                    "their classes"));
}

/// Whether an image of a folder is a slide, or its table names one. @throws FileError
[[nodiscard]] inline bool holds_slides(const std::filesystem::path& table,
                                       const std::vector<std::filesystem::path>& images) {
  if (std::any_of(images.begin(), images.end(), has_slide_ending)) return true;
  std::error_code error;
  if (!std::filesystem::is_regular_file(table, error) || !is_manifest(table)) return false;
  const Manifest manifest = parse_manifest(table);
  return std::any_of(manifest.entries.begin(), manifest.entries.end(),
                     [](const ManifestEntry& entry) { return has_slide_ending(entry.path); });
}

/// The magnification of BreakHis that is asked for. @throws ConfigError
[[nodiscard]] inline std::optional<Index> breakhis_magnification(const std::optional<double>& asked) {
  if (!asked) return {};
  for (const Index known : {40, 100, 200, 400})
    if (*asked == static_cast<double>(known)) return known;
  throw ConfigError("data: --magnification of BreakHis must be 40, 100, 200 or 400, but is " + short_text(*asked));
}

/// Throws ConfigError for a resolution where nothing has one.
inline void expect_use_of_resolution(const Dataset& dataset, const DatasetOptions& options,
                                     const std::filesystem::path& path) {
  const bool slides = has_slides(dataset);
  const std::string held = ", but \"" + path.string() + "\" is read as " + dataset.kind;
  expect_config(!options.magnification || dataset.kind == "breakhis" || slides,
                "data: a magnification is of BreakHis or of slides" + held + " without slides");
  expect_config(!options.microns_per_pixel || slides,
                "data: microns per pixel are of slides" + held + " without slides");
}

}  // namespace detail

/// Finds out what `path` is, a folder or the file of a table, and reads it. A manifest comes before IDX files, these
/// before the names of BreakHis, and these before folders of classes, but where these have train, validation and test
/// above them. With a magnification photographs alone are of BreakHis.
/// @throws FileError where it is no data set, or a damaged one
/// @throws ConfigError where an option does not fit what it is
[[nodiscard]] inline Reading open_dataset(const std::filesystem::path& path, const DatasetOptions& options = {}) {
  static const std::set<std::string> kinds = {"", "breakhis", "folders", "manifest", "idx"};
  expect_config(kinds.contains(options.kind),
                "data: kind must be breakhis, folders, manifest or idx, but is \"" + options.kind + '"');
  expect_config(options.group.empty() || options.group == "slide" || options.group == "case",
                "data: group must be slide or case, but is \"" + options.group + '"');
  const std::filesystem::file_type type = file_type_of(path);
  const bool is_folder = type == std::filesystem::file_type::directory;
  if (type == std::filesystem::file_type::not_found) throw FileError("data: no such folder: \"" + path.string() + '"');

  Account found;
  std::string kind = options.kind;
  std::filesystem::path root = path;
  if (!is_folder) {
    if (kind.empty()) kind = "manifest";
    expect_config(kind == "manifest",
                  "data: \"" + path.string() + "\" is a file, and " + kind + " is read from a folder");
  } else {
    root = detail::data_root(path);
    if (kind.empty() && !options.group.empty()) kind = "breakhis";
    if (kind.empty()) {
      Account of_search;
      const auto images = find_images(root, of_search, static_cast<bool>(options.slides));
      const bool only_breakhis = options.magnification && !detail::holds_slides(root / "manifest.csv", images);
      kind = only_breakhis ? "breakhis" : detail::kind_of(root, images, of_search, found);
    }
  }
  if (kind != "breakhis") {
    expect_config(options.group.empty(),
                  "data: groups by slide or case are of BreakHis, but \"" + path.string() + "\" is read as " + kind);
  }

  SlideReader slides = options.slides;
  slides.resolution = {.microns_per_pixel = options.microns_per_pixel, .magnification = options.magnification};
  const auto read = [&]() -> Reading {
    if (kind == "breakhis") {
      return read_breakhis(path, detail::breakhis_magnification(options.magnification),
                           options.group == "case" ? SlideGrouping::case_number : SlideGrouping::slide);
    }
    if (kind == "manifest") return read_manifest(is_folder ? root / "manifest.csv" : path, slides);
    if (kind == "idx") return read_idx(root);
    return read_class_folders(root, slides);
  };
  Reading reading = read();
  detail::expect_use_of_resolution(reading.dataset, options, path);
  for (const std::string& warning : found.warnings()) reading.account.warn(warning);
  return reading;
}

}  // namespace saccade::data
