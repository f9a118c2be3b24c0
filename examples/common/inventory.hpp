#pragma once

#include <saccade/core/file.hpp>
#include <saccade/data/inventory.hpp>
#include <saccade/report/progress.hpp>

#include <filesystem>
#include <optional>
#include <vector>

namespace program {

/// Sums the files of a split, but for those that one of the `lists` has, where there is such a file. Shows on stderr
/// where that takes long.
inline saccade::data::Inventory take_inventory(const saccade::data::Dataset& dataset, const saccade::data::Split& split,
                                               const std::vector<std::filesystem::path>& lists) {
  using namespace saccade;
  data::Inventory known;
  for (const std::filesystem::path& list : lists) {
    if (!file_exists(list)) continue;
    const data::Inventory read = data::read_inventory(list);
    known.images.insert(known.images.end(), read.images.begin(), read.images.end());
  }
  const double start = report::steady_seconds();
  std::optional<report::Progress> progress;
  return data::take_inventory(dataset, split, known, [&](Index done, Index all) {
    constexpr double long_time = 2;
    if (!progress && report::steady_seconds() - start > long_time) progress.emplace("summing images", all, done);
    if (progress) progress->advance(done - progress->done());
  });
}

}  // namespace program
