#include <saccade/model/config_json.hpp>

#include "support/catch.hpp"

#include <string>

using namespace saccade;
using nlohmann::ordered_json;

namespace {

/// The sentence with which the model's configuration refuses `json`, or "accepted".
std::string refusal(const ordered_json& json) {
  HybridAttentionConfig config;
  try {
    update_from_json(json, config, "config.json");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

std::string refusal_of(const std::string& assignment) {
  HybridAttentionConfig config;
  try {
    set_field(config, assignment);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("a configuration as JSON says every field by its name") {
  HybridAttentionConfig config;
  config.glimpses = 7;
  config.sensor = {.side = 32, .scales = 3, .border = Border::zero, .mean = {0.25f, 0.5f, 0.75f}};
  config.encoder.mask = MaskUse::none;
  config.encoder.mask_skips = false;
  config.encoder.normalization.normalization = Normalization::group;
  config.encoder.normalization.batch_norm.momentum = 0.01;
  config.policy.sigma = 0.125;
  config.policy.state = StateGradient::attached;
  config.policy.patch_readout = Readout::positions;
  config.glance.readout = Readout::positions;
  config.supervised_steps = SupervisedSteps::every;
  const ordered_json json = to_json(config);
  CHECK(json["glimpses"] == 7);
  CHECK(json["sensor"]["border"] == "zero");
  CHECK(json["sensor"]["mean"] == ordered_json({0.25, 0.5, 0.75}));
  CHECK(json["encoder"]["mask"] == "none");
  CHECK(json["encoder"]["mask_skips"] == false);
  CHECK(json["encoder"]["normalization"]["kind"] == "group");
  CHECK(json["encoder"]["normalization"]["batch_norm"]["momentum"] == 0.01);
  CHECK(json["policy"]["sigma"] == 0.125);
  CHECK(json["policy"]["state"] == "attached");
  CHECK(json["policy"]["patch_readout"] == "positions");
  CHECK(json["glance"]["readout"] == "positions");
  CHECK(json["supervised_steps"] == "every");

  HybridAttentionConfig copy;
  REQUIRE(to_json(copy) != json);
  update_from_json(ordered_json::parse(json.dump()), copy, "model");
  CHECK(to_json(copy) == json);
  CHECK(copy.sensor.mean == config.sensor.mean);
  CHECK(copy.encoder.normalization.normalization == Normalization::group);
  CHECK(copy.policy.patch_readout == Readout::positions);
  CHECK(copy.glance.readout == Readout::positions);
}

TEST_CASE("every preset comes back from its text") {
  const std::string name = GENERATE("paper", "large", "compact", "pretrained");
  const HybridAttentionConfig config = preset(name);
  HybridAttentionConfig copy;
  update_from_json(ordered_json::parse(to_json(config).dump()), copy, "model");
  copy = validated(copy);
  CHECK(to_json(copy) == to_json(config));
  // What follows from other fields is not said, and follows again.
  CHECK(copy.encoder.inputs == config.encoder.inputs);
  CHECK(copy.encoder.side == config.encoder.side);
  CHECK(copy.policy.hidden == config.policy.hidden);
}

TEST_CASE("fields that are not named stay") {
  HybridAttentionConfig config;
  config.hidden = 99;
  update_from_json({{"encoder", {{"width", 8}}}}, config, "model");
  CHECK(config.hidden == 99);
  CHECK(config.encoder.width == 8);
  CHECK(config.encoder.trunk_units == HybridAttentionConfig{}.encoder.trunk_units);
}

TEST_CASE("a field that does not exist, or cannot take its value, has its sentence") {
  CHECK_THAT(refusal({{"glimpes", 5}}),
             contains("config.json has no field \"glimpes\"; it has classes, glimpses, sensor, "));
  CHECK_THAT(refusal({{"sensor", {{"size", 5}}}}),
             contains("config.json.sensor has no field \"size\"; it has side, scales, scale_step, zooms, border, mean, deviation"));
  CHECK(refusal({{"glimpses", "five"}}) == "config.json.glimpses must be a whole number, but is \"five\"");
  CHECK(refusal({{"glimpses", 2.5}}) == "config.json.glimpses must be a whole number, but is 2.5");
  CHECK(refusal({{"glimpses", nullptr}}) == "config.json.glimpses must be a whole number, but is null");
  CHECK(refusal({{"glimpses", true}}) == "config.json.glimpses must be a whole number, but is true");
  CHECK(refusal({{"policy", {{"sigma", "wide"}}}}) == "config.json.policy.sigma must be a number, but is \"wide\"");
  CHECK(refusal({{"policy", {{"sigma", 1}}}}) == "accepted");
  CHECK(refusal({{"policy", {{"class_term", 1}}}}) == "config.json.learner.class_term must be true or false, but is 1");
  CHECK(refusal({{"policy", {{"baseline", "value"}}}}) ==
        "config.json.learner.baseline must be none or learned or self_critical or leave_one_out, but is \"value\"");
  CHECK(refusal({{"policy", {{"baseline", 1}}}}) ==
        "config.json.learner.baseline must be none or learned or self_critical or leave_one_out, but is 1");
  CHECK(refusal({{"sensor", 3}}) == "config.json.sensor must be an object, but is 3");
  CHECK(refusal({{"sensor", {{"mean", 0.5}}}}) == "config.json.sensor.mean must be a list of 3 numbers, but is 0.5");
  CHECK(refusal({{"sensor", {{"mean", {0.5, 0.5}}}}}) ==
        "config.json.sensor.mean must be a list of 3 numbers, but is [0.5,0.5]");
  CHECK(refusal({{"sensor", {{"mean", {0.5, "x", 0.5}}}}}) ==
        "config.json.sensor.mean[1] must be a number, but is \"x\"");
  CHECK(refusal(ordered_json::array()) == "config.json must be an object, but is []");
}

TEST_CASE("a number that no integer or float holds is refused") {
  CHECK(refusal({{"glimpses", 18446744073709551615u}}) ==
        "config.json.glimpses must be a whole number in its range, but is 18446744073709551615");
  CHECK(refusal(ordered_json::parse("{\"sensor\": {\"mean\": [1e300, 0, 0]}}")) ==
        "config.json.sensor.mean[0] must be a number, but is 1e+300");
}

TEST_CASE("an option sets one field by its dotted name") {
  HybridAttentionConfig config;
  set_field(config, "glimpses=3");
  set_field(config, "encoder.width=32");
  set_field(config, "policy.baseline=none");
  set_field(config, "encoder.normalization.kind=group");
  set_field(config, "sensor.mean=[0.1, 0.2, 0.3]");
  set_field(config, "encoder.mask_skips=false");
  CHECK(config.glimpses == 3);
  CHECK(config.encoder.width == 32);
  CHECK(config.learner.baseline == Baseline::none);
  CHECK(config.encoder.normalization.normalization == Normalization::group);
  CHECK(config.sensor.mean[1] == 0.2f);
  CHECK_FALSE(config.encoder.mask_skips);

  CHECK(refusal_of("glimpses") == "an option must be set as name=value, but is \"glimpses\"");
  CHECK(refusal_of("=3") == "an option must be set as name=value, but is \"=3\"");
  CHECK(refusal_of("adam.groups[\xFF]=3") == "an option must be UTF-8, but is \"adam.groups[\uFFFD]=3\"");
  CHECK_THAT(refusal_of("encoder.depth=3"), contains("model.encoder has no field \"depth\"; it has width, "));
  CHECK(refusal_of("glimpses=") == "model.glimpses must be a whole number, but is \"\"");
  CHECK(refusal_of("glimpses.x=3") == "model.glimpses must be a whole number, but is {\"x\":3}");
  CHECK_THAT(refusal_of("encoder..width=3"), contains("model.encoder has no field \"\""));
}
