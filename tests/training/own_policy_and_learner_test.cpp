#include <saccade/testing/archetype_backend.hpp>
#include <saccade/training/trainer.hpp>

#include "support/catch.hpp"

#include <array>
#include <span>
#include <string>
#include <vector>

using namespace saccade;

/// A policy and a learner that a user writes, over a backend that offers no more than the concept.
namespace {

using Archetype = testing::ArchetypeBackend<double>;

/// Looks at one of the four quadrants, in reading order: p = softmax(W h + b).
template <class B>
class QuadrantPolicy {
 public:
  using Parameters = typename LinearLayer<B>::Parameters;
  struct Cache {
    Tensor<B> places;                 // (4, 2)
    Tensor<B> logits, probabilities;  // (B, 4)
    Tensor<B> quadrant;               // (B)
    Tensor<B> place;                  // (B, 2)
  };
  struct Workspace {
    Tensor<B> d_logits;  // (B, 4)
  };

  [[nodiscard]] Parameters make_parameters(B& b) const { return layer_.make_parameters(b); }
  [[nodiscard]] Workspace make_workspace(B& b, Index batch) const { return {b.zeros({batch, 4})}; }
  [[nodiscard]] Cache make_cache(B& b, Index batch) const {
    Cache cache{b.zeros({4, 2}), b.zeros({batch, 4}), b.zeros({batch, 4}), b.zeros({batch}), b.zeros({batch, 2})};
    const std::array<Scalar<B>, 8> places{-0.5, -0.5, 0.5, -0.5, -0.5, 0.5, 0.5, 0.5};
    b.upload(std::span<const Scalar<B>>(places), cache.places);
    return cache;
  }

  void describe(B& b, const Parameters& p, const PolicyInputs<B>& in, Cache& cache) const {
    layer_.forward(b, p, in.state, cache.logits);
    ops::softmax(b, cache.logits, cache.probabilities);
  }
  void sample(B& b, const RandomKey& key, const PolicyInputs<B>&, Cache& cache) const {
    ops::sample_categorical(b, cache.probabilities, key, cache.quadrant);
    ops::take_rows(b, cache.places, cache.quadrant, cache.place);
  }
  void take_mode(B& b, Cache& cache) const {
    ops::most_probable(b, cache.probabilities, cache.quadrant);
    ops::take_rows(b, cache.places, cache.quadrant, cache.place);
  }
  [[nodiscard]] static const Tensor<B>& mode(const Cache& cache) { return cache.place; }
  [[nodiscard]] static Tensor<B>& drawn(Cache& cache) { return cache.place; }

  void score_gradient(B& b, const Parameters&, const PolicyInputs<B>& in, const Cache& cache,
                      const Tensor<B>& advantage, Workspace& w, Parameters& d_p, PolicyInputGradients<B>) const {
    ops::softmax_cross_entropy_backward(b, cache.probabilities, cache.quadrant, advantage, w.d_logits,
                                        Write::overwrite);
    layer_.backward_parameters(b, in.state, w.d_logits, d_p);
  }

 private:
  LinearLayer<B> layer_{{.inputs = 8, .outputs = 4, .initialization = initialization::near_zero}};
};

/// REINFORCE with the mean return of the batch as baseline.
template <class B, class Model>
class BatchMean {
 public:
  struct Work {
    Tensor<B> row;   // (1, B)
    Tensor<B> mean;  // (1)
    Tensor<B> each;  // (B)
  };

  [[nodiscard]] Index passes() const { return 1; }
  [[nodiscard]] Work make_work(B& b, const Model&, Index images, Index rollouts) const {
    const Index batch = images * rollouts;
    return {b.zeros({1, batch}), b.zeros({1}), b.zeros({batch})};
  }

  void judge(B& b, Rollouts<B, Model> rollouts, Work& work) const {
    sum_rewards(b, rollouts.model.config().learner, rollouts.episode);
    const auto share = Scalar<B>(1) / static_cast<Scalar<B>>(rollouts.episode.batch);
    for (auto& decision : rollouts.episode.decisions) {
      ops::reshape(b, decision.returns, work.row);
      ops::row_sums(b, work.row, work.mean, Write::overwrite);
      ops::row_sums_backward(b, work.mean, work.row, Write::overwrite);
      ops::reshape(b, work.row, work.each);  // (B): the sum of all returns
      b.fill(0, decision.advantage);
      ops::axpy(b, share, decision.returns, decision.advantage);
      ops::axpy(b, -share * share, work.each, decision.advantage);
    }
  }
};

using Quadrants = QuadrantPolicy<Archetype>;
using Attention = SoftAttentionBlock<Archetype>;
using Glimpses = GlimpseSensor<Archetype>;
using OwnModel = HybridAttentionClassifier<Archetype, Attention, Glimpses, Quadrants>;
using Mean = BatchMean<Archetype, OwnModel>;
static_assert(TrainablePolicy<Quadrants, Archetype>);
static_assert(!DensityPolicy<Quadrants, Archetype>);
static_assert(Learner<Mean, Archetype, OwnModel>);
static_assert(!Learner<Quadrants, Archetype, OwnModel>);

/// 32 x 32 grey pixels, and red or blue ones in the bottom right quadrant, where a glimpse in the middle does not see
/// them.
RgbImage picture(bool red, int shade) {
  RgbImage image(32, 32);
  for (Index y = 0; y < 32; ++y) {
    for (Index x = 0; x < 32; ++x) {
      const bool inside = x >= 20 && y >= 20;
      std::uint8_t* const pixel = image.at(x, y);
      for (int c = 0; c < 3; ++c) pixel[c] = static_cast<std::uint8_t>(100 + shade);
      if (inside) pixel[red ? 0 : 2] = 250;
    }
  }
  return image;
}

}  // namespace

TEST_CASE("a user's own policy and learner find the quadrant that tells", "[parts]") {
  Archetype b(0);
  HybridAttentionConfig config;
  config.glimpses = 2;
  config.sensor.side = 8;
  config.encoder = {SoftAttentionConfig{.width = 2, .trunk_units = 1, .mask = MaskUse::none, .unit = UnitKind::basic}};
  config.fusion_width = 8;
  config.hidden = 8;
  config.first_location = GlimpsePolicy::centre;
  config.learner.baseline = Baseline::none;
  config.learner.reward = RewardClass::expected;
  config = validated(config);
  OwnModel model(config, Attention(config.encoder), Glimpses(config.sensor), Quadrants{});
  Trainer<Archetype, OwnModel, Mean> trainer(b, std::move(model), Mean{}, {}, 3);

  std::vector<RgbImage> pixels;
  std::vector<Index> labels;
  for (int i = 0; i < 16; ++i) {
    pixels.push_back(picture(i % 2 == 0, i));
    labels.push_back(i % 2);
  }
  std::vector<Image<Archetype>> images;
  for (const auto& image : pixels) images.push_back(b.make_image(image.view()));
  std::vector<OrientedImage<Archetype>> batch;
  for (const auto& image : images) batch.push_back({&image});
  for (int step = 0; step < 120; ++step) trainer.step(batch, labels, 0.02);

  auto episode = trainer.model().make_episode(b, 16, Mode::evaluation);
  trainer.model().rollout(b, trainer.parameters(), trainer.statistics(), batch, {.locations = Locations::mode},
                          episode);
  const auto quadrant = to_vector(b, episode.decisions[1].policy->quadrant);
  for (const double each : quadrant) CHECK(each == 3);
}
