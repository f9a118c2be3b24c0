#include "model/toy_model.hpp"

#include <cmath>
#include <vector>

using namespace saccade;
using namespace saccade_test;

/// The whole model with a policy over the cells of the thumbnail.
namespace {

HybridAttentionConfig cell_config() {
  HybridAttentionConfig config = toy_config();
  config.policy.kind = PolicyKind::cell;
  config.policy.state = StateGradient::attached;
  config.glance = {.side = 6, .reduction = 8};
  config.learner.baseline = Baseline::none;
  config.learner.rewarded_steps = RewardedSteps::every;
  return config;
}

}  // namespace

TEST_CASE("every parameter of a model over cells receives the gradient of equation 5",
          "[model][gradient][cell_policy]") {
  HybridAttentionConfig config = cell_config();
  SECTION("as it is") {}
  SECTION("with a patch readout and a learned baseline") {
    config.policy.patch = 2;
    config.learner.baseline = Baseline::learned;
  }
  ToyModel toy(config);
  check_all_receive_gradients(toy);
  const auto loss = [&] { return density_surrogate(toy); };
  if (config.learner.baseline == Baseline::none) return check_gradients(toy.parameters, toy.d_parameters, loss);
  // The error of the baseline is not in the surrogate, and reaches none of these.
  check_gradients(toy.parameters.policy, toy.d_parameters.policy, loss);
  check_gradients(*toy.parameters.readout, *toy.d_parameters.readout, loss);
  check_gradients(*toy.parameters.glance, *toy.d_parameters.glance, loss);
}

TEST_CASE("a model over cells looks at the centres of cells that show the image", "[model][cell_policy]") {
  ToyModel toy(cell_config(), 4, Mode::evaluation);
  toy.roll({.locations = Locations::mode});
  for (std::size_t t = 0; t < 3; ++t) {
    for (std::size_t n = 0; n < 4; ++n) {
      const double place[2] = {toy.episode.steps[t].location.values[2 * n],
                               toy.episode.steps[t].location.values[2 * n + 1]};
      const double sides[2] = {static_cast<double>(toy.images[n].width), static_cast<double>(toy.images[n].height)};
      for (int axis = 0; axis < 2; ++axis) {
        CHECK(std::abs(place[axis]) <= 1);
        // In units of half the thumbnail's window, a centre of one of the cells.
        const double cell =
            (place[axis] * sides[axis] / 48 + 1) / 2 * static_cast<double>(toy.model.config().policy.cells);
        CHECK(cell - std::floor(cell) == Approx(0.5));
      }
    }
  }
  // Images of other sizes have other frames.
  const auto stretch = toy.episode.glance->stretch.values;
  CHECK(stretch[0] == Approx(48.0 / 30));
  CHECK(stretch[3] == Approx(48.0 / 21));
}

TEST_CASE("cells that a symmetry turns lie over the image that is seen", "[model][cell_policy]") {
  ToyModel toy(cell_config(), 4, Mode::evaluation);
  toy.oriented[0].symmetry = Symmetry::transpose;
  toy.roll({.locations = Locations::mode});
  CHECK(toy.episode.glance->stretch.values[0] == Approx(48.0 / 20));
  CHECK(toy.episode.glance->stretch.values[1] == Approx(48.0 / 30));
}

TEST_CASE("a configuration over cells is completed, or says what it needs", "[config][cell_policy]") {
  HybridAttentionConfig config = validated(cell_config());
  CHECK(config.glance.readout == Readout::cells);
  CHECK(config.policy.cells == 6);
  CHECK(config.policy.context == 36);
  config.policy.kind = PolicyKind::gaussian;
  CHECK_THROWS_WITH(validated(config), "model: glance.readout cells needs policy.kind cell");
  config = cell_config();
  config.glance.side = 0;
  CHECK_THROWS_WITH(validated(config), "model: policy.kind cell needs a thumbnail, glance.side, but that is 0");
  ToyModel toy(cell_config());
  CHECK_THROWS_WITH(toy.roll({.locations = Locations::sample, .sigma = 0.2}),
                    "CellPolicy: no sigma can be given: cells have none");
}
