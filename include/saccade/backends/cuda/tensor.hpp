#pragma once

#include <saccade/backends/cuda/device_memory.hpp>
#include <saccade/backends/cuda/launchers.hpp>
#include <saccade/core/shape.hpp>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace saccade::inline SACCADE_VERSION_NAMESPACE::cuda {

[[nodiscard]] constexpr std::size_t bytes_of(Format format) { return format == Format::bf16 ? 2 : 4; }

/// A tensor of CudaBackend: device memory, its shape, and the format of its numbers. It may outlive the backend.
class DeviceTensor {
 public:
  DeviceTensor() = default;
  DeviceTensor(std::shared_ptr<const Stream> stream, const Shape& shape, Format format, std::string_view operation)
      : shape_(shape),
        format_(format),
        memory_(std::move(stream), static_cast<std::size_t>(shape.size()) * bytes_of(format), operation) {}

  [[nodiscard]] const Shape& shape() const { return shape_; }
  [[nodiscard]] Index size() const { return shape_.size(); }
  /// Rows of a matrix: all axes but the last.
  [[nodiscard]] Index rows() const { return shape_.last() == 0 ? 0 : size() / shape_.last(); }
  [[nodiscard]] Format format() const { return format_; }

  [[nodiscard]] Map map() { return {memory_.data(), format_}; }
  [[nodiscard]] ConstMap map() const { return {memory_.data(), format_}; }

  /// The numbers of a tensor that is not a feature map in bf16. @throws CudaError if it is one
  [[nodiscard]] float* single(std::string_view operation, std::string_view operand) {
    expect_single(operation, operand);
    return static_cast<float*>(memory_.data());
  }
  [[nodiscard]] const float* single(std::string_view operation, std::string_view operand) const {
    expect_single(operation, operand);
    return static_cast<const float*>(memory_.data());
  }

 private:
  void expect_single(std::string_view operation, std::string_view operand) const {
    if (format_ == Format::single) return;
    throw CudaError(std::string(operation) + ": " + std::string(operand) + " " + to_string(shape_) +
                    " must be in single precision, but is a feature map in bf16");
  }

  Shape shape_{0};
  Format format_ = Format::single;
  DeviceMemory memory_;
};

/// An operand by its name, for errors.
struct NamedMap {
  std::string_view name;
  const DeviceTensor& tensor;
};

/// Throws CudaError unless all maps of a call have one format:
/// "apply_mask: its maps must have one format, but trunk is in bf16 and attended in fp32".
inline void expect_one_format(std::string_view operation, std::initializer_list<NamedMap> maps) {
  const auto format_name = [](const NamedMap& map) {
    return std::string(map.tensor.format() == Format::bf16 ? "bf16" : "fp32");
  };
  const NamedMap& first = *maps.begin();
  for (const NamedMap& map : maps) {
    if (map.tensor.format() == first.tensor.format()) continue;
    throw CudaError(std::string(operation) + ": its maps must have one format, but " + std::string(first.name) +
                    " is in " + format_name(first) + " and " + std::string(map.name) + " in " + format_name(map));
  }
}

}  // namespace saccade::cuda
