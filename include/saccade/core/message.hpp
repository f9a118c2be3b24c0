#pragma once

#include <saccade/core/error.hpp>

#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// Numbers and texts as bytes, for another process of the same program: not for files.
class MessageWriter {
 public:
  template <class T>
  requires std::is_trivially_copyable_v<T>
  void add(const T& value) { bytes_.append(reinterpret_cast<const char*>(&value), sizeof value); }

  /// Its length, and what is in it.
  template <class T>
  void add_list(std::span<const T> list) {
    add(list.size());
    bytes_.append(reinterpret_cast<const char*>(list.data()), list.size_bytes());
  }
  void add_text(std::string_view text) { add_list(std::span<const char>(text)); }

  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Reads what a MessageWriter has written, in the same order. The text outlives it.
class MessageReader {
 public:
  explicit MessageReader(std::string_view bytes) : bytes_(bytes) {}

  [[nodiscard]] bool done() const { return bytes_.empty(); }

  template <class T>
  requires std::is_trivially_copyable_v<T>
  [[nodiscard]] T read() {
    T value;
    std::memcpy(&value, next(sizeof value), sizeof value);
    return value;
  }

  template <class T>
  [[nodiscard]] std::vector<T> read_list() {
    const auto size = read<std::size_t>();
    if (size > bytes_.size() / sizeof(T)) throw Error("a message of another process ends too early");
    std::vector<T> list(size);
    if (size > 0) std::memcpy(list.data(), next(size * sizeof(T)), size * sizeof(T));
    return list;
  }
  [[nodiscard]] std::string read_text() {
    const std::vector<char> text = read_list<char>();
    return {text.begin(), text.end()};
  }

 private:
  /// @throws Error where there are fewer bytes left
  const char* next(std::size_t count) {
    if (count > bytes_.size()) throw Error("a message of another process ends too early");
    const char* const begin = bytes_.data();
    bytes_.remove_prefix(count);
    return begin;
  }

  std::string_view bytes_;
};

}  // namespace saccade
