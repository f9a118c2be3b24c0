// Tables of regions, by read_region_table.
#include <saccade/data/breakhis_name.hpp>
#include <saccade/data/regions.hpp>

#include "target.hpp"

using namespace saccade;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::MemoryFile file;
  file.write(fuzz::text_of(data, size));
  const auto table = fuzz::accepted([&] { return data::read_region_table(file.path()); });
  if (!table) return 0;
  std::string text = "path,x,y,width,height,label\r\n";
  bool named = true;
  for (const auto& [name, boxes] : *table) {
    named = named && !name.empty();
    const auto known = data::parse_breakhis_name(name);
    const std::string label = std::to_string(known ? known->label : 0);
    for (const Box& box : boxes)
      text += data::csv_line({name + ".png", std::to_string(box.x), std::to_string(box.y), std::to_string(box.width),
                              std::to_string(box.height), label});
  }
  if (!named) return 0;  // ".png" is a hidden file without ending
  file.write(text);
  fuzz::expect(data::read_region_table(file.path()) == *table, "what is written is read back");
  return 0;
}
