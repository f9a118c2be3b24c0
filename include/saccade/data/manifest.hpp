#pragma once

// Opt-in: needs POSIX.

#include <saccade/core/error.hpp>
#include <saccade/core/file.hpp>
#include <saccade/core/utf8.hpp>
#include <saccade/data/account.hpp>
#include <saccade/data/class_names.hpp>
#include <saccade/data/csv.hpp>
#include <saccade/data/find_images.hpp>
#include <saccade/data/image_size.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

/// A table of images, `manifest.csv` (RFC 4180). Its first line names the columns: `path`, relative to the table's
/// folder, and any of
///
///     label                class; empty: not known
///     group                patient, slide, scene; without the column each image is a group of its own
///     split                train, validation or test
///     x, y, width, height  a box in which the class can be told, in pixels; all four or, where there is none, all
///     empty
///
/// Several lines of one path are several boxes.
namespace saccade::inline SACCADE_NAMESPACE::data {

/// One image of a table.
struct ManifestEntry {
  Index line = 0;  ///< where it is named first
  std::string path{};
  std::string label{};  ///< empty: not known
  std::string group{};
  std::optional<Part> part{};
  std::vector<Box> regions{};
  std::vector<Index> region_lines{};
};

/// A table that was read, each image once, in the order of the lines.
struct Manifest {
  std::filesystem::path path{};
  bool has_groups = false;
  std::vector<ManifestEntry> entries{};
};

namespace detail {

[[nodiscard]] inline FileError manifest_error(const std::filesystem::path& path, Index line,
                                              const std::string& problem) {
  return FileError('"' + path.string() + "\": line " + std::to_string(line) + ": " + problem);
}

inline constexpr std::array<std::string_view, 8> manifest_columns = {"path", "label", "group", "split",
                                                                     "x",    "y",     "width", "height"};

/// The columns of a table by name.
class ManifestHeader {
 public:
  /// @throws FileError
  ManifestHeader(const std::filesystem::path& path, const CsvRow& row) : path_(path), columns_(row.fields) {
    std::set<std::string_view> seen;
    for (const std::string& name : row.fields) {
      if (std::find(manifest_columns.begin(), manifest_columns.end(), name) == manifest_columns.end()) {
        throw manifest_error(path, row.line,
                             "the column \"" + to_utf8(name) +
                                 "\" is not known; expected path and any of label, group, split, x, y, "
                                 "width, height, divided by commas");
      }
      if (!seen.insert(name).second) throw manifest_error(path, row.line, "the column \"" + name + "\" is there twice");
    }
    if (!has("path")) throw manifest_error(path, row.line, "there is no column \"path\"");
    if (has("x") != has("y") || has("x") != has("width") || has("x") != has("height"))
      throw manifest_error(path, row.line, "a box needs all of x, y, width and height");
  }

  [[nodiscard]] bool has(std::string_view name) const {
    return std::find(columns_.begin(), columns_.end(), name) != columns_.end();
  }

  /// Empty where there is no such column.
  [[nodiscard]] std::string field(const CsvRow& row, std::string_view name) const {
    const auto column = std::find(columns_.begin(), columns_.end(), name) - columns_.begin();
    return column < static_cast<std::ptrdiff_t>(row.fields.size()) ? row.fields[static_cast<std::size_t>(column)] : "";
  }

  /// The box of a line; nothing where all its fields are empty. @throws FileError
  [[nodiscard]] std::optional<Box> box(const CsvRow& row) const {
    static constexpr std::array<std::string_view, 4> names = {"x", "y", "width", "height"};
    std::array<Index, 4> values{};
    std::size_t given = 0;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::string text = field(row, names[i]);
      if (text.empty()) continue;
      ++given;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), values[i]);
      if (error != std::errc{} || end != text.data() + text.size() || values[i] < (i < 2 ? 0 : 1)) {
        throw manifest_error(path_, row.line,
                             std::string(names[i]) + " must be a whole number of pixels, at least " +
                                 (i < 2 ? "0" : "1") + ", but is \"" + to_utf8(text) + '"');
      }
    }
    if (given == 0) return {};
    if (given < names.size()) throw manifest_error(path_, row.line, "a box needs all of x, y, width and height");
    return Box{values[0], values[1], values[2], values[3]};
  }

 private:
  std::filesystem::path path_;
  std::vector<std::string> columns_;
};

/// What one line says. @throws FileError
[[nodiscard]] inline ManifestEntry manifest_entry(const std::filesystem::path& path, const ManifestHeader& header,
                                                  const CsvRow& row) {
  ManifestEntry entry{.line = row.line,
                      .path = std::filesystem::path(header.field(row, "path")).lexically_normal().generic_string(),
                      .label = header.field(row, "label"),
                      .group = header.field(row, "group")};
  if (header.field(row, "path").empty()) throw manifest_error(path, row.line, "the path is empty");
  if (!is_utf8(entry.label) || !is_utf8(entry.group))
    throw manifest_error(path, row.line, "label and group must be UTF-8");
  if (header.has("group") && entry.group.empty()) throw manifest_error(path, row.line, "the group is empty");
  if (const std::string word = header.field(row, "split"); !word.empty()) {
    entry.part = parse_part(word);
    if (!entry.part) {
      throw manifest_error(path, row.line, "split must be train, validation or test, but is \"" + to_utf8(word) + '"');
    }
  }
  if (const auto box = header.box(row)) {
    entry.regions.push_back(*box);
    entry.region_lines.push_back(row.line);
  }
  return entry;
}

/// Adds what a later line says of an image. @throws FileError where the lines contradict each other or say the same
inline void merge(const std::filesystem::path& path, const ManifestEntry& later, ManifestEntry& entry) {
  const auto differ = [&](const std::string& what) {
    return manifest_error(
        path, later.line,
        "another " + what + " for \"" + to_utf8(later.path) + "\" than in line " + std::to_string(entry.line));
  };
  if (later.label != entry.label) throw differ("label");
  if (later.group != entry.group) throw differ("group");
  if (later.part != entry.part) throw differ("split");
  const bool known = !later.regions.empty() && std::find(entry.regions.begin(), entry.regions.end(),
                                                         later.regions.front()) != entry.regions.end();
  if (later.regions.empty() || entry.regions.empty() || known) {
    throw manifest_error(path, later.line,
                         "names \"" + to_utf8(later.path) + "\" again, as line " + std::to_string(entry.line) +
                             " does, but not with another box");
  }
  entry.regions.push_back(later.regions.front());
  entry.region_lines.push_back(later.line);
}

/// The size of an image in the pixels that its boxes are in, which are those of a slide as scanned: `base` of them, on
/// each axis, for one of the slide. Nothing where the file does not tell.
[[nodiscard]] inline std::optional<ImageSize> boxed_size(const std::filesystem::path& path, const SlideReader& slides,
                                                         Index& base) {
  if (!has_slide_ending(path)) return read_image_size(path);
  const std::optional<OpenedSlide> slide = open_if_sound(path, slides);
  if (!slide) return {};
  base = slide->base;
  return slide->scanned;
}

}  // namespace detail

/// Whether the first line of a table names the columns of a manifest, and no others. @throws FileError
[[nodiscard]] inline bool is_manifest(const std::filesystem::path& path) {
  const std::vector<std::uint8_t> bytes = read_file(path);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  try {
    const auto rows = parse_csv(text.substr(0, text.find('\n')), path.string());
    if (rows.empty()) return false;
    static_cast<void>(detail::ManifestHeader(path, rows.front()));
    return true;
  } catch (const FileError&) {
    return false;
  }
}

/// Reads a table without looking at its images. @throws FileError naming file and line
[[nodiscard]] inline Manifest parse_manifest(const std::filesystem::path& path) {
  const std::vector<std::uint8_t> bytes = read_file(path);
  const auto rows = parse_csv({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path.string());
  if (rows.empty()) throw FileError('"' + path.string() + "\": is empty; expected a line of column names");
  const detail::ManifestHeader header(path, rows.front());
  Manifest manifest{.path = path, .has_groups = header.has("group")};
  std::map<std::string, std::size_t> position_of;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (rows[i].fields.size() != rows[0].fields.size()) {
      throw detail::manifest_error(path, rows[i].line,
                                   std::to_string(rows[i].fields.size()) + " fields, but the first line names " +
                                       std::to_string(rows[0].fields.size()) + " columns");
    }
    ManifestEntry entry = detail::manifest_entry(path, header, rows[i]);
    const auto [known, is_new] = position_of.try_emplace(entry.path, manifest.entries.size());
    if (is_new) {
      manifest.entries.push_back(std::move(entry));
    } else {
      detail::merge(path, entry, manifest.entries[known->second]);
    }
  }
  return manifest;
}

/// The data set that a table names: classes are its labels, in order; samples are sorted by path. Images that are not
/// there are passed over. A box must lie within its image. Boxes of slides are in pixels as scanned.
/// @param slides  opens whole slides
/// @throws FileError naming file and line; where it names no image that is there, or slides and nobody to open them
[[nodiscard]] inline Reading read_manifest(const std::filesystem::path& path, const SlideReader& slides = {}) {
  Manifest manifest = parse_manifest(path);
  std::sort(manifest.entries.begin(), manifest.entries.end(),
            [](const ManifestEntry& a, const ManifestEntry& b) { return a.path < b.path; });
  std::set<std::string> labels, groups;
  Reading reading;
  Dataset& dataset = reading.dataset;
  dataset.slides = slides;
  std::vector<ManifestEntry> entries;
  for (ManifestEntry& entry : manifest.entries) {
    const std::filesystem::path file = path.parent_path() / entry.path;
    if (file_type_of(file) != std::filesystem::file_type::regular) {
      reading.account.pass_over("images that the table names, but that are not there", to_utf8(entry.path));
      continue;
    }
    if (has_slide_ending(file)) slides.expect_open(file);
    Index base = 1;
    if (const auto size = entry.regions.empty() ? std::nullopt : detail::boxed_size(file, slides, base)) {
      for (std::size_t i = 0; i < entry.regions.size(); ++i) {
        const Box& box = entry.regions[i];
        if (box.x <= size->width - box.width && box.y <= size->height - box.height) continue;
        throw detail::manifest_error(path, entry.region_lines[i],
                                     "the box at (" + std::to_string(box.x) + ", " + std::to_string(box.y) + ") of " +
                                         std::to_string(box.width) + " x " + std::to_string(box.height) +
                                         " pixels does not lie within \"" + to_utf8(entry.path) + "\" of " +
                                         std::to_string(size->width) + " x " + std::to_string(size->height));
      }
      for (Box& box : entry.regions) box = reduced(box, base);
    }
    if (!entry.label.empty()) labels.insert(entry.label);
    groups.insert(entry.group);
    entries.push_back(std::move(entry));
  }
  if (entries.empty()) {
    throw FileError('"' + path.string() + "\": names " + std::to_string(manifest.entries.size()) +
                    " images, and none of them is there; paths are relative to the table's folder");
  }
  dataset.classes = sorted_classes(labels);
  Index unlabelled = 0;
  for (ManifestEntry& entry : entries) {
    const std::string name = to_utf8(entry.path);
    unlabelled += entry.label.empty() ? 1 : 0;
    dataset.samples.push_back({.name = name,
                               .path = path.parent_path() / entry.path,
                               .label = entry.label.empty() ? -1 : label_of(dataset.classes, entry.label),
                               .group = manifest.has_groups ? entry.group : name,
                               .regions = std::move(entry.regions),
                               .part = entry.part});
  }
  if (unlabelled > 0) {
    reading.account.warn(std::to_string(unlabelled) + " of " + std::to_string(dataset.size()) +
                         " images have no label: they are in no part");
  }
  if (std::string alike = alike_classes(dataset.classes); !alike.empty()) reading.account.warn(std::move(alike));
  dataset.kind = "manifest";
  dataset.grouping = manifest.has_groups ? "group" : "image";
  dataset.name = path.filename().string() + ": " + std::to_string(dataset.size()) + " images of " +
                 std::to_string(dataset.classes.size()) + " classes" +
                 (manifest.has_groups ? ", " + std::to_string(groups.size()) + " groups" : "");
  return reading;
}

}  // namespace saccade::data
