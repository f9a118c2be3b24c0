#pragma once

#include <saccade/core/config.hpp>

#include <functional>
#include <string>
#include <utility>

namespace saccade::inline SACCADE_NAMESPACE::testing {

/// The outcome of a case: a sentence for what went wrong first, and how often something did.
class Report {
 public:
  [[nodiscard]] bool passed() const { return failures_ == 0; }

  /// Empty if the case passed.
  [[nodiscard]] std::string message() const {
    return failures_ < 2 ? first_ : first_ + " (and " + std::to_string(failures_ - 1) + " more)";
  }

  void fail(std::string sentence) {
    if (failures_++ == 0) first_ = std::move(sentence);
  }

  /// The sentence has to be built beforehand, so not for the elements of a tensor: test, then `fail`.
  void expect(bool condition, const std::string& sentence) {
    if (!condition) fail(sentence);
  }

 private:
  std::string first_;
  int failures_ = 0;
};

/// One law of the contract, as it holds for one backend. Framework-free: run it and look at the report.
struct Case {
  std::string name;  ///< "linear: agrees with the reference"
  std::function<Report()> run;
};

}  // namespace saccade::testing
