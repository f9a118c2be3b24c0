#pragma once

// Opt-in: needs POSIX.

#include <saccade/data/breakhis_name.hpp>
#include <saccade/data/manifest.hpp>
#include <saccade/data/regions.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// What is known of one image file.
struct Annotation {
  std::string label;  ///< its class; empty: not known
  std::vector<Box> regions;
};

/// Finds out what is known of single images, wherever they lie in a data set: by a manifest.csv that names them, or a
/// regions.csv (once foci.csv), in one of the eight folders above them, and by names of BreakHis. Tables are read once.
class Annotations {
 public:
  /// @throws FileError where a table is damaged
  [[nodiscard]] Annotation find(const std::filesystem::path& image) {
    Annotation found;
    if (const auto name = parse_breakhis_name(image.stem().string()))
      found.label = class_names[static_cast<std::size_t>(name->label)];
    std::error_code error;
    const std::filesystem::path file = std::filesystem::canonical(image, error);
    std::filesystem::path folder = file.parent_path();
    for (int level = 0; level < 8 && !error; ++level, folder = folder.parent_path()) {
      const Table& table = table_of(folder);
      if (const auto entry = table.by_path.find(file); entry != table.by_path.end()) return entry->second;
      if (!table.by_stem.empty()) {
        const auto entry = table.by_stem.find(file.stem().string());
        if (entry != table.by_stem.end()) found.regions = entry->second;
        break;
      }
    }
    return found;
  }

 private:
  /// What a folder's tables say.
  struct Table {
    std::map<std::filesystem::path, Annotation> by_path;
    RegionTable by_stem;
  };

  const Table& table_of(const std::filesystem::path& folder) {
    const auto [entry, is_new] = tables_.try_emplace(folder);
    if (!is_new) return entry->second;
    std::error_code error;
    const std::filesystem::path manifest = folder / "manifest.csv";
    if (std::filesystem::is_regular_file(manifest, error) && is_manifest(manifest)) {
      for (ManifestEntry& image : parse_manifest(manifest).entries) {
        const std::filesystem::path path = std::filesystem::weakly_canonical(folder / image.path, error);
        entry->second.by_path[path] = {std::move(image.label), std::move(image.regions)};
      }
    }
    for (const std::string_view name : region_files) {
      if (!std::filesystem::is_regular_file(folder / name, error)) continue;
      entry->second.by_stem = read_region_table(folder / name);
      break;
    }
    return entry->second;
  }

  std::map<std::filesystem::path, Table> tables_;
};

}  // namespace saccade::data
