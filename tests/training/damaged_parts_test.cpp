#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/ops/image_handle.hpp>
#include <saccade/training/left_out_images.hpp>
#include <saccade/training/trainer.hpp>

#include "support/catch.hpp"
#include "support/in_ranks.hpp"
#include "support/recording_backend.hpp"
#include "training/failing_slide.hpp"
#include "training/one_scale_config.hpp"
#include "training/trainer_fixture.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// Streamed images that turn out to be damaged in the middle of a batch that is taken in parts.

using namespace saccade;
using saccade_test::expect;
using saccade_test::FailingSlide;
using saccade_test::in_ranks;
using saccade_test::largest_difference;
using saccade_test::RecordingBackend;
using saccade_test::Tissue;

namespace {

HybridAttentionConfig config_with(Normalization normalization, Index passes = 1) {
  HybridAttentionConfig config = saccade_test::one_scale_config();
  config.encoder.normalization.normalization = normalization;
  config.encoder.normalization.groups = 2;
  if (passes > 1) {
    config.learner.kind = LearnerKind::ppo;
    config.learner.passes = passes;
    config.learner.class_term = false;
  }
  return validated(config);
}

/// How many reads of a slide are sound. Each of the two glimpses is one.
using Sound = std::map<Index, int>;

/// Reads of each slide, by whatever rank.
using Reads = std::vector<std::shared_ptr<std::atomic<int>>>;

Reads no_reads() {
  Reads reads;
  for (int n = 0; n < 8; ++n) reads.push_back(std::make_shared<std::atomic<int>>(0));
  return reads;
}

/// Eight slides, and a trainer that takes batches of them.
template <class B>
struct DamagedParts {
  explicit DamagedParts(const HybridAttentionConfig& config, const Sound& sound = {}, Index allowed = 8,
                        const std::vector<Index>& unreadable = {}, const std::vector<Index>& resident = {},
                        const Reads& reads = no_reads())
      : loader(8,
               [this, sound, unreadable, resident, reads](Index n) -> AnyImage {
                 const auto has = [&](const std::vector<Index>& list) {
                   return std::find(list.begin(), list.end(), n) != list.end();
                 };
                 const std::string name = "slide " + std::to_string(n);
                 if (has(unreadable)) throw FileError(name + ": a tile is damaged");
                 const RgbImage& image = tissue.images[static_cast<std::size_t>(n)];
                 if (has(resident)) return image;
                 const auto found = sound.find(n);
                 return StreamedImage(FailingSlide{.slide = {&image},
                                                   .name = name,
                                                   .sound = found == sound.end() ? -1 : found->second,
                                                   .reads = reads[static_cast<std::size_t>(n)]});
               },
               {.threads = 1, .max_bad_images = allowed}),
        images(b, loader),
        bad(allowed),
        trainer(b, HybridAttentionClassifier<B>(config), {.clip_norm = 0.5}, 5) {}

  /// The step of a batch in parts, without those that turn out to be damaged.
  std::optional<StepReport> in_parts(GradientSum<B>& sum, const std::vector<Index>& order,
                                     const StepOptions& how = {}) {
    return with_batch(sum, order, [&](PartedBatches<B>& batches) {
      return over_sound_images(loader, bad, batches,
                               [&](std::span<const ListedImage<B>>) { return once(sum, batches, how); });
    });
  }

  /// One try of it.
  StepReport once(GradientSum<B>& sum, const std::vector<Index>& order, const StepOptions& how = {}) {
    return with_batch(sum, order, [&](PartedBatches<B>& batches) { return once(sum, batches, how); });
  }

  /// The step of a batch undivided.
  StepReport whole(const std::vector<Index>& order, const StepOptions& how = {}) {
    images.start(order);
    take(images.next(static_cast<Index>(order.size())));
    return trainer.step(ImageBatch<B>(oriented), labels, 1e-2, how);
  }

  [[nodiscard]] auto weights() { return saccade_test::numbers(b, trainer.parameters()); }
  [[nodiscard]] auto gradient() { return saccade_test::numbers(b, trainer.gradients()); }
  /// Every number that a checkpoint holds.
  [[nodiscard]] auto state() {
    auto all = saccade_test::state_numbers(trainer);
    all.push_back(static_cast<Scalar<B>>(trainer.rollouts()));
    return all;
  }

  B b{};
  Tissue tissue{8};
  data::Loader loader;
  ListedImages<B> images;
  AgreedBadImages bad;
  std::vector<OrientedImage<B>> oriented{};
  std::vector<Index> labels{};
  Trainer<B> trainer;

 private:
  auto with_batch(GradientSum<B>& sum, const std::vector<Index>& order, const auto& step) {
    PartedBatches<B> batches(sum, order, 0, static_cast<Index>(order.size()));
    images.start(batches.own());
    const auto load = [&](Index count, Index places) { return images.next(count, places); };
    expect(batches.load(load, false, loader, bad), "a batch is loaded");
    return step(batches);
  }

  StepReport once(GradientSum<B>& sum, PartedBatches<B>& batches, const StepOptions& how) {
    take(batches.loaded());
    return trainer.step(sum, batches.parts(ImageBatch<B>(oriented), labels), 1e-2, how);
  }

  void take(std::span<const ListedImage<B>> batch) {
    oriented.clear();
    labels.clear();
    for (const auto& [index, image] : batch) {
      oriented.push_back(image);
      labels.push_back(tissue.labels[static_cast<std::size_t>(index)]);
    }
  }
};

const std::vector<Index> one_order{0, 1, 2, 3, 4, 5, 6, 7}, other_order{5, 2, 7, 0, 3, 1, 6, 4};

/// As the ranks of a group have it in the end; all of them the same, or the test fails.
template <class B>
struct DamagedResult {
  std::vector<Scalar<B>> state;
  std::vector<StepReport> reports;
  std::vector<Index> bad, left_out;
};

/// Three steps in four parts.
template <class B>
DamagedResult<B> train_damaged(const HybridAttentionConfig& config, Index ranks, const Sound& sound,
                               const std::vector<Index>& unreadable = {}, const StepOptions& how = {},
                               const std::vector<Index>& resident = {}) {
  std::vector<DamagedResult<B>> results(static_cast<std::size_t>(ranks));
  const Reads reads = no_reads();
  const auto sentences = in_ranks(ranks, [&](const ProcessGroup& group) {
    DamagedParts<B> run(config, sound, 8, unreadable, resident, reads);
    GradientSum<B> sum(group, 4);
    DamagedResult<B>& result = results[static_cast<std::size_t>(group.rank())];
    for (const auto& order : {one_order, other_order, one_order}) {
      const auto report = run.in_parts(sum, order, how);
      expect(report.has_value(), "a step is made");
      result.reports.push_back(*report);
    }
    result.state = run.state();
    for (const data::BadImage& each : run.bad.list()) result.bad.push_back(each.index);
    result.left_out = run.loader.left_out();
  });
  for (const std::string& sentence : sentences) CHECK(sentence == "");
  for (const DamagedResult<B>& each : results) {
    CHECK((each.state == results.front().state));
    CHECK(each.bad == results.front().bad);
    CHECK(each.left_out == results.front().left_out);
  }
  return results.front();
}

bool all_same(const std::vector<StepReport>& x, const std::vector<StepReport>& y) {
  return std::equal(x.begin(), x.end(), y.begin(), y.end(), saccade_test::same);
}

}  // namespace

TEST_CASE("all ranks hear of the damaged images in all parts, by their places, and nothing has changed", "[damaged]") {
  using B = saccade_test::Cpu;
  const Index ranks = GENERATE(1, 2, 4);
  const StepOptions how{.rollouts = GENERATE(1, 2)};
  const auto sentences = in_ranks(ranks, [&](const ProcessGroup& group) {
    // Slide 6 is damaged where the second glimpse falls, or that of the second rollout.
    DamagedParts<B> run(config_with(Normalization::batch), {{3, 0}, {6, 1}});
    GradientSum<B> sum(group, 4);
    run.in_parts(sum, {0, 1, 2, 4, 5, 7});
    const auto before = run.state();
    try {
      run.once(sum, one_order, how);
    } catch (const BadRowsError& error) {
      expect(error.rows().size() == 2, "two are damaged");
      expect(error.rows()[0].row == 3 && error.rows()[0].problem == "slide 3: a tile is damaged", "slide 3 is one");
      expect(error.rows()[1].row == 6 && error.rows()[1].problem == "slide 6: a tile is damaged", "slide 6 is one");
      expect(run.state() == before, "nothing has changed");
      throw;
    }
  });
  CHECK(sentences == std::vector<std::string>(static_cast<std::size_t>(ranks), "slide 3: a tile is damaged"));
}

TEST_CASE("without damaged images a step in parts is that of a batch in which they were known to be bad", "[damaged]") {
  using B = saccade_test::Cpu;
  const HybridAttentionConfig config = config_with(Normalization::batch, GENERATE(1, 3));
  const StepOptions how{.rollouts = GENERATE(1, 2)};
  // Parts of two: one loses its first image, and one, in two tries, both.
  const auto known = train_damaged<B>(config, 1, {}, {2, 6, 7}, how);
  CHECK(known.left_out.empty());
  for (const Index ranks : {1, 2, 3, 4}) {
    INFO(ranks << " ranks");
    const auto found = train_damaged<B>(config, ranks, {{2, 0}, {6, 1}, {7, 0}}, {}, how);
    CHECK((found.state == known.state));
    CHECK(all_same(found.reports, known.reports));
    CHECK(found.bad == (how.rollouts == 1 ? std::vector<Index>{2, 7, 6} : std::vector<Index>{2, 6, 7}));
    CHECK(found.left_out == found.bad);
  }
  CHECK((known.state != train_damaged<B>(config, 1, {}, {}, how).state));
}

TEST_CASE("images damaged later in a run are left out from then on, by any number of ranks alike", "[damaged]") {
  using B = saccade_test::Cpu;
  const Sound sound{{1, 4}, {5, 3}};  // in the third step, and in the second
  const auto one = train_damaged<B>(config_with(Normalization::batch), 1, sound);
  CHECK(one.left_out == std::vector<Index>{5, 1});
  for (const Index ranks : {2, 4}) {
    const auto several = train_damaged<B>(config_with(Normalization::batch), ranks, sound);
    CHECK((several.state == one.state));
    CHECK(all_same(several.reports, one.reports));
    CHECK(several.left_out == one.left_out);
  }
}

TEST_CASE("without damaged images a step in parts is the undivided one of the others", "[damaged]") {
  using B = ReferenceBackend<double>;
  const HybridAttentionConfig config = config_with(Normalization::group, GENERATE(1, 2));
  DamagedParts<B> whole(config), divided(config, {{0, 0}, {4, 1}});
  GradientSum<B> sum(ProcessGroup(), 3);
  const std::vector<std::vector<Index>> sound{{1, 2, 3, 5, 6, 7}, {5, 2, 7, 3, 1, 6}};
  const std::vector<std::vector<Index>> orders{one_order, other_order};
  for (std::size_t step = 0; step < 2; ++step) {
    const StepReport expected = whole.whole(sound[step]);
    const auto report = divided.in_parts(sum, orders[step]);
    REQUIRE(report);
    CHECK(std::abs(report->loss - expected.loss) < 1e-10);
    CHECK(std::abs(report->reward - expected.reward) < 1e-10);
    CHECK(largest_difference(divided.gradient(), whole.gradient()) < 1e-10);
    CHECK(largest_difference(divided.weights(), whole.weights()) < 1e-7);
  }
}

TEST_CASE("a backend that records its steps has the bits of a plain one beside damaged images", "[damaged]") {
  const HybridAttentionConfig config = config_with(Normalization::batch);
  const Sound sound{{3, 0}, {6, 3}};
  const std::vector<Index> resident{0, 1, 4, 5};
  const auto plain = train_damaged<ReferenceBackend<float>>(config, 1, sound, {}, {}, resident);
  CHECK(plain.left_out == std::vector<Index>{3, 6});
  CHECK((train_damaged<RecordingBackend<float>>(config, 1, sound, {}, {}, resident).state == plain.state));
}

TEST_CASE("a batch in parts of which nothing is left makes no step", "[damaged]") {
  using B = saccade_test::Cpu;
  for (const Index ranks : {1, 2}) {
    const auto sentences = in_ranks(ranks, [&](const ProcessGroup& group) {
      const HybridAttentionConfig config = config_with(Normalization::batch);
      DamagedParts<B> run(config, {{1, 0}, {4, 0}, {6, 1}}), without(config);
      GradientSum<B> sum(group, 2);
      const auto before = run.state();
      expect(!run.in_parts(sum, {6, 1, 4}), "no step is made");
      expect(run.state() == before, "nothing has changed");
      expect(run.bad.list().size() == 3, "all are bad");
      run.in_parts(sum, {0, 2, 3});
      without.in_parts(sum, {0, 2, 3});
      expect(run.state() == without.state(), "the next step is made as if nothing had been");
    });
    for (const std::string& sentence : sentences) CHECK(sentence == "");
  }
}

TEST_CASE("more damaged images than are allowed, of all ranks together, end all ranks", "[damaged]") {
  using B = saccade_test::Cpu;
  for (const Index ranks : {1, 2, 4}) {
    const auto sentences = in_ranks(ranks, [&](const ProcessGroup& group) {
      DamagedParts<B> run(config_with(Normalization::batch), {{1, 0}, {6, 0}}, 1);
      GradientSum<B> sum(group, 4);
      const auto before = run.state();
      try {
        run.in_parts(sum, one_order);
      } catch (const FileError&) {
        expect(run.state() == before, "nothing has changed");
        throw;
      }
    });
    const std::string sentence = "slide 6: a tile is damaged (bad image number 2; at most 1 are allowed)";
    std::vector<std::string> expected(static_cast<std::size_t>(ranks), "peer: " + sentence);
    expected.front() = sentence;
    CHECK(sentences == expected);
  }
}

TEST_CASE("an image damaged after an update ends all ranks", "[damaged]") {
  using B = saccade_test::Cpu;
  for (const Index ranks : {1, 2}) {
    const auto sentences = in_ranks(ranks, [&](const ProcessGroup& group) {
      DamagedParts<B> run(config_with(Normalization::batch, 3), {{6, 2}});  // in the second pass
      GradientSum<B> sum(group, 2);
      try {
        run.in_parts(sum, one_order);
      } catch (const FileError&) {
        expect(run.trainer.optimizer().steps() == 1, "one update was made");
        expect(run.bad.list().empty(), "none is left out");
        throw;
      }
    });
    CHECK(sentences.back() == "slide 6: a tile is damaged");
    if (ranks == 2) CHECK(sentences.front() == "peer: slide 6: a tile is damaged");
  }
}

TEST_CASE("where batches are synchronized a damaged image ends all ranks", "[damaged]") {
  using B = saccade_test::Cpu;
  const auto sentences = in_ranks(2, [&](const ProcessGroup& group) {
    DamagedParts<B> run(config_with(Normalization::batch), {{6, 1}});
    const SynchronizedBatches<B> synchronized(run.b, group);
    GradientSum<B> sum(group, 2);
    run.in_parts(sum, one_order);
  });
  const std::string sentence =
      "slide 6: a tile is damaged (batches are synchronized: this one cannot be taken again without the image)";
  CHECK(sentences == std::vector<std::string>{"peer: " + sentence, sentence});
}
