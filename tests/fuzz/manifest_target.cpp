// Tables of images, by parse_manifest; and comma-separated values, by parse_csv.
#include <saccade/data/manifest.hpp>

#include "target.hpp"

using namespace saccade;

namespace {

void expect_csv(std::string_view text) {
  const auto rows = fuzz::accepted([&] { return data::parse_csv(text, "input"); });
  if (!rows) return;
  std::string written = "\xEF\xBB\xBF";  // passed over, unlike one that begins the first field
  for (const data::CsvRow& row : *rows) written += data::csv_line(row.fields);
  const auto again = data::parse_csv(written, "written");
  fuzz::expect(again.size() == rows->size(), "each row is written and read back");
  for (std::size_t i = 0; i < again.size(); ++i)
    fuzz::expect(again[i].fields == (*rows)[i].fields, "each field is written and read back");
}

/// The table as we would write it, one line for each box.
std::string written_table(const data::Manifest& manifest) {
  std::string text = data::csv_line(
      manifest.has_groups ? std::vector<std::string>{"path", "label", "split", "x", "y", "width", "height", "group"}
                          : std::vector<std::string>{"path", "label", "split", "x", "y", "width", "height"});
  for (const data::ManifestEntry& entry : manifest.entries) {
    for (std::size_t i = 0; i < std::max<std::size_t>(entry.regions.size(), 1); ++i) {
      std::vector<std::string> fields{entry.path, entry.label, entry.part ? data::to_string(*entry.part) : ""};
      if (entry.regions.empty()) {
        fields.insert(fields.end(), 4, "");
      } else {
        const Box& box = entry.regions[i];
        for (const Index value : {box.x, box.y, box.width, box.height}) fields.push_back(std::to_string(value));
      }
      if (manifest.has_groups) fields.push_back(entry.group);
      text += data::csv_line(fields);
    }
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::MemoryFile file;
  expect_csv(fuzz::text_of(data, size));
  file.write(fuzz::text_of(data, size));
  const auto manifest = fuzz::accepted([&] { return data::parse_manifest(file.path()); });
  if (!manifest) return 0;
  for (const data::ManifestEntry& entry : manifest->entries) {
    fuzz::expect(!entry.path.empty() && entry.line > 0, "an image has a path and a line");
    for (const Box& box : entry.regions)
      fuzz::expect(box.x >= 0 && box.y >= 0 && box.width > 0 && box.height > 0, "a box has pixels");
  }
  file.write(written_table(*manifest));
  const data::Manifest again = data::parse_manifest(file.path());
  fuzz::expect(again.entries.size() == manifest->entries.size(), "each image is written and read back");
  for (std::size_t i = 0; i < again.entries.size(); ++i) {
    const data::ManifestEntry &a = again.entries[i], &b = manifest->entries[i];
    fuzz::expect(
        a.path == b.path && a.label == b.label && a.group == b.group && a.part == b.part && a.regions == b.regions,
        "all that is known of an image is written and read back");
  }
  return 0;
}
