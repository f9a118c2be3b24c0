#pragma once

#include <saccade/core/error.hpp>
#include <saccade/model/json.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The JSON header of a safetensors file. Read part by part: a parsed document keeps the last of two equal keys and
/// is silent on it.
namespace saccade::inline SACCADE_NAMESPACE {

/// Type of the elements of a stored tensor.
enum class DataType { float32, float64, int64, uint8, float16, bfloat16 };

/// Bytes of one element.
[[nodiscard]] constexpr std::size_t size_of(DataType type) {
  switch (type) {
    case DataType::float64:
    case DataType::int64:
      return 8;
    case DataType::float32:
      return 4;
    case DataType::float16:
    case DataType::bfloat16:
      return 2;
    case DataType::uint8:
      break;
  }
  return 1;
}

/// The name that the format gives to `type`: "F32", "F64", "I64", "U8", "F16" or "BF16".
[[nodiscard]] constexpr std::string_view safetensors_name(DataType type) {
  switch (type) {
    case DataType::float32:
      return "F32";
    case DataType::float64:
      return "F64";
    case DataType::int64:
      return "I64";
    case DataType::float16:
      return "F16";
    case DataType::bfloat16:
      return "BF16";
    case DataType::uint8:
      break;
  }
  return "U8";
}

namespace detail {

/// What the header says of one tensor; `begin` and `end` count from the first byte after the header.
struct SafetensorsEntry {
  std::string name;
  DataType dtype = DataType::float32;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

struct SafetensorsHeader {
  std::map<std::string, std::string> metadata;
  std::vector<SafetensorsEntry> entries;  ///< in the order of the header, ranges not yet checked
};

[[noreturn]] inline void throw_bad_safetensors(std::string_view file, const std::string& reason) {
  throw FileError('"' + std::string(file) + "\": not a valid safetensors file: " + reason);
}

/// Accepts exactly {"__metadata__": {string: string}, name: {"dtype", "shape", "data_offsets"}, ...}, in any order.
class SafetensorsHeaderReader {
 public:
  explicit SafetensorsHeaderReader(std::string_view file) : file_(file) {}

  [[nodiscard]] SafetensorsHeader take() { return std::move(header_); }

  /// One part of the document, as visit_json shows it.
  bool operator()(JsonEvent event, const Json& value) {
    switch (event) {
      case JsonEvent::start_object:
        start_object();
        break;
      case JsonEvent::end_object:
        end_object();
        break;
      case JsonEvent::start_array:
        start_array();
        break;
      case JsonEvent::end_array:
        end_array();
        break;
      case JsonEvent::key:
        key(value.get_ref<const std::string&>());
        break;
      case JsonEvent::value:
        if (value.is_string()) {
          string(value.get_ref<const std::string&>());
        } else if (value.is_number_unsigned()) {
          number(value.get<std::uint64_t>());
        } else {
          refuse_value();
        }
    }
    return place_ != Place::metadata;
  }

 private:
  enum class Place { outside, top, metadata, entry, shape, offsets };

  void key(const std::string& name) {
    if (place_ == Place::entry) {
      if (name != "dtype" && name != "shape" && name != "data_offsets")
        fail(where() + " has the unknown field " + json_string(name));
      if (!fields_.insert(name).second) fail(where() + " has two fields " + json_string(name));
      field_ = name;
    } else if (place_ == Place::metadata) {
      if (header_.metadata.contains(name)) fail("the metadata have two keys " + json_string(name));
      field_ = name;
    } else {
      if (!names_.insert(name).second) fail("two tensors are named " + json_string(name));
      name_ = name;
    }
  }

  void start_object() {
    if (place_ == Place::outside) {
      place_ = Place::top;
    } else if (place_ == Place::top && name_ == "__metadata__") {
      place_ = Place::metadata;
    } else if (place_ == Place::top) {
      place_ = Place::entry;
      entry_ = {};
      entry_.name = name_;
      fields_.clear();
      offsets_.clear();
    } else {
      refuse_value();
    }
  }

  void end_object() {
    if (place_ == Place::entry) {
      for (const char* field : {"dtype", "shape", "data_offsets"}) {
        if (!fields_.contains(field)) fail(where() + " lacks the field " + json_string(field));
      }
      header_.entries.push_back(std::move(entry_));
    }
    place_ = place_ == Place::top ? Place::outside : Place::top;
  }

  void start_array() {
    if (place_ != Place::entry || field_ == "dtype") refuse_value();
    place_ = field_ == "shape" ? Place::shape : Place::offsets;
  }

  void end_array() {
    if (place_ == Place::offsets) {
      if (offsets_.size() != 2) fail(where() + ": \"data_offsets\" must be two numbers");
      entry_.begin = offsets_[0];
      entry_.end = offsets_[1];
    }
    place_ = Place::entry;
  }

  void string(const std::string& value) {
    if (place_ == Place::metadata) {
      header_.metadata.emplace(field_, value);
    } else if (place_ == Place::entry && field_ == "dtype") {
      const std::optional<DataType> type = parse_type(value);
      if (!type)
        fail(where() + " has the dtype " + json_string(value) + "; F32, F64, F16, BF16, I64 and U8 are supported");
      entry_.dtype = *type;
    } else {
      refuse_value();
    }
  }

  void number(std::uint64_t value) {
    constexpr auto limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if ((place_ != Place::shape && place_ != Place::offsets) || value > limit) refuse_value();
    if (place_ == Place::shape) {
      entry_.shape.push_back(static_cast<std::int64_t>(value));
    } else {
      offsets_.push_back(value);
    }
  }

  [[nodiscard]] static std::optional<DataType> parse_type(std::string_view name) {
    for (const DataType type : {DataType::float32, DataType::float64, DataType::int64, DataType::uint8,
                                DataType::float16, DataType::bfloat16}) {
      if (name == safetensors_name(type)) return type;
    }
    return std::nullopt;
  }

  [[nodiscard]] std::string where() const { return "tensor " + json_string(name_); }

  [[noreturn]] void fail(const std::string& reason) const { throw_bad_safetensors(file_, reason); }

  /// The value just read has another type or size than its place needs.
  [[noreturn]] void refuse_value() const {
    if (place_ == Place::metadata) fail("metadata " + json_string(field_) + " must be a string");
    if (place_ == Place::top) fail(json_string(name_) + " must be an object");
    if (field_ == "dtype") fail(where() + ": \"dtype\" must be a string");
    fail(where() + ": " + json_string(field_) + " must be a list of whole numbers from 0 to 2^63 - 1");
  }

  std::string_view file_;
  SafetensorsHeader header_;
  Place place_ = Place::outside;
  std::string name_;                    // of the tensor being read
  std::string field_;                   // of that tensor, or the key of the metadata being read
  std::set<std::string> names_;         // of all tensors so far, "__metadata__" among them
  std::set<std::string> fields_;        // of the tensor being read
  std::vector<std::uint64_t> offsets_;  // of the tensor being read
  SafetensorsEntry entry_;
};

/// Reads the header's JSON; only its form is checked, not the ranges. Throws FileError that names `file`.
[[nodiscard]] inline SafetensorsHeader parse_safetensors_header(std::string_view json, std::string_view file) {
  if (json.empty() || json.front() != '{') throw_bad_safetensors(file, "its header must start with '{'");
  const std::size_t last = json.find_last_not_of(' ');
  if (json[last] != '}') throw_bad_safetensors(file, "its header must end with '}' and padding by spaces");
  SafetensorsHeaderReader reader(file);
  const auto problem = visit_json(json.substr(0, last + 1), std::ref(reader));
  if (problem) throw_bad_safetensors(file, "its header " + *problem);
  return reader.take();
}

}  // namespace detail
}  // namespace saccade
