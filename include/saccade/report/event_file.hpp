#pragma once

#include <saccade/core/crc32c.hpp>
#include <saccade/core/error.hpp>
#include <saccade/core/file.hpp>
#include <saccade/core/shape.hpp>

#include <nlohmann/json.hpp>

#include <array>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

/// Event files, which TensorBoard reads: records of length, checksum, data, checksum, where the data are a protocol
/// buffer
///     Event {double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5}
///     Summary {repeated Value value = 1}    Value {string tag = 1; float simple_value = 2}
/// Opt-in: needs nlohmann/json.
/// Source: tensorflow/core/lib/io/record_writer.h, tensorflow/core/util/event.proto.
namespace saccade::inline SACCADE_NAMESPACE::report {

struct EventScalar {
  std::string tag;  ///< "epoch/validation/auc": slashes group
  double value = 0;
};

namespace detail {

/// `count` bytes, the least significant first.
inline void append_little_endian(std::string& bytes, std::uint64_t value, int count) {
  for (int i = 0; i < count; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xFFU);
}

/// Seven bits a byte, the least significant first, the top bit saying that more follow.
inline void append_varint(std::string& bytes, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>((value & 0x7FU) | 0x80U);
  bytes += static_cast<char>(value);
}

/// A field of bytes: text, or another message.
inline void append_bytes_field(std::string& bytes, std::uint64_t field, std::string_view content) {
  append_varint(bytes, field << 3 | 2);
  append_varint(bytes, content.size());
  bytes += content;
}

/// The beginning of every event: wall time and step.
[[nodiscard]] inline std::string event_head(double wall_time, Index step) {
  std::string bytes;
  append_varint(bytes, 1 << 3 | 1);
  append_little_endian(bytes, std::bit_cast<std::uint64_t>(wall_time), 8);
  append_varint(bytes, 2 << 3 | 0);
  append_varint(bytes, static_cast<std::uint64_t>(step));
  return bytes;
}

[[nodiscard]] inline std::uint32_t masked_checksum(std::string_view bytes) {
  Crc32c checksum;
  checksum.update(std::as_bytes(std::span(bytes.data(), bytes.size())));
  return std::rotr(checksum.value(), 15) + 0xa282ead8U;
}

}  // namespace detail

/// One record of an event file.
[[nodiscard]] inline std::string event_record(std::string_view data) {
  std::string bytes;
  detail::append_little_endian(bytes, data.size(), 8);
  detail::append_little_endian(bytes, detail::masked_checksum(bytes), 4);
  bytes += data;
  detail::append_little_endian(bytes, detail::masked_checksum(data), 4);
  return bytes;
}

/// The data of an event with scalars.
/// @param wall_time  seconds since 1970
[[nodiscard]] inline std::string scalar_event(double wall_time, Index step, std::span<const EventScalar> scalars) {
  std::string summary;
  for (const EventScalar& scalar : scalars) {
    std::string value;
    detail::append_bytes_field(value, 1, scalar.tag);
    detail::append_varint(value, 2 << 3 | 5);
    detail::append_little_endian(value, std::bit_cast<std::uint32_t>(static_cast<float>(scalar.value)), 4);
    detail::append_bytes_field(summary, 1, value);
  }
  std::string event = detail::event_head(wall_time, step);
  detail::append_bytes_field(event, 5, summary);
  return event;
}

/// Every number of an object and of the objects in it, its tag made of `prefix` and the names: "epoch/validation/auc".
[[nodiscard]] inline std::vector<EventScalar> event_scalars(const nlohmann::ordered_json& json,
                                                            const std::string& prefix) {
  std::vector<EventScalar> scalars;
  for (const auto& [name, value] : json.items()) {
    if (value.is_number()) scalars.push_back({prefix + '/' + name, value.get<double>()});
    if (!value.is_object()) continue;
    for (EventScalar& scalar : event_scalars(value, prefix + '/' + name)) scalars.push_back(std::move(scalar));
  }
  return scalars;
}

/// Seconds since 1970.
[[nodiscard]] inline double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// Appends events to a file of its own, each handed to the operating system before `add` returns.
class EventFileWriter {
 public:
  /// Makes the folder and in it events.out.tfevents.<seconds>.<host>.<process>. @throws FileError
  explicit EventFileWriter(const std::filesystem::path& folder, std::function<double()> clock = wall_seconds)
      : clock_(std::move(clock)), path_(make_path(folder, clock_())), file_(open(path_)) {
    if (!file_.open()) throw file_error(path_, "cannot be written", errno);
    std::string event = detail::event_head(clock_(), 0);
    detail::append_bytes_field(event, 3, "brain.Event:2");
    write(event);
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  /// @throws FileError
  void add(Index step, std::span<const EventScalar> scalars) { write(scalar_event(clock_(), step, scalars)); }

 private:
  static std::filesystem::path make_path(const std::filesystem::path& folder, double now) {
    create_folders(folder);
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) host = {'u', 'n', 'k', 'n', 'o', 'w', 'n'};
    return folder / ("events.out.tfevents." + std::to_string(static_cast<long long>(now)) + '.' + host.data() + '.' +
                     std::to_string(::getpid()));
  }

  static int open(const std::filesystem::path& path) {
    return ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  }

  void write(std::string_view event) {
    const std::string record = event_record(event);
    if (!saccade::detail::write_all(file_.number(), saccade::detail::bytes_of(record)))
      throw file_error(path_, "cannot be written", errno);
  }

  std::function<double()> clock_;
  std::filesystem::path path_;
  saccade::detail::Descriptor file_;
};

}  // namespace saccade::report
