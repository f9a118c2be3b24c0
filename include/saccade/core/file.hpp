#pragma once

#include <saccade/core/error.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace saccade::inline SACCADE_NAMESPACE {

/// `"runs/a": cannot be read: Permission denied`, with the text of `error_number` (errno).
[[nodiscard]] inline FileError file_error(const std::filesystem::path& path, std::string_view what, int error_number) {
  return FileError('"' + path.string() + "\": " + std::string(what) + ": " +
                   std::generic_category().message(error_number));
}

/// All bytes of a file.
/// @throws FileError where it is missing, a folder, or cannot be read.
[[nodiscard]] inline std::vector<std::uint8_t> read_file(const std::filesystem::path& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!file) throw file_error(path, "cannot be read", errno);
  std::vector<std::uint8_t> bytes;
  std::error_code no_size;
  const std::uintmax_t size = std::filesystem::file_size(path, no_size);
  constexpr std::size_t block = 1 << 16;
  // One byte more than the file holds, so that one call both fills the vector and sees the end.
  bytes.resize(no_size ? block : static_cast<std::size_t>(size) + 1);
  std::size_t filled = 0;
  while (true) {
    filled += std::fread(bytes.data() + filled, 1, bytes.size() - filled, file.get());
    if (std::ferror(file.get())) throw file_error(path, "cannot be read", errno);
    if (filled < bytes.size()) break;
    bytes.resize(2 * bytes.size() + block);
  }
  bytes.resize(filled);
  return bytes;
}

/// Makes a folder and its parents; nothing happens where it is there already.
/// @throws FileError
inline void create_folders(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw FileError('"' + folder.string() + "\": the folder cannot be made: " + error.message());
}

namespace detail {

/// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] bool open() const { return number_ >= 0; }

  /// Closes now; false, with errno, where the system reports a late failure to write.
  [[nodiscard]] bool close() {
    const int number = number_;
    number_ = -1;
    return ::close(number) == 0;
  }

 private:
  int number_;
};

/// Writes everything; false with errno set otherwise.
[[nodiscard]] inline bool write_all(int descriptor, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

[[nodiscard]] inline std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace detail

/// Writes a file in place. After a crash or on a full disk it may hold a part only.
/// @throws FileError
inline void write_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes) {
  detail::Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!file.open() || !detail::write_all(file.number(), bytes) || !file.close()) {
    throw file_error(path, "cannot be written", errno);
  }
}

inline void write_file(const std::filesystem::path& path, std::string_view text) {
  write_file(path, detail::bytes_of(text));
}

/// Replaces a file so that at every moment, power failure included, either the old content or the new is there whole:
/// `<path>.partial` in the same folder is written, synced and closed, then renamed, then the folder is synced. Where
/// anything fails the old file stays and the partial one is removed. One writer a path at a time.
/// @throws FileError naming the path and the system's reason
inline void write_file_atomically(const std::filesystem::path& path, std::span<const std::uint8_t> bytes) {
  std::filesystem::path partial = path;
  partial += ".partial";
  detail::Descriptor file(::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!file.open()) throw file_error(path, "cannot be written", errno);
  if (!detail::write_all(file.number(), bytes) || ::fsync(file.number()) != 0 || !file.close() ||
      std::rename(partial.c_str(), path.c_str()) != 0) {
    const int reason = errno;
    ::unlink(partial.c_str());
    throw file_error(path, "cannot be written", reason);
  }
  // The rename itself is durable only when the folder is on disk.
  const std::filesystem::path parent = path.parent_path();
  const detail::Descriptor folder(::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.open()) throw file_error(path, "its folder cannot be synced", errno);
  // Some network file systems cannot sync a folder and say EINVAL.
  if (::fsync(folder.number()) != 0 && errno != EINVAL) throw file_error(path, "its folder cannot be synced", errno);
}

inline void write_file_atomically(const std::filesystem::path& path, std::string_view text) {
  write_file_atomically(path, detail::bytes_of(text));
}

}  // namespace saccade
