#pragma once

// Opt-in: needs POSIX.

#include <saccade/core/box.hpp>
#include <saccade/core/error.hpp>
#include <saccade/core/file.hpp>
#include <saccade/core/shape.hpp>
#include <saccade/core/utf8.hpp>
#include <saccade/data/breakhis_name.hpp>
#include <saccade/data/csv.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::data {

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

/// Boxes by the image's name without its ending.
using RegionTable = std::map<std::string, std::vector<Box>>;

/// The table of synthetic tissue: a line `path,x,y,width,height,label` for each region, in pixels, behind a line of
/// these column names; the label is 0 or 1.
/// @throws FileError naming file and line: of another form, an empty box, one that is there twice, or a label that its
///         image's name contradicts
[[nodiscard]] inline RegionTable read_region_table(const std::filesystem::path& path) {
  const std::vector<std::uint8_t> bytes = read_file(path);
  const auto rows = parse_csv({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path.string());
  RegionTable table;
  const auto text_of = [](const std::vector<std::string>& fields) {
    std::string line;
    for (const std::string& field : fields) line += (line.empty() ? "" : ",") + field;
    return to_utf8(line);
  };
  const std::string columns = "path,x,y,width,height,label";
  if (rows.empty() || text_of(rows[0].fields) != columns)
    throw FileError('"' + path.string() + "\": line 1 must be " + columns);
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const std::vector<std::string>& fields = rows[i].fields;
    std::array<Index, 5> values{};  // x, y, width, height, label
    bool readable = fields.size() == values.size() + 1;
    for (std::size_t k = 0; k < values.size() && readable; ++k) {
      const std::string& text = fields[k + 1];
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), values[k]);
      readable = error == std::errc{} && end == text.data() + text.size();
    }
    const auto refuse = [&](const std::string& problem) {
      throw FileError('"' + path.string() + "\": line " + std::to_string(rows[i].line) + ' ' + problem);
    };
    if (!readable) refuse("must be " + columns + ", but is \"" + text_of(fields) + '"');
    const auto [x, y, width, height, label] = values;
    if (x < 0 || y < 0 || width < 1 || height < 1 || label < 0 || label > 1)
      refuse("needs a box of at least one pixel and the label 0 or 1, but is \"" + text_of(fields) + '"');
    const std::string stem = std::filesystem::path(fields[0]).stem().string();
    if (const auto name = parse_breakhis_name(stem); name && name->label != label)
      refuse("has the label " + std::to_string(label) + ", which the name " + stem + " contradicts");
    std::vector<Box>& boxes = table[stem];
    const Box box{x, y, width, height};
    if (std::find(boxes.begin(), boxes.end(), box) != boxes.end()) refuse("has a box of " + to_utf8(stem) + " again");
    boxes.push_back(box);
  }
  return table;
}

/// The name of the table, and the one that it had before.
inline constexpr std::array<std::string_view, 2> region_files = {"regions.csv", "foci.csv"};

/// The table in or above `data`; nothing where there is none, as in BreakHis itself.
[[nodiscard]] inline std::optional<std::filesystem::path> find_region_table(const std::filesystem::path& data) {
  for (const std::string_view name : region_files)
    if (auto path = find_companion(data, name)) return path;
  return {};
}

}  // namespace saccade::data
