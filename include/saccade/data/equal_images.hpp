#pragma once

// Opt-in: needs POSIX, stb_image and libjpeg-turbo.

#include <saccade/core/content_hash.hpp>
#include <saccade/core/crc32c.hpp>
#include <saccade/core/error.hpp>
#include <saccade/core/file.hpp>
#include <saccade/data/content_sum.hpp>
#include <saccade/data/fingerprint.hpp>
#include <saccade/data/read_sample.hpp>
#include <saccade/data/split_report.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
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

#include <fcntl.h>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// What of two images is compared: their files, or what they show, for which every image has to be decoded. A file that
/// was packed again, or lost its Exif data, shows the same; one that was encoded anew as JPEG, cut or scaled does not.
enum class SameBy { bytes, pixels };

/// Two images that are the same, in two parts of a split.
struct EqualImages {
  Index first = 0;
  Part first_part = Part::train;
  Index second = 0;
  Part second_part = Part::test;
};

namespace detail {

/// What stands for the bytes of a file too large to hold: 96 bits of sums. @throws UnreadableError
[[nodiscard]] inline std::vector<std::uint8_t> digest_of(const std::filesystem::path& path) {
  const saccade::detail::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  saccade::ContentHash hash;
  Crc32c crc;
  const auto take = [&](std::span<const std::byte> block) {
    hash.add(block);
    crc.update(block);
  };
  if (!file.open() || !read_blocks(file, UINTMAX_MAX, take)) throw unreadable(path, errno);
  std::vector<std::uint8_t> digest;
  for (int i = 0; i < 8; ++i) digest.push_back(static_cast<std::uint8_t>(hash.value() >> 8 * i));
  for (int i = 0; i < 4; ++i) digest.push_back(static_cast<std::uint8_t>(crc.value() >> 8 * i));
  return digest;
}

/// The bytes of a sample's file, or its pixels where the file holds many or they are asked for; nothing where they
/// cannot be read, of which the loader will say why, or where the image is streamed. Slides are told by sums of their
/// files either way.
[[nodiscard]] inline std::optional<std::vector<std::uint8_t>> content_of(const Dataset& dataset, const Sample& sample,
                                                                         SameBy by) {
  try {
    if (is_slide(dataset, sample)) return digest_of(sample.path);
    if (by == SameBy::bytes && (sample.item < 0 || !dataset.read)) return read_file(sample.path);
    const AnyImage image = read_sample(dataset, sample);
    if (image.pixels()) return image.pixels()->pixels;
    return {};
  } catch (const UnreadableError& error) {
    if (error.passing()) throw;  // it is no other image for that
    return {};
  } catch (const FileError&) {
    return {};
  }
}

/// What two samples share if they are the same, and costs little to know; nothing where there is nothing to compare.
using RoughContent = std::array<std::uintmax_t, 3>;

[[nodiscard]] inline std::optional<RoughContent> rough_content_of(const Dataset& dataset, const Sample& sample,
                                                                  SameBy by) {
  if (sample.item >= 0 || (by == SameBy::pixels && dataset.read)) return RoughContent{0, 0, 0};
  if (by == SameBy::pixels && !is_slide(dataset, sample)) {
    const auto size = sample_size(dataset, sample);
    if (!size) return {};
    return RoughContent{1, static_cast<std::uintmax_t>(size->width), static_cast<std::uintmax_t>(size->height)};
  }
  std::error_code error;
  const std::uintmax_t bytes = std::filesystem::file_size(sample.path, error);
  if (error) return {};
  return RoughContent{2, bytes, 0};
}

}  // namespace detail

/// Images that are in two parts. For each image of a later part that an earlier part has too, in the order of train,
/// validation and test, one pair. By bytes, only files of one size are read; by pixels, only images of one size.
[[nodiscard]] inline std::vector<EqualImages> find_equal_images(const Dataset& dataset, const Split& split,
                                                                SameBy by = SameBy::bytes) {
  struct Member {
    Index image;
    Part part;
  };
  std::map<detail::RoughContent, std::vector<Member>> by_size;
  for (const Part part : parts)
    for (const Index i : split.part(part))
      if (const auto rough = detail::rough_content_of(dataset, dataset.sample(i), by))
        by_size[*rough].push_back({i, part});
  std::vector<EqualImages> found;
  for (const auto& [size, members] : by_size) {
    if (members.front().part == members.back().part) continue;
    std::map<std::uint64_t, std::vector<Member>> by_hash;
    for (const Member& member : members) {
      const auto content = detail::content_of(dataset, dataset.sample(member.image), by);
      if (!content) continue;
      ContentHash hash;
      hash.add(*content);
      std::vector<Member>& alike = by_hash[hash.value()];
      const auto equal = std::find_if(alike.begin(), alike.end(), [&](const Member& other) {
        return other.part != member.part && detail::content_of(dataset, dataset.sample(other.image), by) == content;
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

/// "a.png (train) and b.png (test) are the same, byte for byte", or "pixel for pixel", a line a pair; empty where there
/// is none.
[[nodiscard]] inline std::string equal_images_report(const Dataset& dataset, std::span<const EqualImages> pairs,
                                                     SameBy by = SameBy::bytes) {
  const std::string same = by == SameBy::bytes ? "byte for byte" : "pixel for pixel";
  std::string report;
  for (const EqualImages& pair : pairs.first(std::min(pairs.size(), longest_report))) {
    report += dataset.sample(pair.first).name + " (" + to_string(pair.first_part) + ") and " +
              dataset.sample(pair.second).name + " (" + to_string(pair.second_part) + ") are the same, " + same + '\n';
  }
  if (pairs.size() > longest_report) {
    report +=
        "and " + std::to_string(pairs.size() - longest_report) + " more, " + std::to_string(pairs.size()) + " in all\n";
  }
  return report;
}

}  // namespace saccade::data
