#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/model/hybrid_attention_classifier.hpp>
#include <saccade/training/run_config.hpp>

#include "../../studies/common/condition.hpp"
#include "support/catch.hpp"

#include <string>

using namespace saccade;

TEST_CASE("a model of every preset can be made for every condition of a study", "[studies]") {
  for (const std::string name : {"paper", "large", "compact", "pretrained"}) {
    for (int i = 0; i < static_cast<int>(bench::condition_names.size()); ++i) {
      const auto condition = static_cast<bench::Condition>(i);
      INFO(name << ", " << bench::to_string(condition));
      RunConfig config{.preset = name, .model = preset(name), .training = training_preset(name)};
      const Index side = bench::side_of_square(config.model, condition, {640, 480});
      CHECK_NOTHROW(bench::adapt(config, condition, side));
      CHECK_NOTHROW(HybridAttentionClassifier<ReferenceBackend<double>>(config.model));
      CHECK((config.model.glance.side > 0) == (condition == bench::Condition::learned && name != "paper"));
    }
  }
}
