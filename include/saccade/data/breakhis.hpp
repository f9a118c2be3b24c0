#pragma once

// Opt-in: needs POSIX.

#include <saccade/core/error.hpp>
#include <saccade/core/utf8.hpp>
#include <saccade/data/account.hpp>
#include <saccade/data/breakhis_name.hpp>
#include <saccade/data/find_images.hpp>
#include <saccade/data/image_size.hpp>
#include <saccade/data/regions.hpp>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

/// BreakHis, and what is named as BreakHis is: synthetic tissue. The name of an image says its class and slide.
namespace saccade::inline SACCADE_NAMESPACE::data {

/// An image of the data set: what its name says, and where it lies.
struct ImageRecord : BreakhisName {
  std::filesystem::path path;
};

/// What counts as one patient when images are divided.
enum class SlideGrouping {
  slide,        ///< the slide's whole name, as the data set's authors do: 14-22549AB and 14-22549CD are two
  case_number,  ///< its number alone, the stricter reading: they are one
};

/// Every PNG and JPEG image at or below `folder` whose name follows the scheme, in the order of class, type, slide,
/// magnification and number: the same on every machine.
///
/// @param magnification  only this one; nothing: all of them
/// @param account        told what is passed over
/// @throws FileError where the folder is missing or unreadable, no image is found, or one name is found twice
[[nodiscard]] inline std::vector<ImageRecord> index_breakhis(const std::filesystem::path& folder,
                                                             std::optional<Index> magnification, Account& account) {
  if (file_type_of(folder) != std::filesystem::file_type::directory)
    throw FileError("breakhis: no such folder: \"" + folder.string() + '"');
  std::vector<ImageRecord> records;
  std::set<Index> found;
  for (const std::filesystem::path& path : find_images(folder, account)) {
    const std::optional<BreakhisName> name = parse_breakhis_name(path.stem().string());
    if (name) found.insert(name->magnification);
    if (!name) {
      account.pass_over("images not named by the scheme of BreakHis", name_below(folder, path));
    } else if (!magnification || name->magnification == *magnification) {
      records.push_back({*name, path});
    } else {
      account.pass_over("images of other magnifications", name_below(folder, path));
    }
  }
  if (records.empty()) {
    const std::string wanted = magnification ? std::to_string(*magnification) + "X" : "<magnification>X";
    std::string others;
    for (const Index other : found) others += (others.empty() ? "" : ", ") + std::to_string(other) + "X";
    throw FileError("breakhis: no image" + (magnification ? " at " + std::to_string(*magnification) + "x" : "") +
                    " under \"" + folder.string() + "\"; expected .../SOB/<type>/<slide>/" + wanted + "/*.png (found " +
                    (others.empty() ? "none" : others) + ")");
  }

  const auto order = [](const ImageRecord& r) {
    return std::tie(r.label, r.type, r.patient, r.magnification, r.number);
  };
  std::sort(records.begin(), records.end(), [&](const ImageRecord& a, const ImageRecord& b) {
    return std::tuple_cat(order(a), std::tie(a.path)) < std::tuple_cat(order(b), std::tie(b.path));
  });
  const auto twice = std::adjacent_find(
      records.begin(), records.end(), [&](const ImageRecord& a, const ImageRecord& b) { return order(a) == order(b); });
  if (twice != records.end()) {
    throw FileError("breakhis: image " + to_string(*twice) + " is there twice: \"" + twice->path.string() +
                    "\" and \"" + std::next(twice)->path.string() + '"');
  }
  return records;
}

[[nodiscard]] inline std::vector<ImageRecord> index_breakhis(const std::filesystem::path& folder,
                                                             std::optional<Index> magnification = {}) {
  Account account;
  return index_breakhis(folder, magnification, account);
}

/// The group of an image by its name. @param name  that follows the scheme
[[nodiscard]] inline std::string breakhis_group(const BreakhisName& name, SlideGrouping grouping) {
  return to_utf8(grouping == SlideGrouping::slide ? name.patient : case_number(name.patient));
}

/// The images of `records`, all of one magnification, as a data set of two classes, named as their files are, without
/// ending.
/// @param regions  see read_region_table
[[nodiscard]] inline Dataset breakhis_dataset(const std::vector<ImageRecord>& records, SlideGrouping grouping,
                                              const RegionTable& regions = {}) {
  Dataset dataset;
  dataset.kind = "breakhis";
  dataset.grouping = grouping == SlideGrouping::slide ? "slide" : "case";
  dataset.classes = {class_names.begin(), class_names.end()};
  std::set<std::string> groups;
  for (const ImageRecord& record : records) {
    const auto found = regions.find(to_string(record));
    dataset.samples.push_back({.name = to_utf8(to_string(record)),
                               .path = record.path,
                               .label = record.label,
                               .group = breakhis_group(record, grouping),
                               .regions = found == regions.end() ? std::vector<Box>{} : found->second});
    groups.insert(dataset.samples.back().group);
  }
  if (!records.empty()) dataset.magnification = records.front().magnification;
  dataset.name = "BreakHis at " + std::to_string(dataset.magnification.value_or(0)) +
                 "x: " + std::to_string(dataset.size()) + " images of " + std::to_string(groups.size()) + " " +
                 dataset.grouping + "s";
  return dataset;
}

/// The same images with other groups.
[[nodiscard]] inline Dataset regrouped_breakhis(Dataset dataset, SlideGrouping grouping) {
  dataset.grouping = grouping == SlideGrouping::slide ? "slide" : "case";
  for (Sample& sample : dataset.samples)
    if (const auto name = parse_breakhis_name(sample.name)) sample.group = breakhis_group(*name, grouping);
  return dataset;
}

/// The images of one magnification, with the regions of regions.csv (once foci.csv) in or above the folder, where there
/// is one.
/// @param magnification  nothing: the only one that there is
/// @throws FileError as index_breakhis, and where there are several magnifications and none is chosen
[[nodiscard]] inline Reading read_breakhis(const std::filesystem::path& folder, std::optional<Index> magnification = {},
                                           SlideGrouping grouping = SlideGrouping::slide) {
  Reading reading;
  const std::vector<ImageRecord> records = index_breakhis(folder, magnification, reading.account);
  std::set<Index> magnifications;
  for (const ImageRecord& record : records) magnifications.insert(record.magnification);
  if (magnifications.size() > 1) {
    std::string list;
    for (const Index each : magnifications) list += (list.empty() ? "" : ", ") + std::to_string(each);
    throw FileError("breakhis: \"" + folder.string() + "\" has several magnifications (" + list +
                    "); choose one with --magnification");
  }
  const std::optional<std::filesystem::path> regions = find_region_table(folder);
  reading.dataset = breakhis_dataset(records, grouping, regions ? read_region_table(*regions) : RegionTable{});
  if (regions) {
    Index without = 0, outside = 0;
    for (const Sample& sample : reading.dataset.samples) {
      without += sample.regions.empty() ? 1 : 0;
      const auto size = sample.regions.empty() ? std::nullopt : read_image_size(sample.path);
      for (const Box& box : sample.regions)
        outside += size && (box.x > size->width - box.width || box.y > size->height - box.height) ? 1 : 0;
    }
    if (outside > 0) {
      reading.account.warn(std::to_string(outside) + " boxes in " + regions->filename().string() +
                           " do not lie within their images");
    }
    if (without > 0) {
      reading.account.warn(std::to_string(without) + " of " + std::to_string(records.size()) +
                           " images have no region in " + regions->filename().string());
    }
  }
  if (grouping == SlideGrouping::slide) {
    std::map<std::string, std::set<std::string>> slides_of;
    for (const ImageRecord& record : records) slides_of[case_number(record.patient)].insert(record.patient);
    Index cases = 0;
    std::string first;
    for (const auto& [number, slides] : slides_of) {
      if (slides.size() < 2) continue;
      if (cases++ == 0) first = to_utf8(number);
    }
    if (cases > 0) {
      reading.account.warn(std::to_string(cases) + (cases == 1 ? " case has" : " cases have") +
                           " several slides (first: " + first +
                           "), perhaps of one patient; --group case keeps them together");
    }
  }
  return reading;
}

}  // namespace saccade::data
