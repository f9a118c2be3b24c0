#pragma once

// Opt-in: needs POSIX.

#include <saccade/core/crc32c.hpp>
#include <saccade/core/file.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// What a file holds, in a few letters, and what tells that it has not changed since.
struct ContentSum {
  std::uintmax_t bytes = 0;
  std::int64_t changed = 0;  ///< nanoseconds since 1970 of its last change (ctime); 0: so short before that it may
                             ///< change again and keep it
  std::string sum{};         ///< CRC-32C, eight hexadecimal digits; empty: the file cannot be read

  friend bool operator==(const ContentSum&, const ContentSum&) = default;
};

namespace detail {

/// Hands the bytes of a file to `take`, block by block, of a megabyte or of so many as it has. False: errno says why
/// not.
template <class Take>
[[nodiscard]] bool read_blocks(const saccade::detail::Descriptor& file, std::uintmax_t bytes, const Take& take) {
  std::vector<std::byte> block(std::clamp<std::uintmax_t>(bytes, 1, std::uintmax_t{1} << 20));
  while (true) {
    const ssize_t count = ::read(file.number(), block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return count == 0;
    take(std::span<const std::byte>(block).first(static_cast<std::size_t>(count)));
  }
}

}  // namespace detail

/// The sum of a file, read unless `known` is of the same size and moment. A file that is missing or forbidden has none.
/// @throws UnreadableError where another moment may do better
[[nodiscard]] inline ContentSum content_sum(const std::filesystem::path& path,
                                            const std::optional<ContentSum>& known = {}) {
  const auto give_up = [&]() -> ContentSum {
    const UnreadableError error = unreadable(path, errno);
    if (error.passing()) throw error;
    return {};
  };
  const saccade::detail::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open()) return give_up();
  struct stat about {};
  if (::fstat(file.number(), &about) != 0) return give_up();
  ContentSum content{.bytes = static_cast<std::uintmax_t>(about.st_size),
                     .changed = std::int64_t{about.st_ctim.tv_sec} * 1'000'000'000 + about.st_ctim.tv_nsec};
  if (known && known->changed != 0 && known->changed == content.changed && known->bytes == content.bytes) return *known;
  // Times are counted in steps: what changes within one is not told.
  constexpr std::time_t longest_step = 2;
  if (std::time(nullptr) - about.st_ctim.tv_sec <= longest_step) content.changed = 0;

  Crc32c crc;
  if (!detail::read_blocks(file, content.bytes, [&](std::span<const std::byte> block) { crc.update(block); }))
    return give_up();
  content.sum = crc.text();
  return content;
}

}  // namespace saccade::data
