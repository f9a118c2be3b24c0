#include <saccade/training/config_history.hpp>
#include <saccade/training/run_config.hpp>

#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace saccade;
using nlohmann::ordered_json;

namespace {

TrainingConfig with(TrainingConfig config, const std::vector<std::string>& assignments) {
  for (const std::string& assignment : assignments) set_field(config, assignment, "training");
  return config;
}

std::string refusal_of(const std::string& assignment) {
  TrainingConfig config;
  try {
    set_field(config, assignment, "training");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "accepted";
}

/// A description of a run with nothing but its training.
ordered_json described(const TrainingConfig& config) { return {{"training", to_json(config)}}; }

/// The same as a version wrote it that knew groups by no other name than the policy's.
ordered_json old_description(const TrainingConfig& config, double policy_rate, double policy_epsilon) {
  ordered_json description = described(config);
  ordered_json& adam = description["training"]["adam"];
  adam.erase("groups");
  adam.erase("weight_decay");
  adam["policy_rate"] = policy_rate;
  adam["policy_epsilon"] = policy_epsilon;
  return description;
}

}  // namespace

TEST_CASE("a list of groups is a list of objects, which say what is not left open", "[config]") {
  TrainingConfig config;
  config.adam.groups = {{.pattern = "policy.*", .rate = 0.25, .epsilon = 0.5},
                        {.pattern = "*.bias", .weight_decay = 0.0, .frozen = true}};
  const ordered_json json = to_json(config);
  CHECK(json["adam"]["groups"].dump() == R"([{"pattern":"policy.*","rate":0.25,"epsilon":0.5,"frozen":false},)"
                                         R"({"pattern":"*.bias","rate":1.0,"weight_decay":0.0,"frozen":true}])");
  TrainingConfig copy = training_preset("large");  // whose groups must go
  update_from_json(json, copy, "training");
  CHECK(copy.adam.groups == config.adam.groups);
}

TEST_CASE("an option sets one field of one group, and adds the group where there is none", "[config]") {
  const TrainingConfig config =
      with(training_preset("compact"),
           {"adam.groups[policy.*].rate=0.5", "adam.groups[encoder.*].frozen=true", "adam.weight_decay=0.125",
            R"(adam.groups[*.bias]={"weight_decay": 0})", "adam.groups[policy.*].weight_decay=0.25"});
  CHECK(config.adam.weight_decay == 0.125);
  const std::vector<ParameterGroup> expected{
      {.pattern = "policy.*", .rate = 0.5, .epsilon = 1e-3, .weight_decay = 0.25},
      {.pattern = "encoder.*", .frozen = true},
      {.pattern = "*.bias", .weight_decay = 0.0}};
  CHECK(config.adam.groups == expected);
  CHECK(with(config, {"adam.groups=[]"}).adam.groups.empty());
  CHECK_FALSE(with(config, {"adam.groups[policy.*].epsilon=null"}).adam.groups[0].epsilon.has_value());
  CHECK(with({}, {R"(adam.groups=[{"pattern": "a"}, {"pattern": "b"}])"}).adam.groups.size() == 2);
}

TEST_CASE("a group that cannot be has its sentence", "[config]") {
  CHECK(refusal_of("adam.groups=fast") == "training.adam.groups must be a list of objects, but is \"fast\"");
  CHECK(refusal_of("adam.groups[policy.*].rate=fast") ==
        "training.adam.groups[policy.*].rate must be a number, but is \"fast\"");
  CHECK(refusal_of("adam.groups[policy.*].speed=1") ==
        "training.adam.groups[policy.*] has no field \"speed\"; it has pattern, rate, epsilon, weight_decay, frozen");
  CHECK(refusal_of("adam.groups[policy.*]=1") == "training.adam.groups[policy.*] must be an object, but is 1");
  CHECK(refusal_of(R"(adam.groups=[{"pattern": 3}])") == "training.adam.groups[0].pattern must be a text, but is 3");
  CHECK(refusal_of("adam.groups[policy.*.rate=1") ==
        "a field must be name[key] or name[key].field, but is \"adam.groups[policy.*.rate\"");
  CHECK(refusal_of("adam.groups[policy.*]rate=1") ==
        "a field must be name[key] or name[key].field, but is \"adam.groups[policy.*]rate\"");
  CHECK(refusal_of("adam.policy_rate=fast") == "training.adam.groups[policy.*].rate must be a number, but is \"fast\"");
  TrainingConfig config;
  config.adam.groups = {{.pattern = "policy.*", .rate = -1}};
  CHECK_THROWS_WITH(validate(config), "Adam: the group \"policy.*\": rate must be at least 0");
}

TEST_CASE("the policy's rate and epsilon of before are those of the group policy.*", "[config]") {
  CHECK(with(training_preset("large"), {"adam.policy_rate=0.5"}).adam.groups ==
        std::vector<ParameterGroup>{{.pattern = "policy.*", .rate = 0.5, .epsilon = 1e-3}});
  CHECK(with({}, {"adam.policy_epsilon=0.01", "adam.policy_rate=0.6"}).adam.groups ==
        std::vector<ParameterGroup>{{.pattern = "policy.*", .rate = 0.6, .epsilon = 0.01}});
}

TEST_CASE("a run of before goes on under the names of today", "[config]") {
  const TrainingConfig paper = training_preset("paper"), large = training_preset("large");
  CHECK(run_difference(old_description(paper, 1.0, 1e-8), described(paper)) == std::nullopt);
  CHECK(run_difference(old_description(large, 0.15, 1e-3), described(large)) == std::nullopt);
  CHECK(run_difference(old_description(large, 0.5, 1e-3), described(with(large, {"adam.policy_rate=0.5"}))) ==
        std::nullopt);
  CHECK(run_difference(old_description(large, 0.15, 1e-2), described(large)) ==
        "training.adam.groups is "
        R"([{"pattern":"policy.*","rate":0.15,"epsilon":0.01,"weight_decay":0.0,"frozen":false}], but now is )"
        R"([{"pattern":"policy.*","rate":0.15,"epsilon":0.001,"weight_decay":0.0,"frozen":false}])");
  CHECK(run_difference(described(paper), described(with(paper, {"adam.weight_decay=0.5"}))) ==
        "training.adam.weight_decay is 0.0, but now is 0.5");
  // What the policy's epsilon was beside another one of the rest, it stays.
  const TrainingConfig other = with(paper, {"adam.epsilon=0.5"});
  CHECK(run_difference(old_description(other, 1.0, 1e-8), described(other)).has_value());
  CHECK(run_difference(old_description(other, 1.0, 1e-8), described(with(other, {"adam.policy_epsilon=1e-8"}))) ==
        std::nullopt);
}

TEST_CASE("a preset of before goes on under the name of today", "[config]") {
  const auto of_preset = [](const char* name) {
    ordered_json description = described(training_preset("large"));
    description["preset"] = name;
    return description;
  };
  CHECK(run_difference(of_preset("stable"), of_preset("large")) == std::nullopt);
  CHECK(run_difference(of_preset("compact"), of_preset("large")) == "preset is \"compact\", but now is \"large\"");
}

TEST_CASE("a description that this version cannot read is compared as it is", "[config]") {
  ordered_json future = described({});
  future["training"]["warmth"] = 3;
  CHECK(current_description(future) == future);
  CHECK(run_difference(future, described({})) == "training.warmth is 3, but now is null");
  CHECK(current_description(ordered_json(7)) == ordered_json(7));
}

TEST_CASE("groups that do the same are settled to the same", "[config]") {
  const AdamConfig plain{.epsilon = 0.25, .weight_decay = 0.5};
  AdamConfig adam = plain;
  adam.groups = {{.pattern = "a"}, {.pattern = "b", .epsilon = 0.25, .weight_decay = 0.5}};
  CHECK(settled(adam).groups.empty());
  // One that is as the rest keeps its parameters from the groups behind it.
  adam.groups.push_back({.pattern = "*", .rate = 2});
  CHECK(settled(adam).groups.size() == 3);
  for (const ParameterGroup& group :
       {ParameterGroup{.pattern = "c", .rate = 2}, ParameterGroup{.pattern = "c", .epsilon = 1},
        ParameterGroup{.pattern = "c", .weight_decay = 0.0}, ParameterGroup{.pattern = "c", .frozen = true}}) {
    adam.groups = {group};
    CHECK(settled(adam).groups.size() == 1);
  }
}
