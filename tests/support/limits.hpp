#pragma once

#include <sys/resource.h>
#include <unistd.h>
#include <csignal>
#include <fstream>

/// Limits of this process, as a machine sets them that has little left. Each ends with its object.
namespace limits {

/// No more than `most` of a resource.
class Limit {
 public:
  Limit(decltype(RLIMIT_AS) resource, rlim_t most) : resource_(resource) {
    ::getrlimit(resource_, &before_);
    const rlimit limit{most, before_.rlim_max};
    ::setrlimit(resource_, &limit);
  }
  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;
  ~Limit() { ::setrlimit(resource_, &before_); }

 private:
  decltype(RLIMIT_AS) resource_;
  rlimit before_{};
};

/// No file may grow beyond `bytes`, as on a disk that is full: a write then fails with "File too large".
class FileSize {
 public:
  explicit FileSize(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)), limit_(RLIMIT_FSIZE, bytes) {}
  FileSize(const FileSize&) = delete;
  FileSize& operator=(const FileSize&) = delete;
  ~FileSize() { std::signal(SIGXFSZ, handler_); }

 private:
  void (*handler_)(int);
  Limit limit_;
};

/// No more memory can be mapped than `more` bytes beside what is: "Cannot allocate memory".
class Memory : Limit {
 public:
  explicit Memory(rlim_t more) : Limit(RLIMIT_AS, mapped() + more) {}

 private:
  static rlim_t mapped() {
    rlim_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    return pages * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE));
  }
};

/// No file can be opened: "Too many open files".
class NoMoreFiles : Limit {
 public:
  NoMoreFiles() : Limit(RLIMIT_NOFILE, 0) {}
};

}  // namespace limits
