#pragma once

#include <saccade/core/crc32c.hpp>
#include <saccade/core/error.hpp>
#include <saccade/core/file.hpp>
#include <saccade/training/safetensors_header.hpp>

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Safetensors files: named arrays and string metadata in a form that other tools read. Opt-in: needs nlohmann/json.
///
/// Layout: u64 N, little endian; N bytes of JSON padded with spaces; the tensors' bytes, one after the other without
/// hole. Source: https://github.com/huggingface/safetensors. Beyond the format, the writer stores a checksum of the
/// content in the metadata, so that a damaged checkpoint is never trained on.
namespace saccade::inline SACCADE_NAMESPACE {

static_assert(std::endian::native == std::endian::little, "safetensors are little endian, and read without conversion");

/// The C++ types that a stored tensor may hold.
template <class T>
concept StoredNumber =
    std::same_as<T, float> || std::same_as<T, double> || std::same_as<T, std::int64_t> || std::same_as<T, std::uint8_t>;

template <StoredNumber T>
inline constexpr DataType data_type_of = std::same_as<T, float>          ? DataType::float32
                                         : std::same_as<T, double>       ? DataType::float64
                                         : std::same_as<T, std::int64_t> ? DataType::int64
                                                                         : DataType::uint8;

/// A dense row-major array with a name.
struct NamedArray {
  std::string name;
  DataType dtype = DataType::float32;
  std::vector<std::int64_t> shape;
  std::vector<std::byte> bytes;  ///< product of shape times size_of(dtype)

  NamedArray() = default;
  NamedArray(std::string name_, DataType dtype_, std::vector<std::int64_t> shape_, std::vector<std::byte> bytes_)
      : name(std::move(name_)), dtype(dtype_), shape(std::move(shape_)), bytes(std::move(bytes_)) {}

  template <StoredNumber T>
  NamedArray(std::string name_, std::vector<std::int64_t> shape_, std::span<const T> values)
      : NamedArray(std::move(name_), data_type_of<T>, std::move(shape_),
                   {std::as_bytes(values).begin(), std::as_bytes(values).end()}) {}

  /// The elements, which must be stored as `T`. @throws FileError
  template <StoredNumber T>
  [[nodiscard]] std::vector<T> values() const {
    if (dtype != data_type_of<T>) {
      throw FileError("tensor " + name + " must be " + std::string(safetensors_name(data_type_of<T>)) + ", but is " +
                      std::string(safetensors_name(dtype)));
    }
    std::vector<T> numbers(bytes.size() / sizeof(T));
    if (!numbers.empty()) std::memcpy(numbers.data(), bytes.data(), numbers.size() * sizeof(T));
    return numbers;
  }

  friend bool operator==(const NamedArray&, const NamedArray&) = default;
};

/// The content of a file; the tensors stand in the order of their bytes.
struct SafetensorsFile {
  std::map<std::string, std::string> metadata;
  std::vector<NamedArray> tensors;

  /// The tensor of that name, or null.
  [[nodiscard]] const NamedArray* find(std::string_view name) const {
    const auto found =
        std::find_if(tensors.begin(), tensors.end(), [&](const NamedArray& t) { return t.name == name; });
    return found == tensors.end() ? nullptr : &*found;
  }

  /// The tensor of that name. @throws FileError
  [[nodiscard]] const NamedArray& at(std::string_view name) const {
    if (const NamedArray* tensor = find(name)) return *tensor;
    throw FileError("there is no tensor named " + std::string(name));
  }

  friend bool operator==(const SafetensorsFile&, const SafetensorsFile&) = default;
};

/// Metadata key of the checksum that `serialize_safetensors` adds and that reading removes again.
inline constexpr const char* safetensors_checksum_key = "saccade.checksum";

/// Whether a file may come without a checksum: others' files do, a checkpoint of ours may not.
enum class Checksum { if_present, required };

namespace detail {

inline constexpr std::uint64_t safetensors_header_limit = 100'000'000;

/// Bytes of a tensor. False where a number of 64 bits would not hold them.
[[nodiscard]] inline bool byte_size(const std::vector<std::int64_t>& shape, DataType dtype, std::uint64_t& bytes) {
  bytes = size_of(dtype);
  for (const std::int64_t extent : shape) {
    if (extent < 0 || __builtin_mul_overflow(bytes, static_cast<std::uint64_t>(extent), &bytes)) return false;
  }
  return true;
}

/// CRC-32C of metadata and tensors as eight hexadecimal digits. The tensors are taken by name, so that a tool which
/// stores the same content in another order leaves the checksum valid.
[[nodiscard]] inline std::string content_checksum(const SafetensorsFile& file) {
  Crc32c crc;
  const auto add_number = [&](std::uint64_t number) { crc.update(std::as_bytes(std::span(&number, 1))); };
  const auto add_text = [&](std::string_view text) {
    add_number(text.size());  // the length keeps "a" + "bc" apart from "ab" + "c"
    crc.update(std::as_bytes(std::span(text)));
  };
  std::vector<const NamedArray*> by_name;
  for (const NamedArray& tensor : file.tensors) by_name.push_back(&tensor);
  std::sort(by_name.begin(), by_name.end(), [](const auto* a, const auto* b) { return a->name < b->name; });

  for (const auto& [key, value] : file.metadata) {
    if (key == safetensors_checksum_key) continue;
    add_text(key);
    add_text(value);
  }
  for (const NamedArray* tensor : by_name) {
    add_text(tensor->name);
    add_text(safetensors_name(tensor->dtype));
    add_number(tensor->shape.size());
    for (const std::int64_t extent : tensor->shape) add_number(static_cast<std::uint64_t>(extent));
    crc.update(tensor->bytes);
  }
  return crc.text();
}

/// "[8,112,112,3]".
[[nodiscard]] inline std::string list_text(const std::vector<std::int64_t>& numbers) {
  std::string text = "[";
  for (std::size_t i = 0; i < numbers.size(); ++i) text += (i ? "," : "") + std::to_string(numbers[i]);
  return text + "]";
}

}  // namespace detail

/// Reads the bytes of a whole file. The checksum is verified where there is one, and removed from the metadata.
///
/// @param name  what the error sentences call the file
/// @throws FileError  for every departure from the format: a header that is too long, no JSON, or of another form;
/// equal
///                    names; ranges with a hole or an overlap, or that do not fit the shape; missing or extra bytes;
///                    and for content that does not match its checksum
[[nodiscard]] inline SafetensorsFile parse_safetensors(std::span<const std::byte> bytes, std::string_view name,
                                                       Checksum checksum = Checksum::if_present) {
  const auto fail = [&](const std::string& reason) { detail::throw_bad_safetensors(name, reason); };
  std::uint64_t header_size = 0;
  if (bytes.size() < sizeof header_size) fail("it has " + std::to_string(bytes.size()) + " bytes, fewer than 8");
  std::memcpy(&header_size, bytes.data(), sizeof header_size);
  if (header_size > detail::safetensors_header_limit) {
    fail("its header claims " + std::to_string(header_size) + " bytes, more than 100000000");
  }
  const std::span<const std::byte> rest = bytes.subspan(sizeof header_size);
  if (header_size > rest.size()) {
    fail("its header claims " + std::to_string(header_size) + " bytes, but " + std::to_string(rest.size()) +
         " are left");
  }
  const std::string_view json(reinterpret_cast<const char*>(rest.data()), std::size_t{header_size});
  const std::span<const std::byte> data = rest.subspan(std::size_t{header_size});

  detail::SafetensorsHeader header = detail::parse_safetensors_header(json, name);
  // A tensor without elements shares its offset with its neighbour and stands before it.
  std::stable_sort(header.entries.begin(), header.entries.end(),
                   [](const auto& a, const auto& b) { return a.begin != b.begin ? a.begin < b.begin : a.end < b.end; });

  SafetensorsFile file;
  std::uint64_t position = 0;
  for (detail::SafetensorsEntry& entry : header.entries) {
    const std::string tensor = "tensor " + json_string(entry.name);
    const std::string range = "[" + std::to_string(entry.begin) + ", " + std::to_string(entry.end) + ")";
    std::uint64_t size = 0;
    if (!detail::byte_size(entry.shape, entry.dtype, size)) fail(tensor + " has a shape of more than 2^64 bytes");
    if (entry.begin != position) {
      fail(tensor + " has the byte range " + range + ", but must begin at " + std::to_string(position));
    }
    if (entry.end < entry.begin || entry.end - entry.begin != size) {
      fail(tensor + " has the byte range " + range + ", but its shape needs " + std::to_string(size) + " bytes");
    }
    if (entry.end > data.size()) {
      fail(tensor + " has the byte range " + range + ", but the file ends after " + std::to_string(data.size()));
    }
    const auto own = data.subspan(std::size_t{position}, std::size_t{size});
    file.tensors.emplace_back(std::move(entry.name), entry.dtype, std::move(entry.shape),
                              std::vector<std::byte>(own.begin(), own.end()));
    position = entry.end;
  }
  if (position != data.size()) {
    fail("its tensors end after " + std::to_string(position) + " bytes, but " + std::to_string(data.size()) +
         " follow the header");
  }

  file.metadata = std::move(header.metadata);
  const auto stored = file.metadata.find(safetensors_checksum_key);
  if (stored == file.metadata.end()) {
    if (checksum == Checksum::if_present) return file;
    throw FileError('"' + std::string(name) + "\": not written by Saccade: it lacks the metadata \"" +
                    safetensors_checksum_key + '"');
  }
  if (stored->second != detail::content_checksum(file)) {
    throw FileError('"' + std::string(name) + "\": damaged: its content does not match its checksum");
  }
  file.metadata.erase(stored);
  return file;
}

/// The file as bytes, checksum included. Equal content gives equal bytes. The header is padded to 8 bytes.
///
/// @throws ConfigError  for equal names, the name "__metadata__", or text that is not UTF-8
/// @throws ShapeError   where the bytes of a tensor do not fit its shape
[[nodiscard]] inline std::vector<std::byte> serialize_safetensors(const SafetensorsFile& file) {
  std::map<std::string, std::string> metadata = file.metadata;
  metadata[safetensors_checksum_key] = detail::content_checksum(file);

  std::string json;
  std::uint64_t position = 0;
  try {
    json = "{\"__metadata__\":{";
    for (const auto& [key, value] : metadata)
      json += (key == metadata.begin()->first ? "" : ",") + json_string(key) + ":" + json_string(value);
    json += "}";
    std::set<std::string_view> names{"__metadata__"};
    for (const NamedArray& tensor : file.tensors) {
      const std::string text = json_string(tensor.name);
      if (!names.insert(tensor.name).second) throw ConfigError("safetensors: two tensors are named " + text);
      std::uint64_t size = 0;
      if (!detail::byte_size(tensor.shape, tensor.dtype, size) || size != tensor.bytes.size()) {
        throw ShapeError("safetensors: tensor " + text + " has " + std::to_string(tensor.bytes.size()) +
                         " bytes, which do not fit its shape");
      }
      json += "," + text + ":{\"dtype\":\"" + std::string(safetensors_name(tensor.dtype)) +
              "\",\"shape\":" + detail::list_text(tensor.shape) + ",\"data_offsets\":[" + std::to_string(position) +
              "," + std::to_string(position + size) + "]}";
      position += size;
    }
  } catch (const Json::type_error&) {
    throw ConfigError("safetensors: names and metadata must be UTF-8");
  }
  json += "}";
  json.resize((json.size() + 7) / 8 * 8, ' ');

  const std::uint64_t header_size = json.size();
  std::vector<std::byte> bytes(sizeof header_size + json.size() + std::size_t{position});
  auto end = bytes.begin();
  const auto append = [&](std::span<const std::byte> part) { end = std::copy(part.begin(), part.end(), end); };
  append(std::as_bytes(std::span(&header_size, 1)));
  append(std::as_bytes(std::span(json)));
  for (const NamedArray& tensor : file.tensors) append(tensor.bytes);
  return bytes;
}

/// Reads and checks a whole file. @throws FileError that names it
[[nodiscard]] inline SafetensorsFile read_safetensors(const std::filesystem::path& path,
                                                      Checksum checksum = Checksum::if_present) {
  const std::vector<std::uint8_t> bytes = read_file(path);
  return parse_safetensors(std::as_bytes(std::span(bytes)), path.string(), checksum);
}

/// Writes a file that is either whole or not there: a crash leaves what stood at `path` before. @throws FileError
inline void write_safetensors(const SafetensorsFile& file, const std::filesystem::path& path) {
  const std::vector<std::byte> bytes = serialize_safetensors(file);
  write_file_atomically(path, {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

}  // namespace saccade
