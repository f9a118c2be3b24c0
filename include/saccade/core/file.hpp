#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/unreadable_error.hpp>

#include <algorithm>
#include <atomic>
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
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace saccade::inline SACCADE_NAMESPACE {

/// `"runs/a": cannot be read: Permission denied`, with the text of `error_number` (errno).
[[nodiscard]] inline FileError file_error(const std::filesystem::path& path, std::string_view what, int error_number) {
  return FileError('"' + path.string() + "\": " + std::string(what) + ": " +
                   std::generic_category().message(error_number));
}

/// The same for a file that cannot be read.
[[nodiscard]] inline UnreadableError unreadable(const std::filesystem::path& path, int error_number) {
  return {file_error(path, "cannot be read", error_number).what(), error_number};
}

/// Whether a file or folder has this name; a link to nothing is none.
/// @throws UnreadableError where the system cannot tell
[[nodiscard]] inline bool file_exists(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::none) throw unreadable(path, error.value());
  return status.type() != std::filesystem::file_type::not_found;
}

/// All bytes of a file, or its first `most`.
/// @throws UnreadableError where it is missing, a folder, or cannot be read.
[[nodiscard]] inline std::vector<std::uint8_t> read_file(const std::filesystem::path& path,
                                                         std::size_t most = SIZE_MAX) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!file) throw unreadable(path, errno);
  std::vector<std::uint8_t> bytes;
  std::error_code no_size;
  const std::uintmax_t size = std::filesystem::file_size(path, no_size);
  constexpr std::size_t block = 1 << 16;
  // One byte more than the file holds, so that one call both fills the vector and sees the end.
  bytes.resize(std::min(no_size ? block : static_cast<std::size_t>(size) + 1, most));
  std::size_t filled = 0;
  while (true) {
    filled += std::fread(bytes.data() + filled, 1, bytes.size() - filled, file.get());
    if (std::ferror(file.get())) throw unreadable(path, errno);
    if (filled < bytes.size() || filled == most) break;
    bytes.resize(std::min(2 * bytes.size() + block, most));
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
    if (written == 0) errno = ENOSPC;  // no progress, and no reason given
    if (written <= 0) return false;
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

/// What a new file outlives: the end of its process only, or that of the machine as well, which takes longer.
enum class Outlives { process, power };

namespace detail {

/// A new file beside `path`, `<path>.<process>-<number>.partial`: no other process has it, on whatever machine.
struct PartialFile {
  std::filesystem::path name{};
  Descriptor file;

  /// Not open, with errno, where the folder refuses.
  static PartialFile beside(const std::filesystem::path& path) {
    static std::atomic<unsigned> count = 0;
    while (true) {
      std::filesystem::path name = path;
      name += '.' + std::to_string(::getpid()) + '-' + std::to_string(count++) + ".partial";
      const int number = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      // A name that is taken is of a process that is gone, or runs on another machine.
      if (number >= 0 || errno != EEXIST) return {std::move(name), Descriptor(number)};
    }
  }
};

}  // namespace detail

/// Makes what was renamed in a folder outlive a power failure. @throws FileError that names `what`
inline void sync_folder(const std::filesystem::path& path, const std::filesystem::path& what) {
  const detail::Descriptor folder(::open(path.empty() ? "." : path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.open()) throw file_error(what, "its folder cannot be synced", errno);
  // Some network file systems cannot sync a folder and say EINVAL.
  if (::fsync(folder.number()) != 0 && errno != EINVAL) throw file_error(what, "its folder cannot be synced", errno);
}

/// Replaces a file so that at every moment, power failure included, either the old content or the new is there whole: a
/// file of its own beside it is written, synced and closed, then renamed, then the folder is synced. Where anything
/// fails the old file stays and the other is removed. What is there and no file, a device or a pipe, is written to and not
/// replaced.
/// @throws FileError naming the path and the system's reason
inline void write_file_atomically(const std::filesystem::path& path, std::span<const std::uint8_t> bytes,
                                  Outlives outlives = Outlives::power) {
  std::error_code unknown;
  const std::filesystem::file_status there = std::filesystem::status(path, unknown);
  if (std::filesystem::is_other(there)) return write_file(path, bytes);
  const bool sync = outlives == Outlives::power;
  detail::PartialFile partial = detail::PartialFile::beside(path);
  if (!partial.file.open()) throw file_error(path, "cannot be written", errno);
  if (!detail::write_all(partial.file.number(), bytes) || (sync && ::fsync(partial.file.number()) != 0) ||
      !partial.file.close() || std::rename(partial.name.c_str(), path.c_str()) != 0) {
    const int reason = errno;
    ::unlink(partial.name.c_str());
    throw file_error(path, "cannot be written", reason);
  }
  if (sync) sync_folder(path.parent_path(), path);
}

inline void write_file_atomically(const std::filesystem::path& path, std::string_view text,
                                  Outlives outlives = Outlives::power) {
  write_file_atomically(path, detail::bytes_of(text), outlives);
}

/// Removes what processes that were killed have left of `write_file_atomically` in a folder where nobody else writes.
inline void remove_partial_files(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::filesystem::path> left;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::filesystem::path& path = entry->path();
    const std::string number = path.stem().extension().string();
    if (path.extension() == ".partial" && number.size() > 1 && number.find_first_not_of(".-0123456789") == number.npos)
      left.push_back(path);
  }
  for (const std::filesystem::path& path : left) ::unlink(path.c_str());
}

}  // namespace saccade
