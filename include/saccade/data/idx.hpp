#pragma once

// Opt-in: needs zlib, which comes with libpng.

#include <saccade/core/error.hpp>
#include <saccade/core/file.hpp>
#include <saccade/core/shape.hpp>
#include <saccade/data/object_set.hpp>
#include <saccade/data/part.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <zlib.h>

/// IDX, the format of MNIST and its successors: two zero bytes, the type of an element (8: a byte), the number of axes,
/// the extents as big-endian numbers of 4 bytes, then the elements, row-major. Usually compressed by gzip.
namespace saccade::inline SACCADE_NAMESPACE::data {

/// An array of bytes with 1 to 4 axes.
struct IdxArray {
  Shape shape;
  std::vector<std::uint8_t> values;
};

/// Larger arrays are refused before memory is taken for them: a small file can claim any size.
inline constexpr std::size_t max_idx_bytes = std::size_t{1} << 28;

namespace detail {

[[nodiscard]] inline FileError idx_error(std::string_view name, std::string_view problem) {
  return FileError('"' + std::string(name) + "\": " + std::string(problem));
}

/// What gzip has packed. @throws FileError
[[nodiscard]] inline std::vector<std::uint8_t> gunzip(std::span<const std::uint8_t> bytes, std::string_view name) {
  struct Stream {
    z_stream z{};
    Stream() = default;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    ~Stream() { inflateEnd(&z); }
  } stream;
  constexpr int gzip_only = 16 + MAX_WBITS;
  const int begun = inflateInit2(&stream.z, gzip_only);
  if (begun == Z_MEM_ERROR) throw std::bad_alloc();
  if (begun != Z_OK) throw idx_error(name, "zlib cannot be started");
  stream.z.next_in = const_cast<Bytef*>(bytes.data());
  stream.z.avail_in = static_cast<uInt>(bytes.size());
  std::vector<std::uint8_t> unpacked;
  std::array<std::uint8_t, 1 << 16> block;
  while (true) {
    stream.z.next_out = block.data();
    stream.z.avail_out = static_cast<uInt>(block.size());
    const int result = inflate(&stream.z, Z_NO_FLUSH);
    unpacked.insert(unpacked.end(), block.begin(), block.end() - stream.z.avail_out);
    if (result == Z_STREAM_END) break;
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    if (result != Z_OK) throw idx_error(name, "a damaged gzip file: its data end too early or cannot be decompressed");
    if (unpacked.size() > max_idx_bytes)
      throw idx_error(name, "unpacks to more than " + std::to_string(max_idx_bytes) + " bytes");
  }
  if (stream.z.avail_in > 0) throw idx_error(name, "a damaged gzip file: something follows its data");
  return unpacked;
}

}  // namespace detail

/// The array in `bytes`, gzip's first two bytes or not. `name` stands for them in error messages.
/// @throws FileError: damaged, too large, of another type, too short or too long for its extents
[[nodiscard]] inline IdxArray decode_idx(std::span<const std::uint8_t> bytes, std::string_view name) {
  std::vector<std::uint8_t> unpacked;
  if (bytes.size() >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b) {
    unpacked = detail::gunzip(bytes, name);
    bytes = unpacked;
  }
  constexpr std::uint8_t unsigned_byte = 8;
  if (bytes.size() < 4 || bytes[0] != 0 || bytes[1] != 0)
    throw detail::idx_error(name, "not an IDX file; expected it to begin with two zero bytes");
  if (bytes[2] != unsigned_byte)
    throw detail::idx_error(name, "its elements are of type " + std::to_string(bytes[2]) + "; expected bytes, type 8");
  const std::size_t axes = bytes[3], header = 4 + 4 * axes;
  if (axes < 1 || axes > Shape::max_rank)
    throw detail::idx_error(name, "it has " + std::to_string(axes) + " axes; expected 1 to 4");
  if (bytes.size() < header) throw detail::idx_error(name, "the file ends within its extents");
  std::array<Index, Shape::max_rank> extents{};
  std::size_t count = 1;
  for (std::size_t axis = 0; axis < axes; ++axis) {
    for (std::size_t k = 0; k < 4; ++k) extents[axis] = extents[axis] << 8 | bytes[4 + 4 * axis + k];
    if (extents[axis] > 0 && count > max_idx_bytes / static_cast<std::size_t>(extents[axis]))
      throw detail::idx_error(name, "an array of more than " + std::to_string(max_idx_bytes) + " elements");
    count *= static_cast<std::size_t>(extents[axis]);
  }
  const Shape shape = axes == 1   ? Shape{extents[0]}
                      : axes == 2 ? Shape{extents[0], extents[1]}
                      : axes == 3 ? Shape{extents[0], extents[1], extents[2]}
                                  : Shape{extents[0], extents[1], extents[2], extents[3]};
  if (bytes.size() - header != count) {
    throw detail::idx_error(name, "an array of " + to_string(shape) + " has " + std::to_string(count) +
                                      " elements, but the file holds " + std::to_string(bytes.size() - header));
  }
  return {shape, {bytes.begin() + static_cast<std::ptrdiff_t>(header), bytes.end()}};
}

/// @throws FileError, as decode_idx
[[nodiscard]] inline IdxArray load_idx(const std::filesystem::path& path) {
  return decode_idx(read_file(path), path.string());
}

/// Pictures (count, height, width) and as many labels, each from a file of its own.
/// @throws FileError
[[nodiscard]] inline ObjectSet load_objects(const std::filesystem::path& images, const std::filesystem::path& labels) {
  IdxArray pixels = load_idx(images);
  const IdxArray classes = load_idx(labels);
  if (pixels.shape.rank() != 3)
    throw detail::idx_error(images.string(),
                            "pictures must be (count, height, width), but are " + to_string(pixels.shape));
  if (classes.shape != Shape{pixels.shape[0]}) {
    throw detail::idx_error(labels.string(), "labels must be (count) = " + to_string(Shape{pixels.shape[0]}) +
                                                 ", but are " + to_string(classes.shape));
  }
  return {pixels.shape[2], pixels.shape[1], std::move(pixels.values), {classes.values.begin(), classes.values.end()}};
}

/// One part of MNIST, Fashion-MNIST or another set under the same four names, compressed or not:
/// `train-images-idx3-ubyte[.gz]`, `train-labels-idx1-ubyte[.gz]`, `t10k-...`.
/// @param part  train or test; these sets have no validation part
/// @throws FileError, ConfigError
[[nodiscard]] inline ObjectSet load_objects(const std::filesystem::path& folder, Part part) {
  expect_config(part != Part::validation, "idx: MNIST and its successors have a train and a test part only");
  const std::string stem = part == Part::train ? "train" : "t10k";
  const auto find = [&](const std::string& rest) {
    const std::filesystem::path plain = folder / (stem + rest), packed = folder / (stem + rest + ".gz");
    if (std::filesystem::exists(packed)) return packed;
    if (std::filesystem::exists(plain)) return plain;
    throw detail::idx_error(folder.string(), "has no " + packed.filename().string() + "; expected the four files of " +
                                                 "Fashion-MNIST (Debian: dataset-fashion-mnist)");
  };
  const std::filesystem::path images = find("-images-idx3-ubyte"), labels = find("-labels-idx1-ubyte");
  return load_objects(images, labels);
}

}  // namespace saccade::data
