#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/data/tissue_areas.hpp>
#include <saccade/ops/image_handle.hpp>
#include <saccade/training/evaluator.hpp>
#include <saccade/training/trainer.hpp>

#include "support/catch.hpp"
#include "support/recording_backend.hpp"
#include "support/slide.hpp"
#include "training/one_scale_config.hpp"
#include "training/trainer_fixture.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

/// Training and evaluation whose random glimpses fall on tissue.
using namespace saccade;
using saccade_test::numbers;
using saccade_test::RecordingBackend;
using saccade_test::Slide;

namespace {

using Plain = ReferenceBackend<float>;
using Recording = RecordingBackend<float>;

constexpr Box stain{40, 20, 16, 24};  // away from the edges, at which windows are moved

/// Glass, with the noise without which batch normalisation has nothing to divide by, and a stained rectangle.
RgbImage stained_glass() {
  RgbImage image(96, 64);
  for (std::size_t i = 0; i < image.pixels.size(); ++i)
    image.pixels[i] = static_cast<std::uint8_t>(234 + i * i * 7 % 11 * i % 7);
  for (Index y = stain.y; y < stain.y + stain.height; ++y)
    for (Index x = stain.x; x < stain.x + stain.width; ++x)
      image.at(x, y)[1] = static_cast<std::uint8_t>(90 + 3 * x % 50 + y);
  return image;
}

/// Notes the corner of every region that is read.
struct NotingSlide {
  Slide slide;
  std::shared_ptr<std::mutex> mutex = std::make_shared<std::mutex>();
  std::shared_ptr<std::vector<PixelPosition>> corners = std::make_shared<std::vector<PixelPosition>>();

  [[nodiscard]] Index width() const { return slide.width(); }
  [[nodiscard]] Index height() const { return slide.height(); }
  void read_region(Index x, Index y, Index width, Index height, Index reduction, std::span<std::uint8_t> pixels) const {
    slide.read_region(x, y, width, height, reduction, pixels);
    const std::lock_guard lock(*mutex);
    corners->push_back({x, y});
  }
};

HybridAttentionConfig on_tissue() {
  HybridAttentionConfig config = saccade_test::one_scale_config();
  config.glimpses = 3;
  config.random_locations = RandomLocations::tissue;
  return validated(config);
}

template <class B>
struct TissueRun {
  explicit TissueRun(const HybridAttentionConfig& config, bool streamed = false, bool told = true)
      : trainer(b, HybridAttentionClassifier<B>(config), {.clip_norm = 1}, 5) {
    for (int n = 0; n < 8; ++n) {
      AnyImage any = streamed ? AnyImage(StreamedImage(slide)) : AnyImage(image);
      if (told) any.set_tissue(std::make_shared<const TissueArea>(data::find_tissue_area(image)));
      handles.push_back(std::make_unique<ops::ImageHandle<B>>(b, std::move(any)));
      images.push_back(handles.back()->seen(static_cast<Symmetry>(n)));
    }
  }

  StepReport step(const StepOptions& how = {}) { return trainer.step(ImageBatch<B>(images), labels, 1e-2, how); }

  B b;
  RgbImage image = stained_glass();
  NotingSlide slide{.slide = {&image}};
  std::vector<std::unique_ptr<ops::ImageHandle<B>>> handles;
  std::vector<OrientedImage<B>> images;
  std::vector<Index> labels{0, 1, 0, 1, 1, 0, 1, 0};
  Trainer<B> trainer;
};

/// Whether the window of a glimpse of 8 x 8 pixels has its middle on tissue, give or take a pixel.
bool looks_at_tissue(PixelPosition corner) {
  const Index x = corner.x + 4, y = corner.y + 4;
  return x >= stain.x - 1 && x <= stain.x + stain.width + 1 && y >= stain.y - 1 && y <= stain.y + stain.height + 1;
}

Index count_on_tissue(const std::vector<PixelPosition>& corners) {
  return std::count_if(corners.begin(), corners.end(), looks_at_tissue);
}

}  // namespace

TEST_CASE("a training's random glimpses fall on tissue, and of the policy's the first one", "[tissue]") {
  TissueRun<Plain> run(on_tissue(), true);
  std::vector<PixelPosition>& corners = *run.slide.corners;
  for (int i = 0; i < 4; ++i) run.step({.glimpses = GlimpsePolicy::random, .part = LearnedPart::classifier});
  CHECK(corners.size() == 4 * 8 * 3);
  CHECK(count_on_tissue(corners) == 4 * 8 * 3);
  // All over it, not in one place.
  for (const Index quarter : {0, 1, 2, 3}) {
    CHECK(std::count_if(corners.begin(), corners.end(), [&](const PixelPosition& corner) {
            const Index right = corner.x + 4 >= 48, low = corner.y + 4 >= 32;
            return right + 2 * low == quarter;
          }) >= 12);
  }
  corners.clear();
  for (int i = 0; i < 3; ++i) run.step({.rollouts = 2});
  CHECK(corners.size() == 3 * 16 * 3);
  CHECK(count_on_tissue(corners) >= 3 * 16);
  CHECK(count_on_tissue(corners) < 3 * 16 * 3);  // the others go where the policy wants
  // Without the option few do.
  HybridAttentionConfig anywhere = on_tissue();
  anywhere.random_locations = RandomLocations::image;
  TissueRun<Plain> other(anywhere, true);
  for (int i = 0; i < 4; ++i) other.step({.glimpses = GlimpsePolicy::random, .part = LearnedPart::classifier});
  CHECK(count_on_tissue(*other.slide.corners) < 30);
}

TEST_CASE("recorded steps on tissue have the bits of plain ones, with new locations each time", "[tissue]") {
  TissueRun<Plain> plain(on_tissue());
  TissueRun<Recording> recording(on_tissue());
  for (int number = 0; number < 10; ++number) {
    const StepOptions how{.glimpses = number % 2 == 0 ? GlimpsePolicy::random : GlimpsePolicy::learned,
                          .part = number % 2 == 0 ? LearnedPart::classifier : LearnedPart::all};
    CHECK(recording.step(how).loss == plain.step(how).loss);
  }
  CHECK(numbers(recording.b, recording.trainer.parameters()) == numbers(plain.b, plain.trainer.parameters()));
  CHECK(recording.b.bodies == 4);
  CHECK(recording.b.repetitions == 6);
}

TEST_CASE("where tissue is not asked for, knowing it moves no bit", "[tissue]") {
  HybridAttentionConfig config = on_tissue();
  config.random_locations = RandomLocations::image;
  TissueRun<Plain> told(config), untold(config, false, false);
  for (int i = 0; i < 2; ++i) {
    const StepOptions random{.glimpses = GlimpsePolicy::random, .part = LearnedPart::classifier};
    CHECK(told.step(random).loss == untold.step(random).loss);
    CHECK(told.step().loss == untold.step().loss);
  }
  CHECK(numbers(told.b, told.trainer.parameters()) == numbers(untold.b, untold.trainer.parameters()));
}

TEST_CASE("a step on tissue that nobody has found ends in a sentence", "[tissue]") {
  TissueRun<Plain> run(on_tissue(), false, false);
  CHECK_THROWS_WITH(run.step(), contains("nobody has told where the tissue of an image is"));
}

TEST_CASE("an evaluation's random glimpses fall on tissue, the same in any batch", "[tissue]") {
  TissueRun<Plain> run(on_tissue());
  auto& trainer = run.trainer;
  Evaluator<Plain> evaluator(run.b, trainer.model(), 8), small(run.b, trainer.model(), 3);
  const ImageBatch<Plain> images(run.images);
  const auto random = [&](Evaluator<Plain>& by, ImageBatch<Plain> batch, Index first) {
    return by.predict(trainer.parameters(), trainer.statistics(), batch, GlimpsePolicy::random, 7, {}, first);
  };
  const auto drawn = [&](Evaluator<Plain>& by, ImageBatch<Plain> batch, Index first) {
    return by.predict_drawn(trainer.parameters(), trainer.statistics(), batch, 7, 2, first);
  };
  const auto check_windows = [&](const Prediction& prediction, std::size_t n, std::size_t glimpses) {
    for (std::size_t t = 0; t < glimpses; ++t) {
      const Box& box = prediction.windows[t].front();
      const Symmetry symmetry = run.images[n].symmetry;
      const PixelPosition one = source_pixel(symmetry, box.x, box.y, 96, 64);
      const PixelPosition other = source_pixel(symmetry, box.x + 7, box.y + 7, 96, 64);
      CHECK(looks_at_tissue({std::min(one.x, other.x), std::min(one.y, other.y)}));
    }
  };
  const auto all = random(evaluator, images, 0), some = random(small, images.subspan(4, 3), 4);
  const auto all_drawn = drawn(evaluator, images, 0), some_drawn = drawn(small, images.subspan(4, 3), 4);
  for (std::size_t n = 0; n < 8; ++n) {
    check_windows(all[n], n, 3);
    check_windows(all_drawn[n], n, 1);
  }
  CHECK(all[0].windows[0] != all[0].windows[1]);
  for (std::size_t n = 0; n < 3; ++n) {
    CHECK(some[n].windows == all[n + 4].windows);
    CHECK(some[n].probabilities == all[n + 4].probabilities);
    CHECK(some_drawn[n].windows == all_drawn[n + 4].windows);
  }
}
