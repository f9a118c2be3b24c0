#pragma once

#include <saccade/core/backend.hpp>
#include <saccade/core/component.hpp>
#include <saccade/core/glob.hpp>
#include <saccade/training/safetensors.hpp>
#include <saccade/training/tensor_map.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Weights from files that others have made. Opt-in: needs nlohmann/json.
namespace saccade::inline SACCADE_NAMESPACE {

/// A number of 16 bits: 1 bit of sign, 5 of exponent, 10 of fraction. Exact.
[[nodiscard]] inline float from_float16(std::uint16_t bits) {
  const int exponent = bits >> 10 & 0x1f, fraction = bits & 0x3ff;
  const float magnitude = exponent == 0x1f ? (fraction == 0 ? HUGE_VALF : std::nanf(""))
                          : exponent == 0  ? std::ldexp(static_cast<float>(fraction), -24)
                                           : std::ldexp(static_cast<float>(fraction | 0x400), exponent - 25);
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

/// The upper half of a number of 32 bits. Exact.
[[nodiscard]] inline float from_bfloat16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

namespace detail {

/// The elements of F32, F64, F16 or BF16; nothing of any other type.
template <class Number>
[[nodiscard]] std::vector<Number> floating_numbers(const NamedArray& array) {
  const auto converted = [](const auto& values) { return std::vector<Number>(values.begin(), values.end()); };
  if (array.dtype == DataType::float32) return converted(array.values<float>());
  if (array.dtype == DataType::float64) return converted(array.values<double>());
  std::vector<Number> numbers;
  if (array.dtype != DataType::float16 && array.dtype != DataType::bfloat16) return numbers;
  for (std::size_t i = 0; i < array.bytes.size(); i += 2) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, array.bytes.data() + i, sizeof bits);
    numbers.push_back(static_cast<Number>(array.dtype == DataType::float16 ? from_float16(bits) : from_bfloat16(bits)));
  }
  return numbers;
}

/// (O, I, kh, kw) as (O, kh, kw, I).
template <class Number>
[[nodiscard]] std::vector<Number> channels_last(const std::vector<Number>& values,
                                                const std::vector<std::int64_t>& shape) {
  const auto outputs = static_cast<std::size_t>(shape[0]), inputs = static_cast<std::size_t>(shape[1]);
  const std::size_t window = static_cast<std::size_t>(shape[2]) * static_cast<std::size_t>(shape[3]);
  std::vector<Number> moved(values.size());
  for (std::size_t o = 0; o < outputs; ++o)
    for (std::size_t i = 0; i < inputs; ++i)
      for (std::size_t k = 0; k < window; ++k)
        moved[(o * window + k) * inputs + i] = values[(o * inputs + i) * window + k];
  return moved;
}

/// "tensor a is missing; tensor b is left over", a few of them.
[[nodiscard]] inline std::string few_problems(const std::vector<std::string>& problems) {
  constexpr std::size_t most = 4;
  std::string text;
  for (std::size_t i = 0; i < std::min(problems.size(), most); ++i) text += (i ? "; " : "") + problems[i];
  if (problems.size() > most) text += "; and " + std::to_string(problems.size() - most) + " more";
  return text;
}

}  // namespace detail

/// Fills `tensors` from a file by a map of names. Every one of them must be in the map, and every tensor of the file in
/// the map or among what it ignores; nothing is folded into anything else. All is checked before anything changes.
///
/// @param name  what the error sentences call the file
/// @throws FileError    that names what is missing, left over, of another shape, of a type that holds no fractions, or
///                      not finite
/// @throws ConfigError  where the map does not fit `tensors`
template <TensorMemory B>
void load_tensors(B& b, const SafetensorsFile& file, const std::vector<NamedTensor<Tensor<B>>>& tensors,
                  const TensorMap& map, std::string_view name) {
  std::map<std::string_view, const TensorMap::Entry*> by_tensor;
  std::set<std::string_view> used;
  for (const TensorMap::Entry& entry : map.entries) {
    by_tensor[entry.tensor] = &entry;
    used.insert(entry.stored);
  }
  std::vector<std::string> problems;
  std::vector<std::vector<Scalar<B>>> values;
  for (const auto& named : tensors) {
    const auto found = by_tensor.find(named.name);
    expect_config(found != by_tensor.end(), "load_tensors: the map says nothing of the tensor " + named.name);
    const TensorMap::Entry& entry = *found->second;
    by_tensor.erase(found);
    values.emplace_back();
    const NamedArray* const array = file.find(entry.stored);
    const std::string what = "tensor " + entry.stored + " (here " + named.name + ") ";
    if (!array) {
      problems.push_back(what + "is missing");
      continue;
    }
    const Shape shape = b.shape(*named.tensor);
    std::vector<std::int64_t> expected;
    for (std::size_t axis = 0; axis < shape.rank(); ++axis) expected.push_back(shape[axis]);
    if (entry.layout == TensorLayout::channels_first) {
      expect_config(shape.rank() == 4, "load_tensors: " + named.name + " is no convolution: its shape is " +
                                           to_string(shape));
      expected = {shape[0], shape[3], shape[1], shape[2]};
    }
    if (array->shape != expected) {
      problems.push_back(what + "must be " + detail::list_text(expected) + ", but is " +
                         detail::list_text(array->shape));
      continue;
    }
    if (array->dtype == DataType::int64 || array->dtype == DataType::uint8) {
      problems.push_back(what + "must be F32, F64, F16 or BF16, but is " + std::string(safetensors_name(array->dtype)));
      continue;
    }
    std::vector<Scalar<B>>& numbers = values.back();
    numbers = detail::floating_numbers<Scalar<B>>(*array);
    if (!std::all_of(numbers.begin(), numbers.end(), [](Scalar<B> number) { return std::isfinite(number); }))
      problems.push_back(what + "has numbers that are not finite");
    if (entry.layout == TensorLayout::channels_first) numbers = detail::channels_last(numbers, array->shape);
  }
  if (!by_tensor.empty())
    throw ConfigError("load_tensors: there is no tensor " + std::string(by_tensor.begin()->first) +
                      ", which the map names");
  for (const NamedArray& array : file.tensors) {
    const auto ignores = [&](const std::string& pattern) { return matches_glob(array.name, pattern); };
    if (used.contains(array.name) || std::any_of(map.ignored.begin(), map.ignored.end(), ignores)) continue;
    problems.push_back("tensor " + array.name + " is left over");
  }
  if (!problems.empty())
    throw FileError('"' + std::string(name) + "\": does not fit: " + detail::few_problems(problems));
  for (std::size_t i = 0; i < tensors.size(); ++i)
    b.upload(std::span<const Scalar<B>>(values[i]), *tensors[i].tensor);
}

/// The same from a file on disk. @throws FileError also where it cannot be read or is damaged
template <TensorMemory B>
void load_tensors(B& b, const std::filesystem::path& path, const std::vector<NamedTensor<Tensor<B>>>& tensors,
                  const TensorMap& map) {
  load_tensors(b, read_safetensors(path), tensors, map, path.string());
}

}  // namespace saccade
