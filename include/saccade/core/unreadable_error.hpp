#pragma once

#include <saccade/core/error.hpp>

#include <cerrno>
#include <string>

namespace saccade::inline SACCADE_VERSION_NAMESPACE {

/// A file that the system does not let be read, whatever it holds: missing, forbidden, out of reach. What is read and
/// makes no sense is a plain FileError.
struct UnreadableError : FileError {
  UnreadableError(const std::string& sentence, int reason_) : FileError(sentence), reason(reason_) {}

  /// Whether another moment may do better: too many open files, no memory, a device or a server that does not answer.
  [[nodiscard]] bool passing() const {
    switch (reason) {
      case ENOENT:
      case ENOTDIR:
      case EACCES:
      case EPERM:
      case EISDIR:
      case ELOOP:
      case ENAMETOOLONG:
        return false;
      default:
        return true;
    }
  }

  int reason;  ///< errno
};

}  // namespace saccade
