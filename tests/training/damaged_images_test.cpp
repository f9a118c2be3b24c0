#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/core/bad_rows_error.hpp>
#include <saccade/ops/image_handle.hpp>
#include <saccade/training/predict_images.hpp>
#include <saccade/training/trainer.hpp>

#include "support/catch.hpp"
#include "training/failing_slide.hpp"
#include "training/one_scale_config.hpp"
#include "training/trainer_fixture.hpp"

#include <cstddef>
#include <deque>
#include <numeric>
#include <span>
#include <string>
#include <vector>

/// Streamed images that turn out to be damaged when a glimpse falls on the place.
using namespace saccade;
using saccade_test::FailingSlide;
using saccade_test::numbers;
using saccade_test::Tissue;

namespace {

using Plain = ReferenceBackend<float>;

/// A trainer, and six slides, of which `failing` fails from read `sound` on.
struct DamagedRun {
  explicit DamagedRun(Index failing = -1, int sound = 0, int reason = 0)
      : trainer(b, HybridAttentionClassifier<Plain>(saccade_test::one_scale_config()), {.clip_norm = 1}, 5) {
    for (Index n = 0; n < 6; ++n) {
      const FailingSlide slide{.slide = {&tissue.images[static_cast<std::size_t>(n)]},
                               .name = "slide " + std::to_string(n),
                               .sound = n == failing ? sound : -1,
                               .reason = reason};
      slides.push_back(StreamedImage(slide));
      handles.emplace_back(b, slides.back());
      images.push_back(handles.back().seen());
    }
  }

  StepReport step(const std::vector<std::size_t>& which, Index rollouts) {
    std::vector<OrientedImage<Plain>> batch;
    std::vector<Index> labels;
    for (const std::size_t n : which) {
      batch.push_back(images[n]);
      labels.push_back(tissue.labels[n]);
    }
    return trainer.step(ImageBatch<Plain>(batch), labels, 1e-2, StepOptions{.rollouts = rollouts});
  }

  [[nodiscard]] std::vector<float> state() {
    std::vector<float> all = numbers(b, trainer.parameters());
    const auto statistics = numbers(b, trainer.statistics());
    all.insert(all.end(), statistics.begin(), statistics.end());
    return all;
  }

  Plain b;
  Tissue tissue{6};
  std::vector<AnyImage> slides;
  std::deque<ops::ImageHandle<Plain>> handles;
  std::vector<OrientedImage<Plain>> images;
  Trainer<Plain> trainer;
};

}  // namespace

TEST_CASE("a step over an image that turns out to be damaged changes nothing, and names it by its place", "[damaged]") {
  const Index rollouts = GENERATE(1, 2);
  DamagedRun whole, damaged(4, 3);  // sound for the first step, and for the first glimpse of the second
  whole.step({1, 2, 4}, 1);
  damaged.step({1, 2, 4}, 1);
  const auto before = damaged.state();
  try {
    damaged.step({0, 4, 5}, rollouts);
    FAIL("the step was made");
  } catch (const BadRowsError& error) {
    REQUIRE(error.rows().size() == 1);
    CHECK(error.rows()[0].row == 1);
    CHECK(error.rows()[0].problem == "slide 4: a tile is damaged");
    CHECK(error.what() == error.rows()[0].problem);
  }
  CHECK(damaged.state() == before);
  CHECK(damaged.trainer.rollouts() == 1);
  CHECK(damaged.step({0, 5}, rollouts).loss == whole.step({0, 5}, rollouts).loss);
  CHECK(damaged.state() == whole.state());
}

TEST_CASE("an error of reading that may pass is no damaged image", "[damaged]") {
  DamagedRun many_files(2, 0, EMFILE), vanished(2, 0, ENOENT);
  CHECK_THROWS_AS(many_files.step({1, 2}, 1), UnreadableError);
  CHECK_THROWS_AS(vanished.step({1, 2}, 1), BadRowsError);
}

TEST_CASE("predictions leave out an image that turns out to be damaged, as if it were not there", "[damaged]") {
  const auto policy = GENERATE(GlimpsePolicy::learned, GlimpsePolicy::random, GlimpsePolicy::oracle);
  const Index bad = GENERATE(0, 3, 5);
  DamagedRun run(bad, 1), whole;
  const std::vector<Box> regions(6, Box{20, 30, 8, 8});
  const auto predict = [&](DamagedRun& by, const std::vector<Index>& part, Index allowed,
                           std::vector<data::BadImage>& met) {
    data::Loader loader(6, [&](Index n) { return by.slides[static_cast<std::size_t>(n)]; },
                        {.threads = 1, .open_sources = 0, .max_bad_images = allowed});
    Evaluator<Plain> evaluator(by.b, by.trainer.model(), 4);
    ListedImages<Plain> images(by.b, loader);
    auto predictions = predict_images(by.b, evaluator, by.trainer.parameters(), by.trainer.statistics(), images, part,
                                      {.policy = policy, .seed = 3, .regions = regions}, [](Index) { return true; });
    met = loader.bad_images();
    // It is not opened again.
    loader.start({bad});
    CHECK(loader.next(1).size() == (met.empty() ? 1 : 0));
    return predictions;
  };
  std::vector<Index> all(6), sound;
  std::iota(all.begin(), all.end(), 0);
  for (const Index n : all)
    if (n != bad) sound.push_back(n);
  std::vector<data::BadImage> met;
  const auto expected = predict(whole, sound, 0, met);
  const auto found = predict(run, all, 1, met);
  REQUIRE(met.size() == 1);
  CHECK(met[0].index == bad);
  CHECK(met[0].problem == "slide " + std::to_string(bad) + ": a tile is damaged");
  REQUIRE(found.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(found[i].image == sound[i]);
    CHECK(found[i].prediction.probabilities == expected[i].prediction.probabilities);
    CHECK(found[i].prediction.windows == expected[i].prediction.windows);
  }
  DamagedRun strict(bad, 1);
  CHECK_THROWS_WITH(predict(strict, all, 0, met), "slide " + std::to_string(bad) + ": a tile is damaged");
}
