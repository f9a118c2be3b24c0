#pragma once

// Opt-in: needs POSIX.

#include <saccade/core/file.hpp>
#include <saccade/data/content_sum.hpp>
#include <saccade/data/csv.hpp>
#include <saccade/data/dataset.hpp>
#include <saccade/data/fingerprint.hpp>
#include <saccade/data/split.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Which images a run has worked on: a table that stands beside its results and ties them to their data.
namespace saccade::inline SACCADE_NAMESPACE::data {

/// One image of an inventory.
struct InventoryItem {
  Part part = Part::train;
  std::string name{};   ///< see Sample
  std::string label{};  ///< name of its class; empty: not known
  std::string group{};
  std::filesystem::path path{};
  Index item = -1;
  ContentSum content{};  ///< of the whole file; empty where the pixels come from no file

  friend bool operator==(const InventoryItem&, const InventoryItem&) = default;
};

/// The images of the parts of a split, in the order of the parts and of the split.
struct Inventory {
  std::vector<InventoryItem> images{};

  /// What the images of a part are, as sixteen hexadecimal digits: their names, classes, groups and contents. Another
  /// place of the data set changes nothing.
  [[nodiscard]] std::string identity(Part part) const {
    ContentHash hash;
    for (const InventoryItem& image : images) {
      if (image.part != part) continue;
      for (const std::string_view text : {std::string_view(image.name), std::string_view(image.label),
                                          std::string_view(image.group), std::string_view(image.content.sum)})
        hash.add(text);
      hash.add(std::to_string(image.content.bytes));
    }
    return hash.text();
  }
};

/// Lists the images of a split with the sums of their files. Each file is read once, and not at all where `known` has
/// its sum from when it last changed.
/// @param progress  called with (images done, images in all); may be empty
/// @throws UnreadableError where a file cannot be read now; one that is missing or forbidden has no sum
[[nodiscard]] inline Inventory take_inventory(const Dataset& dataset, const Split& split, const Inventory& known = {},
                                              const std::function<void(Index, Index)>& progress = {}) {
  std::map<std::filesystem::path, ContentSum> before, now;
  for (const InventoryItem& image : known.images) before.emplace(image.path, image.content);
  Index all = 0;
  for (const Part part : parts) all += static_cast<Index>(split.part(part).size());
  Inventory inventory;
  for (const Part part : parts) {
    for (const Index i : split.part(part)) {
      const Sample& sample = dataset.sample(i);
      const auto read = now.find(sample.path);
      ContentSum content;
      if (read != now.end()) {
        content = read->second;
      } else if (!sample.path.empty()) {
        const auto found = before.find(sample.path);
        content = content_sum(sample.path, found == before.end() ? std::nullopt : std::optional(found->second));
        now.emplace(sample.path, content);
      }
      inventory.images.push_back(
          {.part = part,
           .name = sample.name,
           .label = sample.label < 0 ? std::string() : dataset.classes[static_cast<std::size_t>(sample.label)],
           .group = sample.group,
           .path = sample.path,
           .item = sample.item,
           .content = content});
      if (progress) progress(static_cast<Index>(inventory.images.size()), all);
    }
  }
  return inventory;
}

/// The first image in which two inventories differ, in a sentence without a full stop: `"a.png" (train) has another
/// content`. Nothing where they hold the same images, wherever these lie.
[[nodiscard]] inline std::optional<std::string> first_difference(const Inventory& before, const Inventory& now) {
  std::map<std::string_view, const InventoryItem*> there;
  for (const InventoryItem& image : now.images) there.emplace(image.name, &image);
  const auto tell = [](const InventoryItem& image, const std::string& what) {
    return '"' + image.name + "\" (" + to_string(image.part) + ") " + what;
  };
  for (const InventoryItem& image : before.images) {
    const auto found = there.find(image.name);
    if (found == there.end()) return tell(image, "is not there any more");
    const InventoryItem& other = *found->second;
    there.erase(found);
    if (other.part != image.part) return tell(image, "is in the part " + to_string(other.part) + " now");
    if (other.label != image.label)
      return tell(image, "was of class \"" + image.label + "\" and is of \"" + other.label + "\" now");
    if (other.group != image.group)
      return tell(image, "was of group \"" + image.group + "\" and is of \"" + other.group + "\" now");
    if (other.item != image.item || other.content.sum != image.content.sum ||
        other.content.bytes != image.content.bytes)
      return tell(image, "has another content");
  }
  for (const InventoryItem& image : now.images)
    if (there.contains(image.name)) return tell(image, "was not among them");
  return {};
}

namespace detail {

inline const std::vector<std::string> inventory_columns = {"part", "name",  "class",   "group", "path",
                                                           "item", "bytes", "changed", "crc32c"};

}  // namespace detail

/// Comma-separated values below a header. @throws FileError
inline void write_inventory(const std::filesystem::path& path, const Inventory& inventory) {
  std::string text = csv_line(detail::inventory_columns);
  for (const InventoryItem& image : inventory.images) {
    text += csv_line({to_string(image.part), image.name, image.label, image.group, image.path.string(),
                      std::to_string(image.item), std::to_string(image.content.bytes),
                      std::to_string(image.content.changed), image.content.sum});
  }
  write_file_atomically(path, text);
}

/// @throws FileError where the file cannot be read or holds something else
[[nodiscard]] inline Inventory read_inventory(const std::filesystem::path& path) {
  const std::vector<std::uint8_t> bytes = read_file(path);
  const auto rows = parse_csv({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path.string());
  if (rows.empty() || rows.front().fields != detail::inventory_columns)
    throw FileError('"' + path.string() + "\": is not the list of the images of a run");
  Inventory inventory;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const std::vector<std::string>& fields = rows[i].fields;
    bool whole = fields.size() == detail::inventory_columns.size();
    const auto number = [&](const std::string& text, auto& value) {
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      whole = whole && error == std::errc() && end == text.data() + text.size();
    };
    InventoryItem image;
    if (whole) {
      const auto part = parse_part(fields[0]);
      whole = part && !fields[1].empty();
      image = {.part = part.value_or(Part::train),
               .name = fields[1],
               .label = fields[2],
               .group = fields[3],
               .path = fields[4]};
      number(fields[5], image.item);
      number(fields[6], image.content.bytes);
      number(fields[7], image.content.changed);
      image.content.sum = fields[8];
    }
    if (!whole)
      throw FileError('"' + path.string() + "\": line " + std::to_string(rows[i].line) + " does not list an image");
    inventory.images.push_back(std::move(image));
  }
  return inventory;
}

}  // namespace saccade::data
