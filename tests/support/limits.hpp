#pragma once

#include <sys/resource.h>
#include <unistd.h>
#include <csignal>
#include <fstream>

/// Limits of this process, as a machine sets them that has little left. Each ends with its object.
namespace limits {

/// No file may grow beyond `bytes`, as on a disk that is full: a write then fails with "File too large".
class FileSize {
 public:
  explicit FileSize(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSize(const FileSize&) = delete;
  FileSize& operator=(const FileSize&) = delete;
  ~FileSize() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int);
};

/// No more memory can be mapped than `more` bytes beside what is: "Cannot allocate memory".
class Memory {
 public:
  explicit Memory(rlim_t more) {
    ::getrlimit(RLIMIT_AS, &before_);
    rlim_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlimit limit{pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) + more, before_.rlim_max};
    ::setrlimit(RLIMIT_AS, &limit);
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() { ::setrlimit(RLIMIT_AS, &before_); }

 private:
  rlimit before_{};
};

/// No file can be opened: "Too many open files".
class NoMoreFiles {
 public:
  NoMoreFiles() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit limit{0, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  NoMoreFiles(const NoMoreFiles&) = delete;
  NoMoreFiles& operator=(const NoMoreFiles&) = delete;
  ~NoMoreFiles() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace limits
