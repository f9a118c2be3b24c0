#pragma once

#include <saccade/core/file.hpp>
#include <saccade/model/json.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

/// Files of one JSON object a line, such as the `metrics.jsonl` of a run. Needs nlohmann/json.
namespace saccade::inline SACCADE_NAMESPACE::report {

/// Cuts the file after its first `lines` complete lines, so that a resumed run goes on where its checkpoint stands. A
/// last line without its line feed, as a killed run leaves behind, is not complete. A missing file has 0 lines.
/// @throws FileError where the file has fewer complete lines, or cannot be read or cut
inline void truncate_json_lines(const std::filesystem::path& path, std::size_t lines) {
  if (lines == 0 && !file_exists(path)) return;
  const std::vector<std::uint8_t> bytes = read_file(path);
  auto end = bytes.begin();
  for (std::size_t found = 0; found < lines; ++found) {
    const auto line_feed = std::find(end, bytes.end(), '\n');
    if (line_feed == bytes.end()) {
      throw FileError('"' + path.string() + "\": expected " + std::to_string(lines) +
                      " complete lines, but there are " + std::to_string(found));
    }
    end = line_feed + 1;
  }
  std::error_code error;
  std::filesystem::resize_file(path, static_cast<std::uintmax_t>(end - bytes.begin()), error);
  if (error) throw file_error(path, "cannot be cut", error.value());
}

/// Appends objects to a file, one a line, each on the disk before `append` returns: whatever counts lines afterwards
/// finds them after a power failure, too.
class JsonLinesWriter {
 public:
  /// Opens the file at its end; makes it where it is missing.
  /// @throws FileError
  explicit JsonLinesWriter(std::filesystem::path path)
      : path_(std::move(path)), file_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)) {
    if (!file_.open()) throw file_error(path_, "cannot be written", errno);
  }

  /// Writes `object` and a line feed, members in the order in which they were added. Numbers that are not finite
  /// become null.
  /// @throws FileError, for example on a full disk; the file may then end with a part of the line
  void append(const nlohmann::ordered_json& object) {
    const std::string line = json_text(object) + '\n';
    // What is no file on a disk cannot be synced, and says EINVAL.
    if (!saccade::detail::write_all(file_.number(), saccade::detail::bytes_of(line)) ||
        (::fsync(file_.number()) != 0 && errno != EINVAL))
      throw file_error(path_, "cannot be written", errno);
  }

 private:
  std::filesystem::path path_;
  saccade::detail::Descriptor file_;
};

/// All objects of the file, in order; a last line without its line feed is left out.
/// @throws FileError where the file cannot be read or a line is no JSON, or too deep
[[nodiscard]] inline std::vector<nlohmann::ordered_json> read_json_lines(const std::filesystem::path& path) {
  const std::vector<std::uint8_t> bytes = read_file(path);
  std::vector<nlohmann::ordered_json> objects;
  for (auto begin = bytes.begin(); begin != bytes.end();) {
    const auto line_feed = std::find(begin, bytes.end(), '\n');
    if (line_feed == bytes.end()) break;
    const std::string_view line(reinterpret_cast<const char*>(bytes.data()) + (begin - bytes.begin()),
                                static_cast<std::size_t>(line_feed - begin));
    std::optional<nlohmann::ordered_json> object = parse_json(line);
    if (!object) {
      throw FileError('"' + path.string() + "\": line " + std::to_string(objects.size() + 1) + ' ' +
                      json_problem(line));
    }
    objects.push_back(*std::move(object));
    begin = line_feed + 1;
  }
  return objects;
}

/// The lines of metrics.jsonl: objects with the number "epoch". @throws FileError, also where a line is another object
[[nodiscard]] inline std::vector<nlohmann::ordered_json> read_epochs(const std::filesystem::path& path) {
  std::vector<nlohmann::ordered_json> epochs = read_json_lines(path);
  for (std::size_t i = 0; i < epochs.size(); ++i) {
    if (epochs[i].is_object() && epochs[i].contains("epoch") && epochs[i].at("epoch").is_number()) continue;
    throw FileError('"' + path.string() + "\": line " + std::to_string(i + 1) + " is not of an epoch");
  }
  return epochs;
}

}  // namespace saccade::report
