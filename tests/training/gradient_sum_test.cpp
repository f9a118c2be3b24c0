#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/core/streamed_image.hpp>
#include <saccade/training/gradient_sum.hpp>
#include <saccade/training/trainer.hpp>

#include "support/catch.hpp"
#include "support/in_ranks.hpp"
#include "support/recording_backend.hpp"
#include "support/slide.hpp"
#include "training/trainer_fixture.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

/// A batch in parts: what any number of trainers make of it, and what one makes of it undivided.

using namespace saccade;
using saccade_test::expect;
using saccade_test::in_ranks;
using saccade_test::largest_difference;
using saccade_test::numbers;
using saccade_test::RecordingBackend;
using saccade_test::same;
using saccade_test::Tissue;

namespace {

/// Draws everything that can be drawn.
HybridAttentionConfig normalized_by(Normalization normalization) {
  HybridAttentionConfig config;
  config.glimpses = 2;
  config.sensor = {.side = 8, .scales = 2};
  config.encoder.width = 4;
  config.encoder.trunk_units = 1;
  config.encoder.mask_depth = 1;
  config.encoder.normalization.normalization = normalization;
  config.encoder.normalization.groups = 2;
  config.fusion_width = config.hidden = 8;
  config.first_location = GlimpsePolicy::random;
  config.learner.reward = RewardClass::sampled;
  config.learner.class_term = true;
  return validated(config);
}

/// A trainer with its backend and images of its own.
template <class B>
struct PartsRun {
  explicit PartsRun(const HybridAttentionConfig& config, const AdamConfig& adam = {.clip_norm = 0.5}, Index count = 8)
      : tissue(count), trainer(b, HybridAttentionClassifier<B>(config), adam, 5) {
    for (const ImageView& view : tissue.views) images.push_back(b.make_image(view));
    for (const Image<B>& image : images) oriented.push_back({&image});
  }

  StepReport whole(const StepOptions& how) { return trainer.step(batch(0, size()), labels(0, size()), 1e-2, how); }

  /// The share of the sum's process in the same batch, without the images from `count` on.
  StepReport in_parts(GradientSum<B>& sum, const StepOptions& how, Index count) {
    std::vector<BatchPart<B>> own;
    for (Index part = sum.mine().first; part < sum.mine().end; ++part) {
      const IndexRange share = sum.images_of(count, part);
      if (share.size() > 0)
        own.push_back({part, share.first, batch(share.first, share.end), labels(share.first, share.end)});
    }
    return trainer.step(sum, own, 1e-2, how);
  }
  StepReport in_parts(GradientSum<B>& sum, const StepOptions& how) { return in_parts(sum, how, size()); }

  [[nodiscard]] Index size() const { return static_cast<Index>(images.size()); }
  [[nodiscard]] ImageBatch<B> batch(Index first, Index end) const {
    return ImageBatch<B>(oriented).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(end - first));
  }
  [[nodiscard]] std::span<const Index> labels(Index first, Index end) const {
    return std::span(tissue.labels).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(end - first));
  }

  [[nodiscard]] auto weights() { return numbers(b, trainer.parameters()); }
  [[nodiscard]] auto gradient() { return numbers(b, trainer.gradients()); }
  [[nodiscard]] auto state() { return saccade_test::state_numbers(trainer); }

  B b{};
  Tissue tissue;
  std::vector<Image<B>> images{};
  std::vector<OrientedImage<B>> oriented{};
  Trainer<B> trainer;
};

double length(const auto& x) {
  double sum = 0;
  for (const auto value : x) sum += static_cast<double>(value) * static_cast<double>(value);
  return std::sqrt(sum);
}

/// What every rank of `ranks` has after `steps` steps of a batch in `parts`: all of them the same, or the test fails.
template <class B>
struct RankResult {
  std::vector<Scalar<B>> state;
  std::vector<StepReport> reports;
};

template <class B>
RankResult<B> train_in_parts(const HybridAttentionConfig& config, Index parts, Index ranks, int steps,
                             const StepOptions& how = {}, const AdamConfig& adam = {.clip_norm = 0.5},
                             Index images = 8) {
  std::vector<RankResult<B>> results(static_cast<std::size_t>(ranks));
  const auto problems = in_ranks(ranks, [&](const ProcessGroup& group) {
    PartsRun<B> run(config, adam, images);
    GradientSum<B> sum(group, parts);
    RankResult<B>& result = results[static_cast<std::size_t>(group.rank())];
    // Batches of two sizes, as at the end of an epoch.
    for (int step = 0; step < steps; ++step)
      result.reports.push_back(run.in_parts(sum, how, step % 5 == 4 ? run.size() - 3 : run.size()));
    result.state = run.state();
  });
  for (const std::string& problem : problems) CHECK(problem.empty());
  for (const RankResult<B>& each : results) {
    CHECK(each.state == results.front().state);
    CHECK(std::equal(each.reports.begin(), each.reports.end(), results.front().reports.begin(), same));
  }
  return results.front();
}

/// A slide that vanishes after some reads.
struct VanishingSlide : saccade_test::Slide {
  int* reads;

  void read_region(Index x, Index y, Index width, Index height, Index reduction, std::span<std::uint8_t> pixels) const {
    if (--*reads < 0) throw FileError("a slide has vanished");
    Slide::read_region(x, y, width, height, reduction, pixels);
  }
};

}  // namespace

TEST_CASE("parts make up the gradient of the whole batch, draws included", "[ranks]") {
  using B = ReferenceBackend<double>;
  const StepOptions how =
      GENERATE(StepOptions{}, StepOptions{.part = LearnedPart::policy}, StepOptions{.part = LearnedPart::classifier},
               StepOptions{.glimpses = GlimpsePolicy::random, .part = LearnedPart::classifier});
  INFO("glimpses " << to_string(how.glimpses) << ", part " << static_cast<int>(how.part));
  const AdamConfig adam{.clip_norm = 0.05, .weight_decay = 0.01};
  for (const Index parts : {1, 3, 4}) {
    INFO(parts << " parts");
    PartsRun<B> whole(normalized_by(Normalization::group), adam), divided(normalized_by(Normalization::group), adam);
    GradientSum<B> sum(ProcessGroup(), parts);
    for (int step = 0; step < 3; ++step) {
      const StepReport expected = whole.whole(how), report = divided.in_parts(sum, how);
      CHECK(expected.gradient_norm > 0.05);  // clipped, by the norm of the whole
      CHECK(report.gradient_norm == Approx(expected.gradient_norm).epsilon(1e-9));
      CHECK(report.loss == Approx(expected.loss).epsilon(1e-9));
      CHECK(report.reward == Approx(expected.reward).epsilon(1e-9));
      CHECK(report.accuracy == Approx(expected.accuracy).epsilon(1e-9));
      CHECK(largest_difference(divided.gradient(), whole.gradient()) < 1e-10);
      CHECK(largest_difference(divided.weights(), whole.weights()) < 1e-7);
    }
  }
}

TEST_CASE("20 steps of 4 parts have the same bits for 1, 2, 3 and 4 ranks", "[ranks]") {
  const StepOptions how{.rollouts = 2};
  HybridAttentionConfig config = normalized_by(Normalization::batch);
  config.learner.baseline = Baseline::leave_one_out;
  const auto one = train_in_parts<saccade_test::Cpu>(config, 4, 1, 20, how);
  CHECK(one.state == train_in_parts<saccade_test::Cpu>(config, 4, 1, 20, how).state);
  for (const Index ranks : {2, 3, 4}) {
    const auto several = train_in_parts<saccade_test::Cpu>(config, 4, ranks, 20, how);
    CHECK(several.state == one.state);
    CHECK(std::equal(one.reports.begin(), one.reports.end(), several.reports.begin(), same));
  }
  CHECK(one.state != train_in_parts<saccade_test::Cpu>(config, 2, 1, 20, how).state);  // other statistics of the batch
}

TEST_CASE("20 steps in parts stay within 1e-5 of undivided ones with group norm", "[ranks]") {
  PartsRun<saccade_test::Cpu> whole(normalized_by(Normalization::group), {}),
      half(normalized_by(Normalization::group), {});
  GradientSum<saccade_test::Cpu> sum(ProcessGroup(), 4);
  // The draws of a policy that differs in its last bits differ in theirs: a reward is 0 or 1, but a location is not.
  const StepOptions how{.glimpses = GlimpsePolicy::random, .part = LearnedPart::classifier};
  for (int step = 0; step < 20; ++step) {
    whole.whole(how);
    half.in_parts(sum, how);
  }
  std::vector<double> difference;
  const auto x = whole.weights(), y = half.weights();
  for (std::size_t i = 0; i < x.size(); ++i)
    difference.push_back(static_cast<double>(x[i]) - static_cast<double>(y[i]));
  CHECK(length(difference) / length(x) < 1e-5);
}

TEST_CASE("synchronized parts make up the gradient of the whole batch with batch norm", "[ranks]") {
  using B = ReferenceBackend<double>;
  HybridAttentionConfig config = normalized_by(Normalization::batch);
  const AdamConfig adam{.clip_norm = 0.05};
  PartsRun<B> whole(config, adam);
  std::vector<std::vector<double>> gradients, statistics;
  const auto statistics_of = [](PartsRun<B>& run) { return numbers(run.b, run.trainer.statistics()); };
  for (int step = 0; step < 3; ++step) {
    whole.whole({});
    gradients.push_back(whole.gradient());
    statistics.push_back(statistics_of(whole));
  }
  // Parts of 2 and 3 images.
  for (const std::string& sentence : in_ranks(3, [&](const ProcessGroup& group) {
         PartsRun<B> run(config, adam);
         const SynchronizedBatches<B> synchronized(run.b, group);
         GradientSum<B> sum(group, 3);
         for (std::size_t step = 0; step < gradients.size(); ++step) {
           run.in_parts(sum, {});
           expect(largest_difference(run.gradient(), gradients[step]) < 1e-10, "the gradient of the whole");
           expect(largest_difference(statistics_of(run), statistics[step]) < 1e-10, "the statistics of the whole");
         }
       }))
    CHECK(sentence == "");
}

TEST_CASE("20 synchronized steps repeat bit for bit, and stay within 1e-5 of undivided ones", "[ranks]") {
  using B = saccade_test::Cpu;
  const StepOptions how{.glimpses = GlimpsePolicy::random, .part = LearnedPart::classifier};
  const HybridAttentionConfig config = normalized_by(Normalization::batch);
  PartsRun<B> whole(config, {});
  for (int step = 0; step < 20; ++step) whole.whole(how);
  std::vector<std::vector<float>> states(8), weights(4);
  for (std::size_t repeat = 0; repeat < 2; ++repeat) {
    for (const std::string& sentence : in_ranks(4, [&](const ProcessGroup& group) {
           PartsRun<B> run(config, {});
           const SynchronizedBatches<B> synchronized(run.b, group);
           GradientSum<B> sum(group, 4);
           for (int step = 0; step < 20; ++step) run.in_parts(sum, how);
           const auto rank = static_cast<std::size_t>(group.rank());
           states[4 * repeat + rank] = run.state();
           weights[rank] = run.weights();
         }))
      CHECK(sentence == "");
  }
  for (const auto& state : states) CHECK(state == states.front());
  const auto x = whole.weights();
  std::vector<double> difference;
  for (std::size_t i = 0; i < x.size(); ++i)
    difference.push_back(static_cast<double>(x[i]) - static_cast<double>(weights[0][i]));
  CHECK(length(difference) / length(x) < 1e-5);
}

TEST_CASE("synchronized steps are not recorded", "[ranks]") {
  using B = RecordingBackend<float>;
  const auto config = normalized_by(Normalization::batch);
  for (const std::string& sentence : in_ranks(2, [&](const ProcessGroup& group) {
         PartsRun<B> run(config);
         const SynchronizedBatches<B> synchronized(run.b, group);
         GradientSum<B> sum(group, 2);
         for (int step = 0; step < 3; ++step) run.in_parts(sum, {});
         expect(run.b.bodies == 0, "no body is recorded");
       }))
    CHECK(sentence == "");
}

TEST_CASE("what one rank throws between two normalisations ends the step of all", "[ranks]") {
  using B = ReferenceBackend<float>;
  int reads = 1 << 20;
  const auto step = [&] {
    return in_ranks(3, [&](const ProcessGroup& group) {
      PartsRun<B> run(normalized_by(Normalization::batch));
      int others = 1 << 20;
      const StreamedImage slide(VanishingSlide{{&run.tissue.images.back()}, group.rank() == 2 ? &reads : &others});
      run.oriented.back() = {.image = nullptr, .source = &slide};
      const SynchronizedBatches<B> synchronized(run.b, group);
      GradientSum<B> sum(group, 3);
      run.in_parts(sum, {});
    });
  };
  CHECK(step() == std::vector<std::string>(3));
  reads = ((1 << 20) - reads) / 2;  // in the middle of the glimpses
  REQUIRE(reads > 0);
  const std::string sentence =
      "a slide has vanished (batches are synchronized: this one cannot be taken again without the image)";
  CHECK(step() == std::vector<std::string>{"peer: " + sentence, "peer: " + sentence, sentence});
}

TEST_CASE("several passes come back to what each part has drawn", "[ranks]") {
  HybridAttentionConfig config = normalized_by(Normalization::batch);
  config.learner.kind = LearnerKind::ppo;
  config.learner.passes = 3;
  config.learner.class_term = false;
  const auto one = train_in_parts<ReferenceBackend<float>>(config, 4, 1, 4);
  CHECK(one.state == train_in_parts<ReferenceBackend<float>>(config, 4, 2, 4).state);
  // Without batch norm it is what one trainer makes of the whole.
  using B = ReferenceBackend<double>;
  config = normalized_by(Normalization::group);
  config.learner.kind = LearnerKind::ppo;
  config.learner.passes = 3;
  config.learner.class_term = false;
  PartsRun<B> whole(config), divided(config);
  GradientSum<B> sum(ProcessGroup(), 4);
  for (int step = 0; step < 2; ++step) {
    whole.whole({});
    divided.in_parts(sum, {});
    CHECK(largest_difference(divided.weights(), whole.weights()) < 1e-7);
  }
}

TEST_CASE("recorded parts have the bits of plain ones", "[ranks]") {
  const auto config = normalized_by(Normalization::batch);
  const auto plain = train_in_parts<ReferenceBackend<float>>(config, 2, 1, 9);
  CHECK(train_in_parts<RecordingBackend<float>>(config, 2, 1, 9).state == plain.state);
  PartsRun<RecordingBackend<float>> run(config);
  GradientSum<RecordingBackend<float>> sum(ProcessGroup(), 2);
  for (int step = 0; step < 5; ++step) run.in_parts(sum, {});
  // Two parts and the update, plainly, recorded, and then never again.
  CHECK(run.b.bodies == 6);
}

TEST_CASE("what is frozen stays as it is, to the bit, statistics included", "[ranks]") {
  using B = saccade_test::Cpu;
  const AdamConfig frozen{.groups = {{.pattern = "encoder.*", .frozen = true}}};
  PartsRun<B> run(normalized_by(Normalization::batch), frozen);
  GradientSum<B> sum(ProcessGroup(), 4);
  const auto before = numbers(run.b, run.trainer.parameters().encoder);
  const auto core = numbers(run.b, run.trainer.parameters().core);
  for (int step = 0; step < 3; ++step) run.in_parts(sum, {});
  CHECK(numbers(run.b, run.trainer.parameters().encoder) == before);
  CHECK(numbers(run.b, run.trainer.parameters().core) != core);
}

TEST_CASE("running statistics move by the mean of what each part would move them", "[ranks]") {
  using B = ReferenceBackend<double>;
  const StepOptions how{.glimpses = GlimpsePolicy::centre, .part = LearnedPart::classifier};
  const auto config = normalized_by(Normalization::batch);
  PartsRun<B> divided(config), first(config), second(config);
  GradientSum<B> sum(ProcessGroup(), 2);
  divided.in_parts(sum, how);
  first.trainer.step(first.batch(0, 4), first.labels(0, 4), 1e-2, how);
  second.trainer.step(second.batch(4, 8), second.labels(4, 8), 1e-2, how);
  const auto statistics = [](PartsRun<B>& run) { return numbers(run.b, run.trainer.statistics()); };
  const auto x = statistics(first), y = statistics(second), mean = statistics(divided);
  REQUIRE(largest_difference(x, y) > 1e-6);
  for (std::size_t i = 0; i < x.size(); ++i) CHECK(mean[i] == Approx((x[i] + y[i]) / 2).epsilon(1e-12));
}

TEST_CASE("a batch with fewer images than parts leaves some empty", "[ranks]") {
  const auto config = normalized_by(Normalization::batch);
  const auto one = train_in_parts<ReferenceBackend<float>>(config, 8, 1, 5, {}, {.clip_norm = 0.5}, 4);
  CHECK(one.state == train_in_parts<ReferenceBackend<float>>(config, 8, 4, 5, {}, {.clip_norm = 0.5}, 4).state);
  PartsRun<ReferenceBackend<float>> run(config);
  GradientSum<ReferenceBackend<float>> sum(ProcessGroup(), 8);
  CHECK_THROWS_WITH(run.in_parts(sum, {}, 0), "training: a batch must hold at least one image");
}

TEST_CASE("a number that is not finite in one rank moves none", "[ranks]") {
  using B = ReferenceBackend<double>;
  std::vector<bool> moved(2);
  const auto sentences = in_ranks(2, [&](const ProcessGroup& group) {
    PartsRun<B> run(normalized_by(Normalization::group));
    GradientSum<B> sum(group, 2);
    run.in_parts(sum, {});
    if (group.rank() == 1)
      run.b.fill(std::numeric_limits<double>::quiet_NaN(), run.trainer.parameters().classifier.bias);
    const auto before = run.weights();
    try {
      run.in_parts(sum, {});
    } catch (const Error&) {
      moved[static_cast<std::size_t>(group.rank())] = group.rank() == 0 && run.weights() != before;
      expect(run.trainer.optimizer().steps() == 1, "the step is not counted");
      throw;
    }
  });
  CHECK_THAT(sentences[0], contains("training: at step 2 the loss is not finite"));
  CHECK_THAT(sentences[1], contains("peer: training: at step 2 the loss is not finite"));
  CHECK_FALSE(moved[0]);
}

TEST_CASE("what one rank throws in its part ends the step of all", "[ranks]") {
  const auto sentences = in_ranks(3, [&](const ProcessGroup& group) {
    PartsRun<ReferenceBackend<float>> run(normalized_by(Normalization::group));
    GradientSum<ReferenceBackend<float>> sum(group, 3);
    if (group.rank() == 2) run.tissue.labels.back() = 9;
    run.in_parts(sum, {});
  });
  CHECK_THAT(sentences[0], contains("peer: model: a label must be from 0 to 1, but is 9"));
  CHECK_THAT(sentences[1], contains("peer: model: a label"));
  CHECK(sentences[2].starts_with("model: a label must be from 0 to 1, but is 9"));
}

TEST_CASE("a batch cannot be shared by more processes than it has parts", "[ranks]") {
  using Sum = GradientSum<ReferenceBackend<float>>;
  CHECK_THROWS_WITH(Sum(ProcessGroup(), 0), "training: parts must be at least 1, but is 0");
  for (const std::string& sentence : in_ranks(3, [](const ProcessGroup& group) { Sum(group, 2); }))
    CHECK_THAT(sentence, contains("training: 3 processes cannot share a batch in 2 parts; set training.parts to 3 or a "
                                  "multiple of it"));
}
