#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/model/hybrid_attention_classifier.hpp>

#include "support/gradient_check.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

/// A model behind a network that never changes.

using namespace saccade;
using namespace saccade_test;

namespace {

HybridAttentionConfig tiny_pretrained() {
  HybridAttentionConfig c = pretrained_preset();
  c.glimpses = 2;
  c.sensor.side = 16;
  c.encoder.backbone = {.kind = BackboneKind::efficientnet_lite0, .stages = 2};
  c.fusion_width = c.hidden = 6;
  c.glance.side = 24;
  c.glance.reduction = 2;
  c.glance.input = GlanceInput::backbone;
  c.glance.stages = 1;
  return validated(c);
}

struct Model {
  explicit Model(bool frozen) {
    for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<std::uint8_t>(i * 37 % 251);
    initialize(b, parameters, 3);
    initialize(b, statistics, 3);
    model.freeze(parameters, [=](const std::string& name) { return frozen && name.starts_with("encoder.backbone."); });
  }

  std::vector<double> answers(auto& episode, const RolloutOptions& options) {
    const ImageView view = image.view();
    const std::array<OrientedImage<Reference>, 2> batch{{{&view}, {&view, Symmetry::flip_horizontal}}};
    model.rollout(b, parameters, statistics, batch, options, episode);
    return episode.last().probabilities.values;
  }

  Reference b;
  HybridAttentionClassifier<Reference> model{tiny_pretrained()};
  HybridAttentionClassifier<Reference>::Parameters parameters = model.make_parameters(b);
  HybridAttentionClassifier<Reference>::Statistics statistics = model.make_statistics(b);
  RgbImage image{40, 32};
};

}  // namespace

TEST_CASE("a second pass over the same glimpses does not ask an encoder that never changes", "[model][pretrained]") {
  const auto keep = GENERATE(Activations::every_step, Activations::last_step);
  const bool frozen = GENERATE(true, false);
  Model m(frozen);
  auto episode = m.model.make_episode(m.b, 2, Mode::training, keep);
  const std::vector<double> first = m.answers(episode, {.locations = Locations::sample, .seed = 1});
  for (auto& patch : episode.patches) m.b.fill(not_a_number, patch);
  const RolloutOptions again{.locations = Locations::given, .seed = 1, .repeated = true};
  CHECK(m.answers(episode, again) == first);
  CHECK(std::isnan(episode.patches[0].values[0]) == frozen);
  // Nor does it look at the thumbnail: an image that has changed is not noticed.
  const std::vector<double> context = episode.glance->context.values;
  for (std::uint8_t& value : m.image.pixels) value = static_cast<std::uint8_t>(255 - value);
  CHECK((m.answers(episode, again) == first) == frozen);
  if (frozen) CHECK(episode.glance->context.values == context);
}

TEST_CASE("only what is not frozen has a gradient in a whole model", "[model][pretrained]") {
  const auto keep = GENERATE(Activations::every_step, Activations::last_step);
  Model m(true);
  auto episode = m.model.make_episode(m.b, 2, Mode::training, keep);
  const RolloutOptions options{.locations = Locations::sample, .seed = 1};
  m.answers(episode, options);
  m.model.score(m.b, std::vector<double>{0, 1}, options, episode);
  for (auto& decision : episode.decisions) m.b.fill(1.0, decision.advantage);
  auto gradients = m.model.make_parameters(m.b);
  m.model.backpropagate(m.b, m.parameters, episode, gradients);
  for (const auto& named : named_tensors<Reference>(gradients)) {
    INFO(named.name);
    if (named.name.starts_with("encoder.")) CHECK(norm(*named.tensor) == 0);
  }
  CHECK(norm(gradients.fusion.weight) > 0);
  CHECK(norm(*named_tensors<Reference>(*gradients.glance).front().tensor) > 0);
}
