#pragma once

#include <saccade/core/shape.hpp>
#include <saccade/data/dataset.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// Files or images that a reader did not take, for one reason.
struct PassedOver {
  static constexpr std::size_t names_kept = 3;

  std::string reason{};  ///< "hidden files"
  Index count = 0;
  std::vector<std::string> names{};  ///< of the first few
};

/// What a reader took, what it passed over and why, and what a user should know about the data.
class Account {
 public:
  [[nodiscard]] const std::vector<PassedOver>& passed_over() const { return passed_over_; }
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

  void pass_over(std::string_view reason, std::string name) {
    auto entry = passed_over_.begin();
    while (entry != passed_over_.end() && entry->reason != reason) ++entry;
    if (entry == passed_over_.end()) entry = passed_over_.insert(entry, {.reason = std::string(reason)});
    if (entry->names.size() < PassedOver::names_kept) entry->names.push_back(std::move(name));
    ++entry->count;
  }

  void warn(std::string sentence) { warnings_.push_back(std::move(sentence)); }

 private:
  std::vector<PassedOver> passed_over_;
  std::vector<std::string> warnings_;
};

/// A data set as a reader found it.
struct Reading {
  Dataset dataset;
  Account account;
};

/// "passed over: 12 hidden files (.DS_Store, ...)", a line a reason, then "warning: ..." lines; empty where there is
/// nothing to tell.
[[nodiscard]] inline std::string describe(const Account& account) {
  std::string text;
  for (const PassedOver& each : account.passed_over()) {
    text += "passed over: " + std::to_string(each.count) + ' ' + each.reason + " (";
    for (std::size_t i = 0; i < each.names.size(); ++i) text += (i == 0 ? "" : ", ") + each.names[i];
    text += static_cast<Index>(each.names.size()) < each.count ? ", ...)\n" : ")\n";
  }
  for (const std::string& warning : account.warnings()) text += "warning: " + warning + '\n';
  return text;
}

}  // namespace saccade::data
