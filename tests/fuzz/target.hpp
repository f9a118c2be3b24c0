#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/file.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include <sys/mman.h>
#include <unistd.h>

/// What libFuzzer, or replay.cpp, calls with one input after the other. Each target of this folder defines it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

/// What the fuzz targets share. A target reads its input by one of our readers and holds it to laws: whatever the bytes
/// are, they are refused by an Error of ours, or what was read keeps the promises of the reader and survives being
/// written and read again. Anything else ends the process, which is a finding.
namespace fuzz {

/// Ends the process where a law does not hold.
inline void expect(bool holds, const char* law) {
  if (holds) return;
  std::fprintf(stderr, "a law is broken: %s\n", law);
  std::abort();
}

/// What `read` gives; nothing where it refuses the input with a sentence. Other exceptions end the process.
template <class Read>
[[nodiscard]] std::optional<std::invoke_result_t<Read>> accepted(const Read& read) {
  try {
    return read();
  } catch (const saccade::Error& error) {
    expect(!std::string_view(error.what()).empty(), "an error says what is wrong");
    return {};
  }
}

[[nodiscard]] inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// A file in memory, for readers that take a path.
class MemoryFile {
 public:
  MemoryFile() : number_(::memfd_create("input", MFD_CLOEXEC)), path_("/proc/self/fd/" + std::to_string(number_)) {
    expect(number_ >= 0, "there is memory for a file");
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { ::close(number_); }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  void write(std::string_view text) const {
    expect(::ftruncate(number_, 0) == 0, "a file in memory can be cut");
    for (std::size_t done = 0; done < text.size();) {
      const ssize_t written = ::pwrite(number_, text.data() + done, text.size() - done, static_cast<off_t>(done));
      expect(written > 0, "a file in memory can be written");
      done += static_cast<std::size_t>(written);
    }
  }

 private:
  int number_;
  std::filesystem::path path_;
};

/// A folder in memory where there is one, removed at the end of the process.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string pattern =
        std::filesystem::is_directory("/dev/shm") ? "/dev/shm/saccade-fuzz-XXXXXX" : "/tmp/saccade-fuzz-XXXXXX";
    expect(::mkdtemp(pattern.data()) != nullptr, "a scratch folder can be made");
    path_ = pattern;
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace fuzz
