#pragma once

#include <saccade/core/box.hpp>
#include <saccade/core/error.hpp>
#include <saccade/core/file.hpp>
#include <saccade/data/breakhis_name.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// An image of the data set: what its name says, and where it lies.
struct ImageRecord : BreakhisName {
  std::filesystem::path path;
};

/// Folders in which a companion file of the data set may lie: the data set's own and the two above it, so that it is
/// found whether the user named the root, BreaKHis_v1/ or histology_slides/.
[[nodiscard]] inline std::optional<std::filesystem::path> find_companion(const std::filesystem::path& data,
                                                                         const std::filesystem::path& file) {
  std::error_code error;
  std::filesystem::path folder = std::filesystem::canonical(data, error);
  for (int level = 0; level < 3 && !error; ++level, folder = folder.parent_path()) {
    if (std::filesystem::is_regular_file(folder / file, error)) return folder / file;
    error.clear();
  }
  return {};
}

/// Every PNG and JPEG image at or below `folder` whose name follows the scheme, in the order of class, type, slide,
/// magnification and number: the same on every machine.
///
/// @param magnification  only this one; nothing: all of them
/// @throws FileError where the folder is missing or unreadable, no image is found, or one name is found twice
[[nodiscard]] inline std::vector<ImageRecord> index_breakhis(const std::filesystem::path& folder,
                                                             std::optional<Index> magnification = {}) {
  namespace fs = std::filesystem;
  std::error_code unreadable;
  if (!fs::is_directory(folder, unreadable)) throw FileError("breakhis: no such folder: \"" + folder.string() + '"');
  std::vector<ImageRecord> records;
  std::set<Index> found;
  try {
    for (const fs::directory_entry& entry :
         fs::recursive_directory_iterator(folder, fs::directory_options::follow_directory_symlink)) {
      std::string ending = entry.path().extension().string();
      for (char& letter : ending) letter = letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter;
      if (ending != ".png" && ending != ".jpg" && ending != ".jpeg") continue;
      const std::optional<BreakhisName> name = parse_breakhis_name(entry.path().stem().string());
      if (!name || !entry.is_regular_file()) continue;
      found.insert(name->magnification);
      if (!magnification || name->magnification == *magnification) records.push_back({*name, entry.path()});
    }
  } catch (const fs::filesystem_error& error) {
    throw FileError("breakhis: \"" + error.path1().string() + "\" cannot be read: " + error.code().message());
  }
  if (records.empty()) {
    const std::string wanted = magnification ? std::to_string(*magnification) + "X" : "<magnification>X";
    std::string others;
    for (const Index other : found) others += (others.empty() ? "" : ", ") + std::to_string(other) + "X";
    throw FileError("breakhis: no image" + (magnification ? " at " + std::to_string(*magnification) + "x" : "") +
                    " under \"" + folder.string() + "\"; expected .../SOB/<type>/<slide>/" + wanted + "/*.png (found " +
                    (others.empty() ? "none" : others) + ")");
  }

  const auto order = [](const ImageRecord& r) {
    return std::tie(r.label, r.type, r.patient, r.magnification, r.number);
  };
  std::sort(records.begin(), records.end(), [&](const ImageRecord& a, const ImageRecord& b) {
    return std::tuple_cat(order(a), std::tie(a.path)) < std::tuple_cat(order(b), std::tie(b.path));
  });
  const auto twice = std::adjacent_find(
      records.begin(), records.end(), [&](const ImageRecord& a, const ImageRecord& b) { return order(a) == order(b); });
  if (twice != records.end()) {
    throw FileError("breakhis: image " + to_string(*twice) + " is there twice: \"" + twice->path.string() +
                    "\" and \"" + std::next(twice)->path.string() + '"');
  }
  return records;
}

/// Boxes of the foci of synthetic tissue by the image's name without its ending, from foci.csv in or above `data`;
/// nothing where there is no such file, as in BreakHis itself.
/// @throws FileError where a line is not path,x,y,width,height,label
[[nodiscard]] inline std::optional<std::map<std::string, Box>> read_foci(const std::filesystem::path& data) {
  const std::optional<std::filesystem::path> path = find_companion(data, "foci.csv");
  if (!path) return {};
  const std::vector<std::uint8_t> bytes = read_file(*path);
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::map<std::string, Box> boxes;
  for (Index number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (number == 1 || line.empty()) continue;  // the column names
    const std::size_t comma = line.find(',');
    const std::filesystem::path image(line.substr(0, comma));
    std::array<Index, 5> values{};  // x, y, width, height, label
    bool readable = comma != std::string_view::npos;
    const char* at = line.data() + std::min(comma, line.size());
    for (std::size_t i = 0; i < values.size() && readable; ++i) {
      const auto [end, error] = std::from_chars(at + 1, line.data() + line.size(), values[i]);
      const bool last = i + 1 == values.size();
      readable = error == std::errc{} &&
                 (last ? end == line.data() + line.size() : end != line.data() + line.size() && *end == ',');
      at = end;
    }
    if (!readable) {
      throw FileError('"' + path->string() + "\": line " + std::to_string(number) +
                      " must be path,x,y,width,height,label, but is \"" + std::string(line) + '"');
    }
    boxes[image.stem().string()] = {values[0], values[1], values[2], values[3]};
  }
  return boxes;
}

}  // namespace saccade::data
