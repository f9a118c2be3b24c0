#pragma once

#include <saccade/core/error.hpp>
#include <saccade/data/dataset.hpp>
#include <saccade/math/random_sequence.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// Positions in Dataset::samples, each part in ascending order. Only images whose class is known are in a part.
struct Split {
  std::vector<Index> train{};
  std::vector<Index> validation{};
  std::vector<Index> test{};

  [[nodiscard]] const std::vector<Index>& part(Part which) const {
    return which == Part::train ? train : which == Part::validation ? validation : test;
  }
  [[nodiscard]] std::vector<Index>& part(Part which) {
    return which == Part::train ? train : which == Part::validation ? validation : test;
  }
};

/// How a data set is to be divided.
struct SplitChoice {
  enum class Kind {
    random,    ///< "random:SEED": 70 % of the groups of each class to train, 30 % to test
    folds,     ///< "folds:K:I" or "folds:K:I:SEED": the groups are dealt to K folds; fold I tests, the others train
    given,     ///< "given": as the data set's folders, columns or files say
    official,  ///< "official:K": one of the five of the authors of BreakHis
    all,       ///< "all": no division; every image to test
  } kind = Kind::random;
  std::uint64_t number = 1;  ///< the seed, or K of an official split
  Index folds = 0;
  Index fold = 0;  ///< from 1 to `folds`
};

[[nodiscard]] inline std::string to_string(const SplitChoice& choice) {
  switch (choice.kind) {
    case SplitChoice::Kind::random:
      return "random:" + std::to_string(choice.number);
    case SplitChoice::Kind::folds:
      return "folds:" + std::to_string(choice.folds) + ':' + std::to_string(choice.fold) + ':' +
             std::to_string(choice.number);
    case SplitChoice::Kind::given:
      return "given";
    case SplitChoice::Kind::official:
      return "official:" + std::to_string(choice.number);
    case SplitChoice::Kind::all:
      break;
  }
  return "all";
}

/// Numbers are decimal. @throws ConfigError
[[nodiscard]] inline SplitChoice parse_split(std::string_view text) {
  const std::string_view word = text.substr(0, text.find(':'));
  std::vector<std::uint64_t> numbers;
  bool readable = true;
  for (std::string_view rest = text.substr(word.size()); !rest.empty() && readable;) {
    rest.remove_prefix(1);
    const std::string_view digits = rest.substr(0, rest.find(':'));
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    readable = error == std::errc{} && end == digits.data() + digits.size();
    numbers.push_back(value);
    rest.remove_prefix(digits.size());
  }
  using Kind = SplitChoice::Kind;
  const std::size_t count = numbers.size();
  if (readable && word == "all" && count == 0) return {.kind = Kind::all, .number = 0};
  if (readable && word == "given" && count == 0) return {.kind = Kind::given, .number = 0};
  if (readable && word == "random" && count == 1) return {.kind = Kind::random, .number = numbers[0]};
  if (readable && word == "official" && count == 1 && numbers[0] >= 1 && numbers[0] <= 5)
    return {.kind = Kind::official, .number = numbers[0]};
  constexpr std::uint64_t most_folds = 1000;
  if (readable && word == "folds" && (count == 2 || count == 3) && numbers[0] >= 2 && numbers[0] <= most_folds &&
      numbers[1] >= 1 && numbers[1] <= numbers[0]) {
    return {.kind = Kind::folds,
            .number = count == 3 ? numbers[2] : 1,
            .folds = static_cast<Index>(numbers[0]),
            .fold = static_cast<Index>(numbers[1])};
  }
  throw ConfigError(
      "split: must be random:SEED, folds:K:I or folds:K:I:SEED (fold I of K), given, official:1 to official:5 or all, "
      "but is \"" +
      std::string(text) + '"');
}

/// Positions of the samples whose class is known.
[[nodiscard]] inline std::vector<Index> labelled_images(const Dataset& dataset) {
  std::vector<Index> images;
  for (Index i = 0; i < dataset.size(); ++i)
    if (dataset.sample(i).label >= 0) images.push_back(i);
  return images;
}

namespace detail {

/// The groups of `among` by class, each list in alphabetical order. A group of several classes counts for the one that
/// has the fewest images, so that a rare class is spread as evenly as it can be.
/// Source: Sechidis et al., "On the stratification of multi-label data", 2011, which also begins with the rarest.
[[nodiscard]] inline std::vector<std::vector<std::string>> groups_by_class(const Dataset& dataset,
                                                                           std::span<const Index> among) {
  std::vector<Index> images_of(dataset.classes.size());
  for (const Index i : among) ++images_of[static_cast<std::size_t>(dataset.sample(i).label)];
  const auto rarity = [&](Index label) { return std::pair(images_of[static_cast<std::size_t>(label)], label); };
  std::map<std::string, Index> label_of;
  for (const Index i : among) {
    const Sample& sample = dataset.sample(i);
    const auto [entry, is_new] = label_of.try_emplace(sample.group, sample.label);
    if (!is_new && rarity(sample.label) < rarity(entry->second)) entry->second = sample.label;
  }
  std::vector<std::vector<std::string>> groups(dataset.classes.size());
  for (const auto& [group, label] : label_of) groups[static_cast<std::size_t>(label)].push_back(group);
  return groups;
}

/// What divisions made with one seed are told apart by.
enum class Division : std::uint64_t { test = 0, validation = 1, folds = 2 };

inline void shuffle_groups(std::vector<std::string>& groups, std::uint64_t seed, Division division, std::size_t label) {
  const std::uint64_t low = label & 0xff, high = label >> 8;
  math::RandomSequence random({.seed = seed,
                               .stream = RandomStream::split,
                               .counter = high << 32 | static_cast<std::uint64_t>(division) << 8 | low});
  math::shuffle(groups, random);
}

/// `among` in two: images whose group is not in `second`, and those whose group is.
[[nodiscard]] inline std::array<std::vector<Index>, 2> part_by_group(const Dataset& dataset,
                                                                     std::span<const Index> among,
                                                                     const std::set<std::string>& second) {
  std::array<std::vector<Index>, 2> two;
  for (const Index i : among) two[second.contains(dataset.sample(i).group) ? 1 : 0].push_back(i);
  return two;
}

/// Divides `among` by group: a share of each class's groups, rounded, goes to the second part, and at least one where
/// the class has two.
[[nodiscard]] inline std::array<std::vector<Index>, 2> divide_groups(const Dataset& dataset,
                                                                     std::span<const Index> among, double second_share,
                                                                     std::uint64_t seed, Division division) {
  std::vector<std::vector<std::string>> groups = groups_by_class(dataset, among);
  std::set<std::string> second;
  for (std::size_t label = 0; label < groups.size(); ++label) {
    std::vector<std::string>& of_class = groups[label];
    shuffle_groups(of_class, seed, division, label);
    Index count = std::lround(second_share * static_cast<double>(of_class.size()));
    if (second_share > 0 && of_class.size() > 1)
      count = std::clamp<Index>(count, 1, static_cast<Index>(of_class.size()) - 1);
    second.insert(of_class.begin(), of_class.begin() + count);
  }
  return part_by_group(dataset, among, second);
}

}  // namespace detail

/// 70 % of the groups of each class to train, 30 % to test, chosen by `seed`.
[[nodiscard]] inline Split random_split(const Dataset& dataset, std::uint64_t seed, double test_share = 0.3) {
  auto [train, test] =
      detail::divide_groups(dataset, labelled_images(dataset), test_share, seed, detail::Division::test);
  return {.train = std::move(train), .test = std::move(test)};
}

/// The groups, in an order that `seed` chooses, are dealt to `folds` folds, class after class, without a break: no fold
/// has more than one group of a class more than another. Those of fold `fold`, from 1, test; the others train.
/// @throws ConfigError where there are fewer groups than folds
[[nodiscard]] inline Split fold_split(const Dataset& dataset, Index folds, Index fold, std::uint64_t seed) {
  const std::vector<Index> among = labelled_images(dataset);
  std::vector<std::vector<std::string>> groups = detail::groups_by_class(dataset, among);
  std::set<std::string> test;
  Index dealt = 0;
  for (std::size_t label = 0; label < groups.size(); ++label) {
    detail::shuffle_groups(groups[label], seed, detail::Division::folds, label);
    for (const std::string& group : groups[label])
      if (dealt++ % folds == fold - 1) test.insert(group);
  }
  expect_config(dealt >= folds, "split: " + std::to_string(folds) + " folds need as many groups, but there are " +
                                    std::to_string(dealt));
  auto [train, tested] = detail::part_by_group(dataset, among, test);
  return {.train = std::move(train), .test = std::move(tested)};
}

/// Whether the data set itself says which image belongs to which part.
[[nodiscard]] inline bool has_given_parts(const Dataset& dataset) {
  return std::any_of(dataset.samples.begin(), dataset.samples.end(),
                     [](const Sample& s) { return s.part.has_value(); });
}

/// As the data set itself says. @throws ConfigError where it does not say so, or not of every image
[[nodiscard]] inline Split given_split(const Dataset& dataset) {
  Split split;
  Index missing = 0;
  std::string first;
  for (Index i = 0; i < dataset.size(); ++i) {
    const Sample& sample = dataset.sample(i);
    if (!sample.part && missing++ == 0) first = sample.name;
    if (sample.part && sample.label >= 0) split.part(*sample.part).push_back(i);
  }
  expect_config(missing < dataset.size(),
                "split: \"given\", but the data do not say which images train and which test");
  expect_config(missing == 0, "split: \"given\", but " + std::to_string(missing) + " of " +
                                  std::to_string(dataset.size()) + " images are in no part (first: " + first + ")");
  return split;
}

/// The split that `choice` names, an official one excepted: see official_split. @throws ConfigError
[[nodiscard]] inline Split make_split(const Dataset& dataset, const SplitChoice& choice) {
  switch (choice.kind) {
    case SplitChoice::Kind::random:
      return random_split(dataset, choice.number);
    case SplitChoice::Kind::folds:
      return fold_split(dataset, choice.folds, choice.fold, choice.number);
    case SplitChoice::Kind::given:
      return given_split(dataset);
    case SplitChoice::Kind::official:
      throw ConfigError("split: official splits are of BreakHis; expected random:SEED, folds:K:I, given or all");
    case SplitChoice::Kind::all:
      break;
  }
  return {.test = labelled_images(dataset)};
}

/// Moves `share` of the training groups of each class to validation.
inline void carve_validation(const Dataset& dataset, Split& split, double share, std::uint64_t seed) {
  auto [train, validation] = detail::divide_groups(dataset, split.train, share, seed, detail::Division::validation);
  split.train = std::move(train);
  split.validation = std::move(validation);
}

}  // namespace saccade::data
