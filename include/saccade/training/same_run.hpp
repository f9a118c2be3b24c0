#pragma once

#include <saccade/core/component.hpp>
#include <saccade/core/content_hash.hpp>
#include <saccade/core/process_group.hpp>
#include <saccade/model/json.hpp>
#include <saccade/training/run_config.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What the processes of a run must have in common, checked before its first step. Opt-in: needs nlohmann/json.
namespace saccade::inline SACCADE_NAMESPACE {

namespace detail {

/// @param of  what process `other` has to say of how it differs from process 0; nothing where it does not
template <class Difference>
void expect_none_differs(const ProcessGroup& group, const std::vector<std::string>& texts, const Difference& of) {
  for (std::size_t other = 1; other < texts.size(); ++other) {
    if (texts[other] == texts[0]) continue;
    const std::string difference = of(texts[other]);
    group.fail(ConfigError("process " + std::to_string(other) + " of " + std::to_string(texts.size()) + difference));
  }
}

}  // namespace detail

/// @param what  "program", say: "process 1 of 4 has another program than process 0 (...)"
/// @throws ConfigError, in all processes, unless `text` is the same in all
inline void expect_same(const ProcessGroup& group, std::string_view what, const std::string& text) {
  const std::vector<std::string> texts = group.together([&] { return text; });
  detail::expect_none_differs(group, texts, [&](const std::string& other) {
    return " has another " + std::string(what) + " than process 0 (" + other + ", not " + texts[0] + ")";
  });
}

/// The same of describe_run: version, configuration and images. @throws ConfigError that names the first difference
inline void expect_same_description(const ProcessGroup& group, const nlohmann::ordered_json& description) {
  const std::vector<std::string> texts = group.together([&] { return json_text(description); });
  detail::expect_none_differs(group, texts, [&](const std::string& other) -> std::string {
    const std::optional<Json> zero = parse_json(texts[0]), there = parse_json(other);
    const auto found = detail::run_difference(zero.value_or(Json()), there.value_or(Json()), "", {});
    if (!found) return " has another description than process 0";
    return std::string(" has another ") + (found->name.starts_with("data.") ? "data set" : "configuration") +
           " than process 0: " + found->name + " is " + json_text(found->now) + ", not " + json_text(found->before);
  });
}

/// The same of the numbers of every tensor that `owners` list, after so many updates.
template <class B, class... Owners>
void expect_same_weights(const ProcessGroup& group, B& b, std::int64_t updates, Owners&... owners) {
  if (group.size() == 1) return;
  ContentHash hash;
  const auto add = [&](auto& owner) {
    for (const auto& named : named_tensors<B>(owner)) {
      const std::vector<Scalar<B>> values = to_vector(b, *named.tensor);
      hash.add(std::span<const Scalar<B>>(values));
    }
  };
  (add(owners), ...);
  expect_same(group, "state of the weights",
              std::to_string(hash.value()) + " after " + std::to_string(updates) + " updates");
}

}  // namespace saccade
