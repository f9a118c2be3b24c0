#include "model/toy_model.hpp"

#include <cmath>
#include <set>

using namespace saccade;
using namespace saccade_test;

namespace {

std::vector<std::string> names_of(ToyModel::Model::Parameters& parameters) {
  std::vector<std::string> names;
  for (const auto& named : named_tensors<Reference>(parameters)) names.push_back(named.name);
  return names;
}

}  // namespace

TEST_CASE("parameters are named by component, each once", "[parameters]") {
  Reference b;
  HybridAttentionConfig config = toy_config();
  config.policy.patch = 2;
  auto parameters = ToyModel::Model(config).make_parameters(b);
  const auto names = names_of(parameters);
  const std::set<std::string> unique(names.begin(), names.end());
  CHECK(unique.size() == names.size());
  for (const char* name :
       {"encoder.entry.norm1.gamma", "encoder.entry.projection.weight", "encoder.trunk1.conv2.weight",
        "encoder.mask.down1.conv1.weight", "encoder.mask.bottom2.norm1.slope", "encoder.mask.head.conv2.weight",
        "fusion.weight", "core.input_weight", "core.hidden_weight", "core.bias", "classifier.weight",
        "policy.locator.weight", "policy.value.bias", "policy.context.readout.weight"}) {
    INFO(name);
    CHECK(unique.count(name) == 1);
  }
}

TEST_CASE("running statistics have one set of names, or one for each step", "[parameters]") {
  Reference b;
  HybridAttentionConfig config = toy_config();
  auto shared = ToyModel::Model(config).make_statistics(b);
  config.running_statistics = RunningStatistics::per_step;
  auto per_step = ToyModel::Model(config).make_statistics(b);
  const auto one = named_tensors<Reference>(shared), three = named_tensors<Reference>(per_step);
  CHECK(three.size() == 3 * one.size());
  std::set<std::string> unique;
  for (const auto& named : three) unique.insert(named.name);
  CHECK(unique.size() == three.size());
  CHECK(one[0].name == "encoder.entry.norm1.running_mean");
}

TEST_CASE("weights start as their fan-in asks, by the seed alone", "[parameters]") {
  Reference b;
  HybridAttentionConfig config = toy_config();
  config.hidden = 64;
  config.fusion_width = 64;
  const ToyModel::Model model(config);
  auto parameters = model.make_parameters(b), again = model.make_parameters(b), other = model.make_parameters(b);
  initialize(b, parameters, 5);
  initialize(b, again, 5);
  initialize(b, other, 6);
  CHECK(all_values(again) == all_values(parameters));
  CHECK(all_values(other) != all_values(parameters));

  // 64 * 4 * 64 draws from N(0, 1 / 64).
  const auto& weight = parameters.core.hidden_weight.values;
  double sum = 0, squares = 0;
  for (const double value : weight) {
    sum += value;
    squares += value * value;
  }
  const auto count = static_cast<double>(weight.size());
  CHECK(std::abs(sum / count) < 4 * 0.125 / std::sqrt(count));
  CHECK(squares / count == Approx(1.0 / 64).epsilon(0.05));
  CHECK(parameters.core.input_weight.values != weight);  // every tensor draws for itself

  CHECK(parameters.encoder.attention().entry.stages[0].norm.gamma.values[0] == 1);
  CHECK(parameters.encoder.attention().entry.stages[0].norm.beta.values[0] == 0);
  CHECK(parameters.encoder.attention().entry.stages[0].norm.slope.values[0] == 0.25);
  CHECK(norm(parameters.classifier.bias) == 0);

  set_zero(b, parameters);
  for (const double value : all_values(parameters)) CHECK(value == 0);
}
