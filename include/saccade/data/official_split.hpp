#pragma once

// Opt-in: needs POSIX.

#include <saccade/core/error.hpp>
#include <saccade/core/file.hpp>
#include <saccade/core/utf8.hpp>
#include <saccade/data/account.hpp>
#include <saccade/data/breakhis_name.hpp>
#include <saccade/data/regions.hpp>
#include <saccade/data/split.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::data {

namespace detail {

/// A line of a dsfoldK.txt.
struct FoldLine {
  Index number = 0;  ///< of the line, from 1
  Index magnification = 0;
  bool test = false;
  bool used = false;  ///< by an image that is there
};

/// The lines by the image's name without its ending.
[[nodiscard]] inline std::map<std::string, FoldLine, std::less<>> read_fold(const std::filesystem::path& path) {
  const std::vector<std::uint8_t> bytes = read_file(path);
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::map<std::string, FoldLine, std::less<>> lines;
  std::string fold;  // that of the first line: all are of one
  for (Index number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const auto refuse = [&](const std::string& problem) {
      throw FileError('"' + path.string() + "\": line " + std::to_string(number) + ' ' + problem);
    };
    std::vector<std::string> fields(1);
    for (const char c : line) {
      if (c == '|')
        fields.emplace_back();
      else
        fields.back() += c;
    }
    if (fields.size() != 4 || (fields[3] != "train" && fields[3] != "test"))
      refuse("must be name|magnification|fold|train or test, but is \"" + to_utf8(line) + '"');
    const std::string name = std::filesystem::path(fields[0]).stem().string();
    const std::optional<BreakhisName> parsed = parse_breakhis_name(name);
    if (!parsed) refuse("names \"" + to_utf8(fields[0]) + "\", which is no image of BreakHis");
    if (fields[1] != std::to_string(parsed->magnification))
      refuse("has the magnification " + to_utf8(fields[1]) + ", but its image is " + name);
    if (fold.empty()) fold = fields[2];
    if (fields[2] != fold) refuse("is of fold " + to_utf8(fields[2]) + ", but those above are of fold " + fold);
    const auto [known, is_new] = lines.try_emplace(name, FoldLine{number, parsed->magnification, fields[3] == "test"});
    if (!is_new) {
      const std::string before = known->second.test ? "test" : "train";
      refuse("names " + name + " again: it is in " + before + " by line " + std::to_string(known->second.number));
    }
  }
  return lines;
}

}  // namespace detail

/// The split of BreakHis's authors as written in a dsfoldK.txt, a line an image: name|magnification|fold|train or test.
/// @param dataset  as read_breakhis gives it: samples are named as there
/// @param account  told of images of the data set's magnification that the file names, but that are not there
/// @throws FileError naming file and line where a line cannot be read, contradicts its image or another line, or names
/// an
///         image again; and where an image is not named
[[nodiscard]] inline Split official_split(const Dataset& dataset, const std::filesystem::path& fold_file,
                                          Account& account) {
  auto lines = detail::read_fold(fold_file);
  Split split;
  for (Index i = 0; i < dataset.size(); ++i) {
    const auto found = lines.find(dataset.sample(i).name);
    if (found == lines.end())
      throw FileError('"' + fold_file.string() + "\": does not name image " + dataset.sample(i).name);
    found->second.used = true;
    (found->second.test ? split.test : split.train).push_back(i);
  }
  const std::string reason = "images that " + fold_file.filename().string() + " names, but that are not there";
  for (const auto& [name, line] : lines)
    if (!line.used && line.magnification == dataset.magnification) account.pass_over(reason, name);
  return split;
}

/// dsfoldK.txt in `folds` where that is given; otherwise beside the data or in a folder folds/ there.
/// @throws FileError naming the places looked at
[[nodiscard]] inline std::filesystem::path find_official_split(std::uint64_t fold, const std::filesystem::path& data,
                                                               const std::filesystem::path& folds = {}) {
  const std::string name = "dsfold" + std::to_string(fold) + ".txt";
  if (!folds.empty()) {
    if (std::filesystem::is_regular_file(folds / name)) return folds / name;
    throw FileError("breakhis: no " + name + " in \"" + folds.string() + '"');
  }
  if (const auto path = find_companion(data, std::filesystem::path("folds") / name)) return *path;
  if (const auto path = find_companion(data, name)) return *path;
  throw FileError("breakhis: no " + name + " in \"" + data.string() +
                  "\", in the two folders above it, or in a folder folds/ of these; name its folder with --folds");
}

}  // namespace saccade::data
