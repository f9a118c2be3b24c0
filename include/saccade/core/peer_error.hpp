#pragma once

#include <saccade/core/error.hpp>

#include <string>

namespace saccade::inline SACCADE_VERSION_NAMESPACE {

/// Another process of a common task cannot go on, so this one cannot either. The sentence is the other's, who says it;
/// here it is not to be said again.
struct PeerError : Error {
  enum class Kind : char { config = 'c', file = 'f', numeric = 'n', other = 'o' };

  PeerError(Kind kind_, const std::string& sentence) : Error(sentence), kind(kind_) {}

  Kind kind;  ///< of the other's error
};

}  // namespace saccade
