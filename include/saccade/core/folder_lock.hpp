#pragma once

// Opt-in: needs POSIX and flock.

#include <saccade/core/error.hpp>
#include <saccade/core/file.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace saccade::inline SACCADE_NAMESPACE {

/// The right to write in a folder, which one process at a time has, for as long as one of these lives. It is a lock on
/// a file in that folder (flock: a network file system tells other machines of it), which the system gives back however
/// the process ends: a file that is left behind is not locked. The file says who holds the lock, and is gone
/// afterwards.
class FolderLock {
 public:
  /// @param file     name of the file: who asks for another has another right
  /// @param owner    what errors call the holder: "saccade train"
  /// @param patience for how long a lock of somebody else is waited for
  /// @param lock     flock, or what stands in for it
  /// @throws FileError where somebody else has the lock, and who; or where the folder cannot be written
  FolderLock(const std::filesystem::path& folder, const std::string& file, const std::string& owner,
             std::chrono::milliseconds patience = {}, int (*lock)(int, int) = ::flock)
      : path_(folder / file) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!take(lock)) {
      if (std::chrono::steady_clock::now() >= until) {
        throw FileError('"' + folder.string() + "\": is being written by " + holder() +
                        "; wait until that has ended, or name another folder");
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    const std::string text = owner + ", process " + std::to_string(::getpid()) + " on " + host() + '\n';
    if (::ftruncate(file_->number(), 0) != 0 || !detail::write_all(file_->number(), detail::bytes_of(text))) {
      const int reason = errno;
      ::unlink(path_.c_str());
      throw file_error(path_, "cannot be written", reason);
    }
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock() { ::unlink(path_.c_str()); }  // while it is still locked

  /// Empty, or a sentence: the file system knows no locks, so that nobody is kept out.
  [[nodiscard]] const std::string& warning() const { return warning_; }

 private:
  /// False where somebody else has the lock.
  bool take(int (*lock)(int, int)) {
    while (true) {
      file_.emplace(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
      if (!file_->open()) throw file_error(path_, "cannot be written", errno);
      if (lock(file_->number(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK || errno == EINTR) return false;
        if (errno != ENOSYS && errno != EOPNOTSUPP && errno != ENOLCK)
          throw file_error(path_, "cannot be locked", errno);
        warning_ = file_error(path_, "cannot be locked, so see to it that nobody else writes there", errno).what();
        return true;
      }
      // Whoever had the lock has removed the file before giving it back, and a lock on a file without a name keeps
      // nobody out.
      struct stat mine {};
      struct stat named {};
      if (::fstat(file_->number(), &mine) != 0) throw file_error(path_, "cannot be locked", errno);
      const bool there = ::stat(path_.c_str(), &named) == 0;
      if (!there && errno != ENOENT) throw file_error(path_, "cannot be locked", errno);
      if (there && mine.st_ino == named.st_ino && mine.st_dev == named.st_dev) return true;
    }
  }

  /// "saccade train, process 4711 on node7".
  [[nodiscard]] std::string holder() const {
    try {
      const std::vector<std::uint8_t> bytes = read_file(path_);
      std::string text(bytes.begin(), bytes.end());
      text.resize(std::min(text.find('\n'), text.size()));
      if (!text.empty()) return text;
    } catch (const FileError&) {  // it has just been given back
    }
    return "another process";
  }

  [[nodiscard]] static std::string host() {
    char name[256] = {};
    return ::gethostname(name, sizeof name - 1) == 0 && name[0] != '\0' ? name : "this machine";
  }

  std::filesystem::path path_;
  std::optional<saccade::detail::Descriptor> file_;
  std::string warning_;
};

}  // namespace saccade
