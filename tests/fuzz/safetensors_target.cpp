// Safetensors files, by parse_safetensors.
#include <saccade/training/safetensors.hpp>

#include <set>

#include "target.hpp"

using namespace saccade;

namespace {

/// A file is read without hole or overlap: header and tensors are all of its bytes, each name is there once.
void expect_whole(const SafetensorsFile& file, std::size_t size) {
  std::uint64_t bytes = 8;  // the length of the header
  std::set<std::string> names;
  for (const NamedArray& tensor : file.tensors) {
    std::uint64_t own = size_of(tensor.dtype);
    for (const std::int64_t extent : tensor.shape) {
      fuzz::expect(extent >= 0, "an extent is not negative");
      fuzz::expect(!__builtin_mul_overflow(own, static_cast<std::uint64_t>(extent), &own), "a shape has a size");
    }
    fuzz::expect(own == tensor.bytes.size(), "a tensor has the bytes of its shape");
    fuzz::expect(names.insert(tensor.name).second, "a name is there once");
    fuzz::expect(file.find(tensor.name) == &tensor, "a tensor is found by its name");
    bytes += own;
  }
  fuzz::expect(bytes <= size, "tensors do not overlap");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> input = std::as_bytes(std::span(data, size));
  const auto file = fuzz::accepted([&] { return parse_safetensors(input, "input"); });
  if (!file) return 0;
  expect_whole(*file, size);
  std::vector<std::byte> written = serialize_safetensors(*file);
  const SafetensorsFile again = parse_safetensors(written, "written", Checksum::required);
  fuzz::expect(again == *file, "what is written is read back");
  fuzz::expect(serialize_safetensors(again) == written, "equal content gives equal bytes");
  // A damaged bit is seen. Where it is not, as in the case of a digit of \u001f, the content is the same.
  const std::size_t bit = (data[size / 2] + 256 * data[size - 1] + 31 * size) % (8 * written.size());
  written[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
  const auto damaged = fuzz::accepted([&] { return parse_safetensors(written, "damaged", Checksum::required); });
  fuzz::expect(!damaged || *damaged == *file, "a flipped bit is found");
  written.resize(bit / 8);
  fuzz::expect(!fuzz::accepted([&] { return parse_safetensors(written, "cut"); }), "a cut file is refused");
  return 0;
}
