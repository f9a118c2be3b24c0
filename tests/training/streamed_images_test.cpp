#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/data/augmentation.hpp>
#include <saccade/data/epoch_order.hpp>
#include <saccade/training/predict_images.hpp>
#include <saccade/training/trained_classifier.hpp>
#include <saccade/training/training_checkpoint.hpp>

#include "support/catch.hpp"
#include "support/recording_backend.hpp"
#include "support/scratch_folder.hpp"
#include "support/slide.hpp"
#include "training/one_scale_config.hpp"
#include "training/trainer_fixture.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <numeric>
#include <span>
#include <vector>

/// Trainer, Evaluator, loader and classifier over images too large to hold: the same calls as over photographs.
using namespace saccade;
using saccade_test::numbers;
using saccade_test::one_scale_config;
using saccade_test::RecordingBackend;
using saccade_test::Slide;
using saccade_test::Tissue;

namespace {

using Plain = ReferenceBackend<float>;
using Recording = RecordingBackend<float>;

enum class Kind { resident, streamed, mixed };

/// A trainer over six images of tissue, each turned another way, in memory or behind sources.
template <class B>
struct StreamedRun {
  explicit StreamedRun(Kind kind, const HybridAttentionConfig& config = one_scale_config())
      : trainer(b, HybridAttentionClassifier<B>(config), {.clip_norm = 1}, 5) {
    for (const RgbImage& image : tissue.images) {
      const bool streamed = kind == Kind::streamed || (kind == Kind::mixed && handles.size() % 2 == 0);
      handles.emplace_back(b, streamed ? AnyImage(StreamedImage(Slide{&image})) : AnyImage(image));
    }
    for (std::size_t n = 0; n < handles.size(); ++n)
      images.push_back(handles[n].seen(static_cast<Symmetry>((n + 1) % symmetry_count)));
  }

  StepReport step(std::size_t first, const StepOptions& how = {}) {
    return trainer.step(ImageBatch<B>(images).subspan(first, 3),
                        std::span<const Index>(tissue.labels).subspan(first, 3), 1e-2, how);
  }

  B b;
  Tissue tissue{6};
  std::vector<ops::ImageHandle<B>> handles;
  std::vector<OrientedImage<B>> images;
  Trainer<B> trainer;
};

void check_same_predictions(const std::vector<Prediction>& one, const std::vector<Prediction>& other) {
  REQUIRE(one.size() == other.size());
  for (std::size_t n = 0; n < one.size(); ++n) {
    CHECK(one[n].probabilities == other[n].probabilities);
    CHECK(one[n].windows == other[n].windows);
    REQUIRE(one[n].thumbnails.size() == other[n].thumbnails.size());
    for (std::size_t i = 0; i < one[n].thumbnails.size(); ++i)
      CHECK(one[n].thumbnails[i].window == other[n].thumbnails[i].window);
  }
}

/// A slide of 8,000 megapixels: a disc of red or of blue, 60,000 pixels wide, on grey with a grain. Exists only where
/// one looks. A mean is that of nine places.
struct DiscSlide {
  Index label;
  std::shared_ptr<std::atomic<Index>> pixels_read;

  [[nodiscard]] Index width() const { return 100000; }
  [[nodiscard]] Index height() const { return 80000; }

  [[nodiscard]] std::array<Index, 3> pixel(Index x, Index y) const {
    const Index dx = x - width() / 2, dy = y - height() / 2, grain = (x * 7 + y * 13) % 32;
    if (dx * dx + dy * dy > Index{30000} * 30000) return {100 + grain, 100 + grain, 100 + grain};
    return label == 0 ? std::array<Index, 3>{200 + grain, 60, 60} : std::array<Index, 3>{60, 60, 200 + grain};
  }

  void read_region(Index x, Index y, Index width, Index height, Index reduction, std::span<std::uint8_t> pixels) const {
    std::size_t next = 0;
    for (Index j = 0; j < height; ++j) {
      for (Index i = 0; i < width; ++i) {
        std::array<Index, 3> sum{};
        for (Index place = 0; place < 9; ++place) {
          const auto one =
              pixel(x + i * reduction + place % 3 * reduction / 3, y + j * reduction + place / 3 * reduction / 3);
          for (std::size_t c = 0; c < 3; ++c) sum[c] += one[c];
        }
        for (const Index channel : sum) pixels[next++] = static_cast<std::uint8_t>((channel + 4) / 9);
      }
    }
    *pixels_read += width * height;
  }
};

}  // namespace

TEST_CASE("steps over streamed images have the bits of steps over resident ones", "[streamed]") {
  const auto kind = GENERATE(Kind::streamed, Kind::mixed);
  HybridAttentionConfig config = one_scale_config();
  config.learner.baseline = GENERATE(Baseline::learned, Baseline::self_critical);
  StreamedRun<Plain> resident(Kind::resident, config), streamed(kind, config);
  for (std::size_t number = 0; number < 4; ++number) {
    const StepOptions how{.rollouts = number < 2 ? 1 : 2};
    const StepReport one = resident.step(number, how), other = streamed.step(number, how);
    CHECK(one.loss == other.loss);
    CHECK(one.gradient_norm == other.gradient_norm);
  }
  CHECK(numbers(resident.b, resident.trainer.parameters()) == numbers(streamed.b, streamed.trainer.parameters()));
  CHECK(numbers(resident.b, resident.trainer.statistics()) == numbers(streamed.b, streamed.trainer.statistics()));
}

TEST_CASE("a backend that records its steps makes those over streamed images plainly", "[streamed]") {
  // Every other step over resident images: they are recorded, and repeated, as if nothing were between them.
  StreamedRun<Plain> plain(Kind::resident);
  StreamedRun<Recording> recording(Kind::streamed);
  std::vector<ops::ImageHandle<Recording>> handles;
  std::vector<OrientedImage<Recording>> resident;
  for (const RgbImage& image : recording.tissue.images) handles.emplace_back(recording.b, image);
  for (std::size_t n = 0; n < handles.size(); ++n) resident.push_back(handles[n].seen(recording.images[n].symmetry));
  for (std::size_t number = 0; number < 10; ++number) {
    if (number % 2 == 0) std::swap(resident, recording.images);
    CHECK(recording.step(number % 4).loss == plain.step(number % 4).loss);
    if (number % 2 == 0) std::swap(resident, recording.images);
  }
  CHECK(numbers(recording.b, recording.trainer.parameters()) == numbers(plain.b, plain.trainer.parameters()));
  CHECK(recording.b.bodies == 2);
  CHECK(recording.b.repetitions == 3);
}

TEST_CASE("an evaluation answers for streamed images what it answers for resident ones", "[streamed]") {
  const auto kind = GENERATE(Kind::streamed, Kind::mixed);
  StreamedRun<Recording> resident(Kind::resident), streamed(kind);
  Evaluator<Recording> one(resident.b, resident.trainer.model(), 4);
  Evaluator<Recording> other(streamed.b, streamed.trainer.model(), 4);
  const auto predicted = [&](auto& evaluator, auto& run, auto policy, std::size_t count) {
    const std::vector<Box> regions(count, Box{20, 30, 10, 10});
    return evaluator.predict(run.trainer.parameters(), run.trainer.statistics(),
                             ImageBatch<Recording>(run.images).first(count), policy, 3, regions);
  };
  for (const GlimpsePolicy policy : {GlimpsePolicy::learned, GlimpsePolicy::random, GlimpsePolicy::centre,
                                     GlimpsePolicy::grid, GlimpsePolicy::oracle}) {
    for (const std::size_t count : {4u, 3u})
      check_same_predictions(predicted(one, resident, policy, count), predicted(other, streamed, policy, count));
  }
  const auto drawn = [&](auto& evaluator, auto& run) {
    return evaluator.predict_drawn(run.trainer.parameters(), run.trainer.statistics(),
                                   ImageBatch<Recording>(run.images).first(4), 3, 1, 2);
  };
  check_same_predictions(drawn(one, resident), drawn(other, streamed));
  // Image 0 is 96 x 64 pixels, and turned clockwise: the middle of 64 x 96.
  const Prediction centre = predicted(other, streamed, GlimpsePolicy::centre, 4)[0];
  CHECK(centre.windows[0][0] == Box{28, 44, 8, 8});
}

TEST_CASE("of images of one colour all scales and the thumbnail are the same, too", "[streamed]") {
  HybridAttentionConfig config = one_scale_config();
  config.sensor.scales = 3;
  config.glance = {.side = 8, .reduction = 16, .outputs = 3};
  config = validated(config);
  StreamedRun<Plain> resident(Kind::resident, config), streamed(Kind::mixed, config);
  for (auto* run : {&resident, &streamed}) {
    for (std::size_t n = 0; n < run->tissue.images.size(); ++n)
      for (auto& byte : run->tissue.images[n].pixels) byte = static_cast<std::uint8_t>(40 + 30 * n);
    run->handles.clear();
    for (std::size_t n = 0; n < run->tissue.images.size(); ++n) {
      const RgbImage& image = run->tissue.images[n];
      const bool stream = run == &streamed && n % 2 == 0;
      run->handles.emplace_back(run->b, stream ? AnyImage(StreamedImage(Slide{&image})) : AnyImage(image));
    }
    for (std::size_t n = 0; n < run->images.size(); ++n) run->images[n] = run->handles[n].seen();
  }
  for (std::size_t number = 0; number < 3; ++number) CHECK(resident.step(number).loss == streamed.step(number).loss);
  CHECK(numbers(resident.b, resident.trainer.parameters()) == numbers(streamed.b, streamed.trainer.parameters()));
  Evaluator<Plain> evaluator(resident.b, resident.trainer.model(), 3);
  const auto predicted = [&](const StreamedRun<Plain>& run) {
    return evaluator.predict(resident.trainer.parameters(), resident.trainer.statistics(),
                             ImageBatch<Plain>(run.images).first(3), GlimpsePolicy::learned);
  };
  check_same_predictions(predicted(resident), predicted(streamed));
}

TEST_CASE("a data set of huge images that exist only where one looks is learned and judged by the usual calls",
          "[streamed]") {
  using B = EigenBackend<float>;
  B b;
  HybridAttentionConfig config = saccade_test::tiny_config();
  config.glance = {.side = 16, .reduction = 8192, .outputs = 4};
  config = validated(config);
  Trainer<B> trainer(b, HybridAttentionClassifier<B>(config), {.clip_norm = 1}, 1);
  const auto pixels_read = std::make_shared<std::atomic<Index>>(0);
  data::Loader loader(12,
                      [&](Index image) {
                        return StreamedImage(DiscSlide{image % 2, pixels_read});
                      },
                      {.prefetch = 4, .open_sources = 2});
  ListedImages<B> images(b, loader);
  std::vector<OrientedImage<B>> batch;
  std::vector<Index> labels;
  std::vector<Index> train(8), test{8, 9, 10, 11};
  std::iota(train.begin(), train.end(), Index{0});
  int steps = 0;
  for (std::uint64_t epoch = 0; epoch < 20; ++epoch) {
    images.start(data::epoch_order(train, 1, epoch));
    for (auto listed = images.next(4); !listed.empty(); listed = images.next(4), ++steps) {
      batch.clear();
      labels.clear();
      for (const auto& [index, image] : listed) {
        batch.push_back(image);
        batch.back().symmetry = data::draw_symmetry(1, epoch, index);
        labels.push_back(index % 2);
      }
      trainer.step(batch, labels, 1e-3);
    }
  }
  CHECK(steps == 40);
  // By hand: a step reads, of each of 4 images, 3 glimpses of 2 scales and a thumbnail of 2, of 16 x 16 pixels each.
  CHECK(*pixels_read == 40 * 4 * (3 * 2 + 2) * 16 * 16);

  Evaluator<B> evaluator(b, trainer.model(), 2);
  const auto predictions = predict_images(b, evaluator, trainer.parameters(), trainer.statistics(), images, test, {},
                                          [](Index) { return true; });
  REQUIRE(predictions.size() == 4);
  for (const ImagePrediction& each : predictions) {
    CHECK(each.prediction.answer() == each.image % 2);
    CHECK(each.width == 100000);
    CHECK(each.height == 80000);
    CHECK(each.prediction.thumbnails[0].window == Box{-15536, -25536, 131072, 131072});
  }

  const ScratchFolder folder;
  save_checkpoint(folder / "model.safetensors", trainer, {.model = config, .classes = {"red", "blue"}, .run = {}});
  auto classifier = TrainedClassifier<B>::load(b, folder / "model.safetensors");
  const ops::ImageHandle<B> red(b, StreamedImage(DiscSlide{0, pixels_read}));
  const ops::ImageHandle<B> photograph(b, RgbImage(64, 64));
  const std::array<OrientedImage<B>, 2> both{photograph.seen(), red.seen(Symmetry::transpose)};
  const std::vector<Classification> answers = classifier.classify(ImageBatch<B>(both));
  REQUIRE(answers.size() == 2);
  CHECK(answers[1].class_name == "red");
  for (const Index label : {0, 1}) {
    const Classification answer = classifier.classify(StreamedImage(DiscSlide{label, pixels_read}));
    CHECK(answer.class_index == label);
    CHECK(answer.probabilities == predictions[static_cast<std::size_t>(label)].prediction.probabilities.back());
  }
}
