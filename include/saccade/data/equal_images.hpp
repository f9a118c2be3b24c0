#pragma once

// Opt-in: needs POSIX, stb_image and libjpeg-turbo.

#include <saccade/core/error.hpp>
#include <saccade/core/file.hpp>
#include <saccade/data/fingerprint.hpp>
#include <saccade/data/read_sample.hpp>
#include <saccade/data/split_report.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// Two images that are the same byte for byte, in two parts of a split.
struct EqualImages {
  Index first = 0;
  Part first_part = Part::train;
  Index second = 0;
  Part second_part = Part::test;
};

namespace detail {

/// The bytes of a sample's file, or its pixels where the file holds many; nothing where they cannot be read: the loader
/// will say so.
[[nodiscard]] inline std::optional<std::vector<std::uint8_t>> content_of(const Dataset& dataset, const Sample& sample) {
  try {
    if (sample.item >= 0 && dataset.read) {
      const AnyImage image = dataset.read(sample);
      if (image.pixels()) return image.pixels()->pixels;
      return {};
    }
    return read_file(sample.path);
  } catch (const UnreadableError& error) {
    if (error.passing()) throw;  // it is no other image for that
    return {};
  } catch (const FileError&) {
    return {};
  }
}

}  // namespace detail

/// Images of a file of their own, or of one file that holds many, that are in two parts. For each image of a later part
/// that an earlier part has too, in the order of train, validation and test, one pair. Only files of one size are read.
[[nodiscard]] inline std::vector<EqualImages> find_equal_images(const Dataset& dataset, const Split& split) {
  struct Member {
    Index image;
    Part part;
  };
  std::map<std::pair<bool, std::uintmax_t>, std::vector<Member>> by_size;
  for (const Part part : parts) {
    for (const Index i : split.part(part)) {
      const Sample& sample = dataset.sample(i);
      std::error_code error;
      const std::uintmax_t size = sample.item >= 0 ? 0 : std::filesystem::file_size(sample.path, error);
      if (!error) by_size[{sample.item >= 0, size}].push_back({i, part});
    }
  }
  std::vector<EqualImages> found;
  for (const auto& [size, members] : by_size) {
    if (members.front().part == members.back().part) continue;
    std::map<std::uint64_t, std::vector<Member>> by_hash;
    for (const Member& member : members) {
      const auto content = detail::content_of(dataset, dataset.sample(member.image));
      if (!content) continue;
      ContentHash hash;
      hash.add(*content);
      std::vector<Member>& alike = by_hash[hash.value()];
      const auto equal = std::find_if(alike.begin(), alike.end(), [&](const Member& other) {
        return other.part != member.part && detail::content_of(dataset, dataset.sample(other.image)) == content;
      });
      if (equal != alike.end()) found.push_back({equal->image, equal->part, member.image, member.part});
      alike.push_back(member);
    }
  }
  std::sort(found.begin(), found.end(), [](const EqualImages& a, const EqualImages& b) {
    return std::pair(a.first, a.second) < std::pair(b.first, b.second);
  });
  return found;
}

/// "a.png (train) and b.png (test) are the same, byte for byte", a line a pair; empty where there is none.
[[nodiscard]] inline std::string equal_images_report(const Dataset& dataset, std::span<const EqualImages> pairs) {
  std::string report;
  for (const EqualImages& pair : pairs.first(std::min(pairs.size(), longest_report))) {
    report += dataset.sample(pair.first).name + " (" + to_string(pair.first_part) + ") and " +
              dataset.sample(pair.second).name + " (" + to_string(pair.second_part) + ") are the same, byte for byte\n";
  }
  if (pairs.size() > longest_report) {
    report +=
        "and " + std::to_string(pairs.size() - longest_report) + " more, " + std::to_string(pairs.size()) + " in all\n";
  }
  return report;
}

}  // namespace saccade::data
