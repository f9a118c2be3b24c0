#include <saccade/components/context_network.hpp>

#include "support/fused_reference.hpp"
#include "support/gradient_check.hpp"
#include "support/slide.hpp"

#include <array>
#include <vector>

using namespace saccade;
using namespace saccade_test;

namespace {

using Glance = ContextNetwork<Reference>;

/// Pixels that say which they are: red 10 x, green 10 y, blue 100.
RgbImage ramp(Index width, Index height) {
  RgbImage image(width, height);
  for (Index y = 0; y < height; ++y)
    for (Index x = 0; x < width; ++x) {
      image.at(x, y)[0] = static_cast<std::uint8_t>(10 * x);
      image.at(x, y)[1] = static_cast<std::uint8_t>(10 * y);
      image.at(x, y)[2] = 100;
    }
  return image;
}

/// Not normalised: a value is the mean of pixels / 255, and 0 outside.
ContextNetworkConfig plain(Index side, Index reduction) {
  return {.side = side, .reduction = reduction, .outputs = 2, .mean = {0, 0, 0}, .deviation = {1, 1, 1}};
}

/// Channel c of the pixel in column x, row y of thumbnail n, in units of a pixel's byte.
double at(const Array& thumbnail, Index n, Index x, Index y, Index c) {
  const Index side = thumbnail.shape[1];
  return 255 * thumbnail.values[static_cast<std::size_t>(((n * side + y) * side + x) * 3 + c)];
}

}  // namespace

TEST_CASE("a thumbnail shows the whole image in its proportions, in the middle, by hand", "[context_network]") {
  Reference b;
  const Glance glance(plain(2, 4));
  const RgbImage full = ramp(8, 8), wide = ramp(8, 4), small = ramp(4, 4);
  const std::array views{full.view(), wide.view(), small.view()};
  const std::array<OrientedImage<Reference>, 3> images{{{&views[0]}, {&views[1]}, {&views[2]}}};
  auto cache = glance.make_cache(b, 3, Mode::evaluation);
  glance.look(b, images, cache);
  REQUIRE(cache.thumbnail.shape == Shape{3, 2, 2, 3});
  // 8 x 8: each pixel is the mean of 4 x 4, so of columns 0 to 3 or 4 to 7: 15 and 55.
  CHECK(at(cache.thumbnail, 0, 0, 0, 0) == Approx(15));
  CHECK(at(cache.thumbnail, 0, 1, 0, 0) == Approx(55));
  CHECK(at(cache.thumbnail, 0, 1, 0, 1) == Approx(15));
  CHECK(at(cache.thumbnail, 0, 0, 1, 1) == Approx(55));
  CHECK(at(cache.thumbnail, 0, 0, 1, 2) == Approx(100));
  // 8 x 4: rows 0 and 1 are the lower half of the upper pixels, whose other half is nothing.
  CHECK(at(cache.thumbnail, 1, 1, 0, 0) == Approx(55 / 2.0));
  CHECK(at(cache.thumbnail, 1, 0, 0, 1) == Approx(5 / 2.0));
  CHECK(at(cache.thumbnail, 1, 0, 1, 1) == Approx(25 / 2.0));
  // 4 x 4: a quarter of each pixel; columns 0 and 1 at the left.
  CHECK(at(cache.thumbnail, 2, 0, 0, 0) == Approx(5 / 4.0));
  CHECK(at(cache.thumbnail, 2, 1, 1, 0) == Approx(25 / 4.0));
  CHECK(at(cache.thumbnail, 2, 1, 1, 2) == Approx(100 / 4.0));

  CHECK(glance.window(8, 8) == Box{0, 0, 8, 8});
  CHECK(glance.window(8, 4) == Box{0, -2, 8, 8});
  CHECK(glance.window(4, 4) == Box{-2, -2, 8, 8});
}

TEST_CASE("a thumbnail is seen through the image's symmetry", "[context_network]") {
  Reference b;
  const Glance glance(plain(2, 4));
  const RgbImage image = ramp(8, 4);
  const ImageView view = image.view();
  auto cache = glance.make_cache(b, 1, Mode::evaluation);
  for (std::size_t i = 0; i < symmetry_count; ++i) {
    const auto symmetry = static_cast<Symmetry>(i);
    const std::array<OrientedImage<Reference>, 1> images{{{&view, symmetry}}};
    glance.look(b, images, cache);
    // The band that is the image lies across, or upright; red runs along it.
    const double along = transposes(symmetry) ? at(cache.thumbnail, 0, 0, 1, 0) - at(cache.thumbnail, 0, 0, 0, 0)
                                              : at(cache.thumbnail, 0, 1, 0, 0) - at(cache.thumbnail, 0, 0, 0, 0);
    CHECK(std::abs(along) == Approx(20));
  }
}

TEST_CASE("a thumbnail of a streamed image is that of the image in memory", "[context_network]") {
  Reference b;
  const Glance glance(plain(4, 4));
  const RgbImage image = ramp(13, 9);
  const ImageView view = image.view();
  auto resident = glance.make_cache(b, 1, Mode::evaluation), streamed = glance.make_cache(b, 1, Mode::evaluation);
  const std::array<OrientedImage<Reference>, 1> images{{{&view}}};
  glance.look(b, images, resident);
  const StreamedImage slide{Slide{&image}};
  const std::array<OrientedImage<Reference>, 1> slides{{{.source = &slide}}};
  glance.look(b, slides, streamed);
  CHECK(worst_difference(resident.thumbnail, streamed.thumbnail) <= 0.5 / 255 + 1e-9);  // a source rounds
  CHECK(norm(streamed.thumbnail) > 0.5);
}

TEMPLATE_TEST_CASE("gradients of a glance are those of central differences", "[context_network]", Reference,
                   FusedReference<double>) {
  TestType b;
  ContextNetworkConfig config = plain(10, 2);
  config.normalization.normalization = GENERATE(Normalization::batch, Normalization::group);
  config.readout = GENERATE(Readout::convolution, Readout::positions);
  config.outputs = 4;
  const ContextNetwork<TestType> glance(config);
  auto parameters = glance.make_parameters(b), d_parameters = glance.make_parameters(b);
  auto statistics = glance.make_statistics(b);
  randomize_parameters(parameters, 3);
  initialize(b, statistics, 0);
  const RgbImage one = ramp(20, 14), two = ramp(12, 17);
  const std::array views{one.view(), two.view()};
  const std::array<OrientedImage<TestType>, 2> images{{{&views[0]}, {&views[1]}}};
  auto cache = glance.make_cache(b, 2, Mode::training);
  auto workspace = glance.make_workspace(b, 2);
  glance.look(b, images, cache);
  Array context = filled({2, 4}, not_a_number);
  const Array d_context = random_array({2, 4}, 7);
  const auto loss = [&] {
    glance.forward(b, parameters, statistics, cache, context, Mode::training);
    return dot(d_context, context);
  };
  loss();
  glance.backward(b, parameters, cache, d_context, workspace, d_parameters);
  check_gradients(parameters, d_parameters, loss);
  CHECK(norm(named_tensors<TestType>(d_parameters)[0].tensor[0]) > 1e-6);
}

TEST_CASE("a glance may read the map that the encoder's backbone makes of the thumbnail", "[context_network]") {
  Reference b;
  ContextNetworkConfig config = plain(16, 2);
  config.readout = Readout::cells;
  config.input = GlanceInput::backbone;
  config.backbone = BackboneKind::efficientnet_lite0;
  config.stages = 2;  // a map of 4 x 4 with 24 channels
  const Glance glance(config);
  CHECK(glance.cells() == 4);
  CHECK(glance.outputs() == 16);
  const Backbone<Reference> encoder(backbone_plan(config.backbone, 3), 32);  // deeper, for glimpses of another size
  auto encoder_parameters = encoder.make_parameters(b);
  auto encoder_statistics = encoder.make_statistics(b);
  initialize(b, encoder_parameters, 5);
  initialize(b, encoder_statistics, 0);
  auto parameters = glance.make_parameters(b), d_parameters = glance.make_parameters(b);
  CHECK(named_tensors<Reference>(parameters)[0].tensor->shape == Shape{16, 3, 3, 24});
  auto statistics = glance.make_statistics(b);
  randomize_parameters(parameters, 3);
  initialize(b, statistics, 0);
  const RgbImage one = ramp(25, 20), two = ramp(20, 25);
  const std::array views{one.view(), two.view()};
  const std::array<OrientedImage<Reference>, 2> images{{{&views[0]}, {&views[1]}}};
  auto cache = glance.make_cache(b, 2, Mode::training);
  auto workspace = glance.make_workspace(b, 2);
  glance.look(b, images, cache);

  // The same layers, called one by one.
  const Backbone<Reference> first(backbone_plan(config.backbone, 2), 16);
  auto alone = first.make_cache(b, 2, Mode::evaluation);
  first.forward(b, encoder_parameters, encoder_statistics, cache.thumbnail, alone, Mode::evaluation);
  const auto before = encoder_statistics.blocks[0].layers[0].running_mean.values;
  Array context = filled({2, 16}, not_a_number);
  const Array d_context = random_array({2, 16}, 7);
  const auto loss = [&] {
    glance.forward(b, parameters, statistics, cache, context, Mode::training,
                   {&encoder_parameters, &encoder_statistics});
    return dot(d_context, context);
  };
  loss();
  CHECK(first.map(*cache.backbone).values == first.map(alone).values);
  CHECK(norm(first.map(alone)) > 0);
  CHECK(encoder_statistics.blocks[0].layers[0].running_mean.values == before);
  glance.backward(b, parameters, cache, d_context, workspace, d_parameters);
  const auto values = named_tensors<Reference>(parameters), gradients = named_tensors<Reference>(d_parameters);
  check_gradient(values.back().name, *values.back().tensor, *gradients.back().tensor, loss);
  check_gradient(values[0].name, *values[0].tensor, *gradients[0].tensor, loss);
}

TEST_CASE("a glance refuses an image that it would not show whole", "[context_network]") {
  Reference b;
  const Glance glance(plain(2, 4));
  const RgbImage image = ramp(9, 4), tiny = ramp(1, 4);
  const std::array views{image.view(), tiny.view()};
  auto cache = glance.make_cache(b, 1, Mode::evaluation);
  const std::array<OrientedImage<Reference>, 1> large{{{&views[0]}}}, small{{{&views[1]}}};
  const auto sentence =
      "ContextNetwork: image 0 is 9 x 4, larger than the 8 x 8 pixels that a thumbnail of side 2 with a reduction of 4 "
      "covers";
  CHECK_THROWS_WITH(glance.look(b, large, cache), sentence);
  CHECK_THROWS_WITH(glance.stage(b, large), sentence);
  const StreamedImage slide{Slide{&image}};
  const std::array<OrientedImage<Reference>, 1> streamed{{{.source = &slide}}};
  CHECK_THROWS_WITH(glance.look(b, streamed, cache), sentence);
  CHECK_THROWS_AS(glance.look(b, small, cache), ConfigError);
  CHECK_THROWS_WITH(Glance(plain(2, 6)), "ContextNetwork: reduction must be a power of two, at least 2, but is 6");
  CHECK_THROWS_WITH(Glance(plain(2, 1)), contains("power of two"));
  CHECK_THROWS_WITH(Glance(plain(0, 4)), "ContextNetwork: side and outputs must be at least 1");
  ContextNetworkConfig odd = plain(2, 4);
  odd.outputs = 5;
  odd.readout = Readout::positions;
  CHECK_THROWS_WITH(Glance(odd), "PatchReadout: outputs must be even where they are positions, but are 5");
}
