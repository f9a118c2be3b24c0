#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/training/evaluator.hpp>
#include <saccade/training/trainer.hpp>

#include "support/catch.hpp"
#include "support/recording_backend.hpp"
#include "training/trainer_fixture.hpp"

#include <limits>
#include <span>
#include <utility>
#include <vector>

using namespace saccade;
using saccade_test::numbers;
using saccade_test::RecordingBackend;
using saccade_test::same;
using saccade_test::Tissue;

namespace {

using Plain = ReferenceBackend<float>;
using Recording = RecordingBackend<float>;

/// Small enough for plain loops; draws everything that can be drawn.
HybridAttentionConfig drawing_config() {
  HybridAttentionConfig config;
  config.glimpses = 2;
  config.sensor = {.side = 8, .scales = 2};
  config.encoder.width = 4;
  config.encoder.trunk_units = 1;
  config.encoder.mask_depth = 1;
  config.fusion_width = config.hidden = 8;
  config.first_location = GlimpsePolicy::random;
  config.learner.reward = RewardClass::sampled;
  config.learner.class_term = true;
  config.policy.patch = 3;
  config.running_statistics = RunningStatistics::per_step;
  return validated(config);
}

/// A trainer with its backend and images of its own.
template <class B>
struct DrawingRun {
  explicit DrawingRun(const AdamConfig& adam = {.clip_norm = 1, .groups = {{.pattern = "policy.*", .rate = 0.5}}},
                      Activations keep = Activations::every_step,
                      const HybridAttentionConfig& config = drawing_config())
      : trainer(b, HybridAttentionClassifier<B>(config), adam, 5, keep) {
    images.reserve(tissue.views.size());
    for (const ImageView& view : tissue.views) images.push_back(b.make_image(view));
    for (std::size_t i = 0; i < images.size(); ++i)
      oriented.push_back({&images[i], static_cast<Symmetry>(i % symmetry_count)});
  }

  /// Batches of 3, of 2 every third time, of other images each time, at a rate that changes now and then.
  StepReport step(std::size_t number, const StepOptions& how = {}) {
    const std::size_t count = number % 3 == 2 ? 2 : 3, start = number % 3;
    return trainer.step(std::span<const OrientedImage<B>>(oriented).subspan(start, count),
                        std::span<const Index>(tissue.labels).subspan(start, count), number < 5 ? 1e-2 : 3e-3, how);
  }

  /// Every number that a checkpoint holds.
  [[nodiscard]] std::vector<float> state() {
    std::vector<float> all;
    const auto add = [&](const auto& list) {
      for (const auto& named : list) {
        const auto values = to_vector(b, *named.tensor);
        all.insert(all.end(), values.begin(), values.end());
      }
    };
    add(named_tensors<B>(trainer.parameters()));
    add(named_tensors<B>(trainer.statistics()));
    add(trainer.optimizer().state());
    return all;
  }

  B b;
  Tissue tissue{6};
  std::vector<Image<B>> images;
  std::vector<OrientedImage<B>> oriented;
  Trainer<B> trainer;
};

template <class B>
void fill_classifier_bias(DrawingRun<B>& run, float value) {
  run.b.fill(value, run.trainer.parameters().classifier.bias);
}

}  // namespace

TEST_CASE("recorded steps have the bits of plain ones", "[trainer]") {
  const auto keep = GENERATE(Activations::every_step, Activations::last_step);
  DrawingRun<Plain> plain({.clip_norm = 1, .groups = {{.pattern = "policy.*", .rate = 0.5}}}, keep);
  DrawingRun<Recording> recording({.clip_norm = 1, .groups = {{.pattern = "policy.*", .rate = 0.5}}}, keep);
  REQUIRE(recording.state() == plain.state());
  for (std::size_t number = 0; number < 9; ++number) {
    INFO("step " << number);
    CHECK(same(recording.step(number), plain.step(number)));
    CHECK(recording.state() == plain.state());
  }
  // Two bodies, for batches of 3 and of 2: plainly, recorded, and then never again.
  CHECK(recording.b.bodies == 4);
  CHECK(recording.b.repetitions == 5);
}

TEST_CASE("recorded steps have the bits of plain ones with baselines from other rollouts, sigma and stages that change",
          "[trainer]") {
  HybridAttentionConfig config = drawing_config();
  config.learner.baseline = GENERATE(Baseline::self_critical, Baseline::leave_one_out);
  const AdamConfig adam{.clip_norm = 1, .groups = {{.pattern = "policy.*", .rate = 0.5}}};
  DrawingRun<Plain> plain(adam, Activations::every_step, config);
  DrawingRun<Recording> recording(adam, Activations::every_step, config);
  for (std::size_t number = 0; number < 27; ++number) {
    const StepOptions how{.part = number < 9    ? LearnedPart::classifier
                                  : number < 18 ? LearnedPart::policy
                                                : LearnedPart::all,
                          .sigma = number < 18 ? 0.3 : 0.2,
                          .rollouts = 2};
    INFO("step " << number);
    CHECK(same(recording.step(number, how), plain.step(number, how)));
    CHECK(recording.state() == plain.state());
  }
  // Batches of 3 and of 2, each under three kinds of options: plainly, recorded, and then never again.
  CHECK(recording.b.bodies == 12);
  CHECK(recording.b.repetitions == 15);
}

TEST_CASE("recorded steps have the bits of plain ones with a glance and a learned sigma", "[trainer]") {
  HybridAttentionConfig config = drawing_config();
  config.glance = {.side = 8, .reduction = 16, .outputs = 3};
  config.policy.learn_sigma = true;
  config.policy.entropy = 0.05;
  config.learner.baseline = GENERATE(Baseline::learned, Baseline::self_critical);
  config.sensor.zooms = config.learner.baseline == Baseline::learned ? 1 : 3;
  const AdamConfig adam{.clip_norm = 1, .groups = {{.pattern = "policy.*", .rate = 0.5}}};
  DrawingRun<Plain> plain(adam, Activations::every_step, config);
  DrawingRun<Recording> recording(adam, Activations::every_step, config);
  for (std::size_t number = 0; number < 9; ++number) {
    INFO("step " << number);
    CHECK(same(recording.step(number), plain.step(number)));
    CHECK(recording.state() == plain.state());
  }
  CHECK(recording.b.bodies == 4);
  CHECK(recording.b.repetitions == 5);
  // Sigma has moved, away from its start and in the repetitions as well.
  const auto sigma = recording.trainer.model().policy().gaussian()->sigma(
      recording.b, recording.trainer.parameters().policy.gaussian());
  CHECK(sigma[0] != 0.15);
  recording.step(0);
  CHECK(recording.trainer.model().policy().gaussian()->sigma(
            recording.b, recording.trainer.parameters().policy.gaussian()) != sigma);
}

TEST_CASE("steps on random glimpses and on the policy's are recorded apart", "[trainer]") {
  HybridAttentionConfig config = drawing_config();
  config.sensor.zooms = GENERATE(Index{1}, Index{2});
  DrawingRun<Plain> plain({}, Activations::every_step, config);
  DrawingRun<Recording> recording({}, Activations::every_step, config);
  for (std::size_t number = 0; number < 12; ++number) {
    const auto glimpses = number % 2 == 0 ? GlimpsePolicy::random : GlimpsePolicy::learned;
    CHECK(same(recording.step(number, {.glimpses = glimpses}), plain.step(number, {.glimpses = glimpses})));
  }
  CHECK(recording.state() == plain.state());
  CHECK(recording.b.bodies == 8);
}

TEST_CASE("a recorded step asks once and tells what has changed", "[trainer]") {
  DrawingRun<Recording> run;
  for (std::size_t number = 0; number < 4; ++number) run.step(3 * number);
  const int downloads = run.b.downloads, uploads = run.b.uploads, images = run.b.images_made;
  run.step(12);
  CHECK(run.b.downloads - downloads == 1);
  CHECK(run.b.uploads - uploads == 2);  // labels, by index and by row; the learning rate stays
  CHECK(run.b.images_made == images);
}

TEST_CASE("a recorded step with a glance and a learned sigma asks no more often", "[trainer]") {
  HybridAttentionConfig config = drawing_config();
  config.glance = {.side = 8, .reduction = 16, .outputs = 3};
  config.policy.learn_sigma = true;
  DrawingRun<Recording> run({.clip_norm = 1}, Activations::every_step, config);
  for (std::size_t number = 0; number < 4; ++number) run.step(3 * number);
  const int downloads = run.b.downloads, uploads = run.b.uploads, images = run.b.images_made;
  run.step(12);
  CHECK(run.b.downloads - downloads == 1);
  CHECK(run.b.uploads - uploads == 2);
  CHECK(run.b.images_made == images);
}

TEST_CASE("a recorded step that is not finite changes no weight and is not counted", "[trainer]") {
  // Clipped or not, in the plain call, in the recorded one and in a repetition.
  const double clip_norm = GENERATE(0.0, 1.0);
  const std::size_t steps = GENERATE(0u, 1u, 2u);
  DrawingRun<Plain> plain({.clip_norm = clip_norm});
  DrawingRun<Recording> recording({.clip_norm = clip_norm});
  for (std::size_t number = 0; number < steps; ++number) {
    plain.step(3 * number);
    recording.step(3 * number);
  }
  fill_classifier_bias(plain, std::numeric_limits<float>::infinity());
  fill_classifier_bias(recording, std::numeric_limits<float>::infinity());
  const auto before = numbers(recording.b, recording.trainer.parameters());
  for (int attempt = 0; attempt < 2; ++attempt) {
    CHECK_THROWS_AS(plain.step(0), NumericError);
    CHECK_THROWS_WITH(recording.step(0), contains("the loss is not finite"));
    CHECK(recording.trainer.optimizer().steps() == static_cast<std::int64_t>(steps));
    CHECK(numbers(recording.b, recording.trainer.parameters()) == before);
  }
  // Adam's moments, too, and its count of steps: it goes on as if nothing had been.
  fill_classifier_bias(plain, 0);
  fill_classifier_bias(recording, 0);
  initialize(plain.b, plain.trainer.statistics(), 0);
  initialize(recording.b, recording.trainer.statistics(), 0);
  for (std::size_t number = 0; number < 4; ++number) CHECK(same(recording.step(number), plain.step(number)));
  CHECK(recording.state() == plain.state());
}

TEST_CASE("a loss that is not finite stops a step although its gradient is finite", "[trainer]") {
  // The difference of the logits overflows: the loss is infinite, the probabilities are 0 and 1.
  DrawingRun<Plain> run;
  const std::vector<float> bias{-3e38f, 3e38f};
  run.b.upload(bias, run.trainer.parameters().classifier.bias);
  const auto before = numbers(run.b, run.trainer.parameters());
  CHECK_THROWS_WITH(run.step(0), contains("the loss is not finite"));
  CHECK(numbers(run.b, run.trainer.parameters()) == before);
}

TEST_CASE("a recorded run goes on from the state of another, bit for bit", "[trainer]") {
  DrawingRun<Recording> straight, begun, resumed;
  for (std::size_t number = 0; number < 7; ++number) straight.step(number);
  for (std::size_t number = 0; number < 4; ++number) begun.step(number);
  // Has recorded steps of its own already.
  for (std::size_t number = 0; number < 3; ++number) resumed.step(number);
  const auto copy = [&](const auto& from, const auto& to) {
    for (std::size_t i = 0; i < from.size(); ++i) resumed.b.copy(*from[i].tensor, *to[i].tensor);
  };
  copy(named_tensors<Recording>(begun.trainer.parameters()), named_tensors<Recording>(resumed.trainer.parameters()));
  copy(named_tensors<Recording>(begun.trainer.statistics()), named_tensors<Recording>(resumed.trainer.statistics()));
  copy(begun.trainer.optimizer().state(), resumed.trainer.optimizer().state());
  resumed.trainer.resume(begun.trainer.optimizer().steps(), begun.trainer.rollouts());
  for (std::size_t number = 4; number < 7; ++number) resumed.step(number);
  CHECK(resumed.state() == straight.state());
}

TEST_CASE("a recorded evaluation answers like a plain one, also for other images and other weights", "[evaluator]") {
  DrawingRun<Plain> plain;
  DrawingRun<Recording> recording;
  Evaluator<Plain> by_loops(plain.b, plain.trainer.model(), 2);
  Evaluator<Recording> by_record(recording.b, recording.trainer.model(), 2);
  const auto pair = [](const auto& run, std::size_t first) {
    return std::vector{run.oriented[first], run.oriented[first + 1]};
  };
  for (std::size_t call = 0; call < 8; ++call) {
    const auto policy = call % 2 == 0 ? GlimpsePolicy::learned : GlimpsePolicy::random;
    const auto expected =
        by_loops.predict(plain.trainer.parameters(), plain.trainer.statistics(), pair(plain, call % 4), policy, call);
    const auto answers = by_record.predict(recording.trainer.parameters(), recording.trainer.statistics(),
                                           pair(recording, call % 4), policy, call);
    REQUIRE(answers.size() == 2);
    for (std::size_t n = 0; n < 2; ++n) {
      CHECK(answers[n].probabilities == expected[n].probabilities);
      CHECK(answers[n].windows == expected[n].windows);
    }
    if (call == 4) {
      plain.step(0);
      recording.step(0);
    }
  }
  CHECK(recording.b.bodies == 4 + 1);  // two of each kind of location, and the step

  // Weights in another place are another body.
  DrawingRun<Recording> other;
  other.step(0);
  by_record = Evaluator<Recording>(recording.b, recording.trainer.model(), 2);
  for (int call = 0; call < 3; ++call) {
    CHECK(by_record
              .predict(recording.trainer.parameters(), recording.trainer.statistics(), pair(recording, 0),
                       GlimpsePolicy::learned)
              .size() == 2);
  }
  const auto answers = by_record.predict(other.trainer.parameters(), other.trainer.statistics(), pair(recording, 0),
                                         GlimpsePolicy::learned);
  Evaluator<Recording> fresh(recording.b, recording.trainer.model(), 2);
  CHECK(answers[0].probabilities == fresh
                                        .predict(other.trainer.parameters(), other.trainer.statistics(),
                                                 pair(recording, 0), GlimpsePolicy::learned)[0]
                                        .probabilities);
}

TEST_CASE("an image that is too small is refused in every call", "[trainer]") {
  DrawingRun<Recording> run;
  for (std::size_t number = 0; number < 3; ++number) run.step(3 * number);
  const RgbImage small(7, 96);
  const Image<Recording> image = run.b.make_image(small.view());
  const std::vector<OrientedImage<Recording>> batch(3, {&image});
  const std::vector<Index> labels{0, 1, 0};
  CHECK_THROWS_WITH(run.trainer.step(batch, labels, 1e-2), contains("image 0 is 7 x 96, smaller than the glimpse"));
  run.step(0);
}

TEST_CASE("all that is an image to a component is a feature map", "[trainer]") {
  // Images are the tensors of four axes that are no weights.
  Recording b;
  const HybridAttentionClassifier<Recording> model(drawing_config());
  const auto parameters = model.make_parameters(b);
  CHECK(b.map_elements == 0);
  b.tensors_of_four_axes = 0;
  const auto mode = GENERATE(Mode::training, Mode::evaluation);
  const auto episode = model.make_episode(b, 3, mode);
  CHECK(b.tensors_of_four_axes == 0);
  CHECK(b.map_elements > 3 * 8 * 8 * 6);
}
