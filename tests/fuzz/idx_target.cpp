// IDX arrays, packed by gzip or not, by decode_idx.
#include <saccade/data/idx.hpp>

#include "target.hpp"

using namespace saccade;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto array = fuzz::accepted([&] { return data::decode_idx(std::span(data, size), "input"); });
  if (!array) return 0;
  fuzz::expect(array->shape.rank() >= 1 && std::cmp_equal(array->values.size(), array->shape.size()),
               "an array has the elements of its shape");
  std::vector<std::uint8_t> written{0, 0, 8, static_cast<std::uint8_t>(array->shape.rank())};
  for (std::size_t axis = 0; axis < array->shape.rank(); ++axis)
    for (const int shift : {24, 16, 8, 0}) written.push_back(static_cast<std::uint8_t>(array->shape[axis] >> shift));
  written.insert(written.end(), array->values.begin(), array->values.end());
  const bool packed = data[0] != 0;
  fuzz::expect(packed || std::equal(written.begin(), written.end(), data, data + size), "nothing is passed over");
  const data::IdxArray again = data::decode_idx(written, "written");
  fuzz::expect(again.shape == array->shape && again.values == array->values, "what is written is read back");
  return 0;
}
