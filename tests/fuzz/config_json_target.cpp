// Configurations of models and of their training: JSON, by update_from_json, and NAME=VALUE, by set_field.
#include <saccade/model/config_json.hpp>
#include <saccade/training/config.hpp>

#include "target.hpp"

using namespace saccade;

namespace {

/// `change` alters a configuration, or refuses to; what it altered is written and read back.
template <class Config, class Change>
void expect_round_trip(Config config, const Change& change) {
  if (!fuzz::accepted([&] { return change(config), 0; })) return;
  const Json written = to_json(config);
  Config again;
  update_from_json(written, again, "written");
  fuzz::expect(to_json(again) == written, "a configuration is written and read back");
  const std::optional<Json> text = parse_json(json_text(written));
  fuzz::expect(text && *text == written, "as text too");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  if (const std::optional<Json> json = fuzz::accepted([&] { return parse_json(text); }).value_or(std::nullopt)) {
    expect_round_trip(HybridAttentionConfig{}, [&](auto& config) {
      update_from_json(*json, config, "input");
      config = validated(config);
    });
    expect_round_trip(TrainingConfig{}, [&](auto& config) {
      update_from_json(*json, config, "input");
      validate(config);
    });
    return 0;
  }
  expect_round_trip(HybridAttentionConfig{}, [&](auto& config) { set_field(config, text); });
  expect_round_trip(TrainingConfig{}, [&](auto& config) { set_field(config, text); });
  return 0;
}
