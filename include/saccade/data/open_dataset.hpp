#pragma once

// Opt-in: needs POSIX and zlib.

#include <saccade/core/error.hpp>
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
  std::string kind{};                    ///< "breakhis", "folders", "manifest" or "idx"
  std::optional<Index> magnification{};  ///< of BreakHis
  std::string group{};                   ///< "slide" or "case": what counts as one group, of BreakHis
};

namespace detail {

/// What a data set may be, for error sentences.
inline constexpr const char* known_datasets =
    "expected manifest.csv, IDX files (*-images-idx3-ubyte[.gz] with labels), images named as in BreakHis, or a folder "
    "for each class, with or without train, validation and test above them";

/// The folder that holds the data: below `folder` where that has one other folder and no data, as archives leave it.
[[nodiscard]] inline std::filesystem::path data_root(std::filesystem::path folder) {
  const auto is_data = [](const std::filesystem::path& path) {
    const std::string name = path.filename().string();
    return has_image_ending(path) || name == "manifest.csv" || name.ends_with("-ubyte") || name.ends_with("-ubyte.gz");
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
    if (std::any_of(below.begin(), below.end(), has_image_ending)) break;
    folder = folders[0];
  }
  return folder;
}

/// "breakhis", "folders", "manifest" or "idx". `images`: all that are at or below `folder`.
/// @throws FileError where it is none of them
[[nodiscard]] inline std::string kind_of(const std::filesystem::path& folder,
                                         const std::vector<std::filesystem::path>& images, Account& account) {
  const std::filesystem::path table = folder / "manifest.csv";
  const auto of_breakhis = std::count_if(images.begin(), images.end(), [](const std::filesystem::path& path) {
    return parse_breakhis_name(path.stem().string()).has_value();
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
  throw FileError("data: \"" + folder.string() + "\" is no data set that is known: " + known_datasets + "; found " +
                  (images.empty() ? "no image"
                                  : std::to_string(images.size()) + " images and nothing that tells "
                                                                    "their classes"));
}

}  // namespace detail

/// Finds out what `path` is, a folder or the file of a table, and reads it. A manifest comes before IDX files, these
/// before the names of BreakHis, and these before folders of classes, but where these have train, validation and test
/// above them.
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
    if (kind.empty() && (options.magnification || !options.group.empty())) kind = "breakhis";
    if (kind.empty()) {
      Account of_search;
      kind = detail::kind_of(root, find_images(root, of_search), found);
    }
  }
  if (kind != "breakhis") {
    expect_config(!options.magnification,
                  "data: a magnification is of BreakHis, but \"" + path.string() + "\" is read as " + kind);
    expect_config(options.group.empty(),
                  "data: groups by slide or case are of BreakHis, but \"" + path.string() + "\" is read as " + kind);
  }

  const auto read = [&]() -> Reading {
    if (kind == "breakhis") {
      return read_breakhis(path, options.magnification,
                           options.group == "case" ? SlideGrouping::case_number : SlideGrouping::slide);
    }
    if (kind == "manifest") return read_manifest(is_folder ? root / "manifest.csv" : path);
    if (kind == "idx") return read_idx(root);
    return read_class_folders(root);
  };
  Reading reading = read();
  for (const std::string& warning : found.warnings()) reading.account.warn(warning);
  return reading;
}

}  // namespace saccade::data
