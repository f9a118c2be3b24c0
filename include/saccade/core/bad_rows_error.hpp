#pragma once

#include <saccade/core/error.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_VERSION_NAMESPACE {

/// An image of a batch, and why it cannot be used.
struct BadRow {
  std::size_t row = 0;  ///< in the batch
  std::string problem;
};

/// Some images of a batch turned out to be damaged while they were looked at. The text is the first one's.
struct BadRowsError : FileError {
  /// @param bad  one at least, in the order of the batch
  explicit BadRowsError(std::vector<BadRow> bad)
      : FileError(bad.front().problem), rows_(std::make_shared<const std::vector<BadRow>>(std::move(bad))) {}

  [[nodiscard]] const std::vector<BadRow>& rows() const { return *rows_; }

 private:
  std::shared_ptr<const std::vector<BadRow>> rows_;  // an exception is copied
};

}  // namespace saccade
