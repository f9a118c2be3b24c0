#include <saccade/testing/archetype_backend.hpp>
#include <saccade/training/trainer.hpp>

#include "support/catch.hpp"
#include "support/slide.hpp"

#include <array>
#include <utility>
#include <vector>

using namespace saccade;

/// Parts that a user writes: a sensor and an encoder of their own, over a backend that offers no more than the concept.
namespace {

using Archetype = testing::ArchetypeBackend<double>;

/// Looks at nothing but the quadrant that the location lies in, and brings back its mean colour: patches (B, 1, 1, 3).
template <GlimpseOps B>
class QuadrantSensor {
 public:
  [[nodiscard]] Shape patch_shape(Index batch) const { return {batch, 1, 1, 3}; }

  void forward(B& b, ImageBatch<B> images, const Tensor<B>& location, Tensor<B>& patches) const {
    // A crop of half the image, averaged by the backend's own pooling.
    const GlimpseGeometry half{.side = ops::seen_size(b, images[0]).width / 2};
    Tensor<B> crop = b.zeros({static_cast<Index>(images.size()), half.side, half.side, 3});
    ops::crop_glimpses(b, images, location, half, crop);
    Tensor<B> mean = b.zeros({static_cast<Index>(images.size()), 3});
    b.global_average_pool(crop, mean);
    std::vector<Scalar<B>> values(static_cast<std::size_t>(b.shape(mean).size()));
    b.download(mean, std::span<Scalar<B>>(values));
    b.upload(std::span<const Scalar<B>>(values), patches);
  }
};

/// Mean colour of the patch through one linear layer.
template <class B>
class MeanColourEncoder {
 public:
  using Parameters = typename LinearLayer<B>::Parameters;
  struct Statistics {
    template <class Self, class Visitor>
    static void for_each(Self&, const std::string&, Visitor&&) {}
  };
  struct Cache {
    Tensor<B> colour;  // (B, 3)
  };
  struct Workspace {};

  [[nodiscard]] Index features() const { return 4; }
  [[nodiscard]] Parameters make_parameters(B& b) const { return layer_.make_parameters(b); }
  [[nodiscard]] Statistics make_statistics(B&) const { return {}; }
  [[nodiscard]] Cache make_cache(B& b, Index batch, Mode) const { return {b.zeros({batch, 3})}; }
  [[nodiscard]] Workspace make_workspace(B&, Index) const { return {}; }

  void forward(B& b, const Parameters& p, Statistics&, const Tensor<B>& patches, Cache& cache, Tensor<B>& features,
               Mode) const {
    b.global_average_pool(patches, cache.colour);
    layer_.forward(b, p, cache.colour, features);
  }

  void backward(B& b, const Parameters&, const Tensor<B>&, Cache& cache, const Tensor<B>& d_features, Workspace&,
                Parameters& d_p) const {
    layer_.backward_parameters(b, cache.colour, d_features, d_p);
  }

 private:
  LinearLayer<B> layer_{{.inputs = 3, .outputs = 4}};
};

using Colours = MeanColourEncoder<Archetype>;
using Quadrants = QuadrantSensor<Archetype>;
static_assert(TrainableEncoder<Colours, Archetype>);
static_assert(saccade::Sensor<Quadrants, Archetype>);
static_assert(!saccade::Encoder<Quadrants, Archetype>);
static_assert(!saccade::Sensor<Colours, Archetype>);

/// 16 x 16 pixels of one colour.
RgbImage plain(std::array<int, 3> colour) {
  RgbImage image(16, 16);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<std::uint8_t>(colour[i % 3]);
  return image;
}

/// Eight reddish and bluish images over `b`, and their labels.
struct Colourful {
  explicit Colourful(Archetype& b) {
    for (int i = 0; i < 8; ++i) {
      pixels.push_back(plain(i % 2 == 0 ? std::array{200 + i, 60, 20 * i} : std::array{20 * i, 60, 200 + i}));
      labels.push_back(i % 2);
    }
    for (const auto& image : pixels) images.push_back(b.make_image(image.view()));
    for (const auto& image : images) batch.push_back({&image});
  }

  /// The same pixels from sources.
  void stream() {
    for (const auto& image : pixels) sources.emplace_back(saccade_test::Slide{&image});
    for (std::size_t n = 0; n < batch.size(); ++n) batch[n] = {.source = &sources[n]};
  }

  std::vector<RgbImage> pixels;
  std::vector<Image<Archetype>> images;
  std::vector<StreamedImage> sources;
  std::vector<OrientedImage<Archetype>> batch;
  std::vector<Index> labels;
};

/// First and last cross-entropy of `steps` steps.
template <class Model>
std::pair<double, double> train(Archetype& b, Model model, int steps, bool streamed = false) {
  Colourful data(b);
  if (streamed) data.stream();
  Trainer<Archetype, Model> trainer(b, std::move(model), {}, 1);
  const double first = trainer.step(data.batch, data.labels, 0.02).cross_entropy;
  double last = first;
  for (int step = 1; step < steps; ++step) last = trainer.step(data.batch, data.labels, 0.02).cross_entropy;
  return {first, last};
}

}  // namespace

TEST_CASE("a model of a user's own sensor and encoder learns", "[parts]") {
  Archetype b(0);
  HybridAttentionConfig config;
  config.glimpses = 2;
  config.fusion_width = 8;
  config.hidden = 8;
  using Model = HybridAttentionClassifier<Archetype, Colours, Quadrants>;
  const auto [first, last] = train(b, Model(config, Colours{}, Quadrants{}), 60);
  CHECK(first > 0.4);
  CHECK(last < 0.1);
  CHECK(train(b, Model(config, Colours{}, Quadrants{}), 60, true) == std::pair{first, last});
}

TEST_CASE("the model needs no more of a backend than the concept offers", "[parts]") {
  Archetype b(0);
  HybridAttentionConfig config;
  config.glimpses = 2;
  config.sensor.side = 4;
  config.encoder.width = 2;
  config.encoder.trunk_units = 1;
  config.encoder.mask_depth = 1;
  config.fusion_width = 8;
  config.hidden = 8;
  const auto [first, last] = train(b, HybridAttentionClassifier<Archetype>(config), 20);
  CHECK(last < first);
}
