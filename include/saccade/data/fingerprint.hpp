#pragma once

#include <saccade/data/dataset.hpp>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// FNV-1a, 64 bits: tells contents apart that differ by accident, not by intent. Source: Fowler, Noll and Vo.
class ContentHash {
 public:
  void add(std::span<const std::uint8_t> bytes) {
    for (const std::uint8_t byte : bytes) hash_ = (hash_ ^ byte) * 0x100000001b3u;
  }
  /// The text and its end: "ab", "c" differs from "a", "bc".
  void add(std::string_view text) {
    for (const char letter : text) hash_ = (hash_ ^ static_cast<std::uint8_t>(letter)) * 0x100000001b3u;
    hash_ = (hash_ ^ 0xffu) * 0x100000001b3u;
  }

  [[nodiscard]] std::uint64_t value() const { return hash_; }

  /// Sixteen hexadecimal digits.
  [[nodiscard]] std::string text() const {
    std::string digits(16, '0');
    for (std::size_t i = 0; i < digits.size(); ++i) digits[i] = "0123456789abcdef"[hash_ >> (60 - 4 * i) & 0xf];
    return digits;
  }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325u;
};

/// What some images are, in a few letters: their names, classes, groups, and the sizes of their files. Another place of
/// the data set changes nothing; an image more or less, or exchanged for another, does. Files are not read.
[[nodiscard]] inline std::string fingerprint(const Dataset& dataset, std::span<const Index> images) {
  ContentHash hash;
  std::filesystem::path last;
  std::string size;
  for (const Index i : images) {
    const Sample& sample = dataset.sample(i);
    hash.add(sample.name);
    hash.add(sample.label < 0 ? std::string_view()
                              : std::string_view(dataset.classes[static_cast<std::size_t>(sample.label)]));
    hash.add(sample.group);
    if (!sample.path.empty() && sample.path != last) {
      std::error_code error;
      const std::uintmax_t bytes = std::filesystem::file_size(sample.path, error);
      size = error ? "" : std::to_string(bytes);
      last = sample.path;
    }
    hash.add(sample.path.empty() ? std::string_view() : std::string_view(size));
  }
  return hash.text();
}

}  // namespace saccade::data
