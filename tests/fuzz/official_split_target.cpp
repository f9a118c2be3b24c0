// The folds of the authors of BreakHis, by official_split.
#include <saccade/data/official_split.hpp>

#include "target.hpp"

using namespace saccade;

namespace {

data::Dataset small_dataset() {
  data::Dataset dataset{.name = "three images", .kind = "breakhis", .classes = {"benign", "malignant"}};
  Index label = 0;
  for (const char* name : {"SOB_B_A-14-22549AB-100-001", "SOB_M_DC-14-2523-100-001", "SOB_M_DC-14-2523-100-002"})
    dataset.samples.push_back({.name = name, .label = std::min<Index>(label++, 1), .group = "a"});
  return dataset;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::MemoryFile file;
  static const data::Dataset dataset = small_dataset();
  file.write(fuzz::text_of(data, size));
  const auto split = fuzz::accepted([&] {
    data::Account account;
    return data::official_split(dataset, file.path(), account);
  });
  if (!split) return 0;
  std::vector<int> parts(dataset.samples.size());
  for (const data::Part part : data::parts) {
    const std::vector<Index>& images = split->part(part);
    fuzz::expect(std::is_sorted(images.begin(), images.end()), "a part is in ascending order");
    for (const Index image : images) ++parts.at(static_cast<std::size_t>(image));
  }
  for (const int count : parts) fuzz::expect(count == 1, "each image is in one part");
  return 0;
}
