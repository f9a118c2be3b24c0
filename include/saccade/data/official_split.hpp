#pragma once

// Opt-in: needs POSIX.

#include <saccade/core/error.hpp>
#include <saccade/core/file.hpp>
#include <saccade/data/regions.hpp>
#include <saccade/data/split.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// The split of BreakHis's authors as written in a dsfoldK.txt, a line an image: name|magnification|fold|train or test.
/// @param dataset  as read_breakhis gives it: samples are named as there
/// @throws FileError where a line cannot be read or an image is not named
[[nodiscard]] inline Split official_split(const Dataset& dataset, const std::filesystem::path& fold_file) {
  const std::vector<std::uint8_t> bytes = read_file(fold_file);
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::map<std::string, bool, std::less<>> is_test;
  for (Index number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const bool test = line.ends_with("|test");
    if ((!test && !line.ends_with("|train")) || std::count(line.begin(), line.end(), '|') != 3) {
      throw FileError('"' + fold_file.string() + "\": line " + std::to_string(number) +
                      " must be name|magnification|fold|train or test, but is \"" + std::string(line) + '"');
    }
    is_test[std::filesystem::path(line.substr(0, line.find('|'))).stem().string()] = test;
  }
  Split split;
  for (Index i = 0; i < dataset.size(); ++i) {
    const auto found = is_test.find(dataset.sample(i).name);
    if (found == is_test.end())
      throw FileError('"' + fold_file.string() + "\": does not name image " + dataset.sample(i).name);
    (found->second ? split.test : split.train).push_back(i);
  }
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
