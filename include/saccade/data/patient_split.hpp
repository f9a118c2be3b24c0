#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/file.hpp>
#include <saccade/data/breakhis.hpp>
#include <saccade/math/random_sequence.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// What counts as one patient when images are divided.
enum class Grouping {
  slide,        ///< the slide's whole name, as the data set's authors do: 14-22549AB and 14-22549CD are two
  case_number,  ///< its number alone, the stricter reading: they are one
};

[[nodiscard]] inline std::string group_of(const ImageRecord& record, Grouping grouping) {
  return grouping == Grouping::slide ? record.patient : case_number(record.patient);
}

/// Positions in the list of records, each part in ascending order. Patients are divided, never a patient's images.
struct Split {
  std::vector<Index> train;
  std::vector<Index> validation;
  std::vector<Index> test;
};

/// "official:K" (one of the authors' five), "random:SEED" (70/30 by patient), "all" (every image to test).
struct SplitChoice {
  enum class Kind { official, random, all } kind = Kind::random;
  std::uint64_t number = 1;  ///< K from 1 to 5, or the seed
};

/// @throws ConfigError
[[nodiscard]] inline SplitChoice parse_split(std::string_view text) {
  const auto number_after = [&](std::string_view prefix) -> std::optional<std::uint64_t> {
    if (!text.starts_with(prefix)) return {};
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data() + prefix.size(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return {};
    return value;
  };
  if (text == "all") return {SplitChoice::Kind::all, 0};
  if (const auto seed = number_after("random:")) return {SplitChoice::Kind::random, *seed};
  if (const auto fold = number_after("official:"); fold && *fold >= 1 && *fold <= 5) {
    return {SplitChoice::Kind::official, *fold};
  }
  throw ConfigError("split: must be official:1 to official:5, random:SEED or all, but is \"" + std::string(text) + '"');
}

/// Divides `among` (positions in `records`) by group: a share of each class's groups, rounded, goes to the second
/// part, and at least one where the class has two. A group counts for the class of its first image.
/// @param draw  tells apart the divisions made with one seed
[[nodiscard]] inline std::array<std::vector<Index>, 2> divide_groups(std::span<const ImageRecord> records,
                                                                     std::span<const Index> among, double second_share,
                                                                     Grouping grouping, std::uint64_t seed,
                                                                     std::uint64_t draw) {
  std::map<std::string, Index> label_of;
  for (const Index i : among) {
    const ImageRecord& record = records[static_cast<std::size_t>(i)];
    label_of.try_emplace(group_of(record, grouping), record.label);
  }
  std::set<std::string> second;
  for (Index label = 0; label < static_cast<Index>(class_names.size()); ++label) {
    std::vector<std::string> groups;
    for (const auto& [group, group_label] : label_of) {
      if (group_label == label) groups.push_back(group);
    }
    math::RandomSequence random(
        {.seed = seed, .stream = RandomStream::split, .counter = draw << 8 | static_cast<std::uint64_t>(label)});
    math::shuffle(groups, random);
    auto count = static_cast<Index>(std::lround(second_share * static_cast<double>(groups.size())));
    if (second_share > 0 && groups.size() > 1)
      count = std::clamp<Index>(count, 1, static_cast<Index>(groups.size()) - 1);
    second.insert(groups.begin(), groups.begin() + count);
  }
  std::array<std::vector<Index>, 2> parts;
  for (const Index i : among) {
    parts[second.contains(group_of(records[static_cast<std::size_t>(i)], grouping)) ? 1 : 0].push_back(i);
  }
  return parts;
}

/// 70 % of the patients of each class to train, 30 % to test, chosen by `seed`.
[[nodiscard]] inline Split random_split(std::span<const ImageRecord> records, std::uint64_t seed,
                                        Grouping grouping = Grouping::slide, double test_share = 0.3) {
  std::vector<Index> everything(records.size());
  for (std::size_t i = 0; i < everything.size(); ++i) everything[i] = static_cast<Index>(i);
  auto [train, test] = divide_groups(records, everything, test_share, grouping, seed, 0);
  return {.train = std::move(train), .validation = {}, .test = std::move(test)};
}

/// The authors' split as written in a dsfoldK.txt, a line an image: name|magnification|fold|train or test.
/// @throws FileError where a line cannot be read or one of `records` is not named
[[nodiscard]] inline Split official_split(std::span<const ImageRecord> records,
                                          const std::filesystem::path& fold_file) {
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
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto found = is_test.find(to_string(records[i]));
    if (found == is_test.end()) {
      throw FileError('"' + fold_file.string() + "\": does not name image " + to_string(records[i]));
    }
    (found->second ? split.test : split.train).push_back(static_cast<Index>(i));
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

/// The split that `choice` names.
/// @throws FileError, see official_split
[[nodiscard]] inline Split make_split(std::span<const ImageRecord> records, const SplitChoice& choice,
                                      Grouping grouping, const std::filesystem::path& data,
                                      const std::filesystem::path& folds = {}) {
  switch (choice.kind) {
    case SplitChoice::Kind::official:
      return official_split(records, find_official_split(choice.number, data, folds));
    case SplitChoice::Kind::random:
      return random_split(records, choice.number, grouping);
    case SplitChoice::Kind::all:
      break;
  }
  Split split;
  for (std::size_t i = 0; i < records.size(); ++i) split.test.push_back(static_cast<Index>(i));
  return split;
}

/// Moves `share` of the training patients of each class to validation.
inline void carve_validation(std::span<const ImageRecord> records, Split& split, double share, Grouping grouping,
                             std::uint64_t seed) {
  auto [train, validation] = divide_groups(records, split.train, share, grouping, seed, 1);
  split.train = std::move(train);
  split.validation = std::move(validation);
}

}  // namespace saccade::data
