#include <saccade/cuda.hpp>

#include <array>
#include <functional>
#include <vector>

#include "support/catch.hpp"

/// Captured steps do what the same body does uncaptured.

using namespace saccade;

namespace {

using B = CudaBackend<float>;
using Tensor = B::Tensor;

const CudaOptions exact{.precision = Precision::single};

TEST_CASE("a step runs its body twice, and then repeats what was captured") {
  B b(exact);
  Tensor x = make_tensor<B>(b, {2}, std::span<const float>(std::array{1.0f, 2.0f}));
  Tensor y = b.zeros({2});
  B::StepGraph graph;
  int runs = 0;
  for (int step = 1; step <= 5; ++step) {
    b.run_step(graph, {}, [&] {
      ++runs;
      b.axpy(1, x, y);
    });
    CHECK(to_vector(b, y) == std::vector<float>{static_cast<float>(step), static_cast<float>(2 * step)});
  }
  CHECK(runs == 2);
}

TEST_CASE("a repetition reads what was put into its tensors before") {
  B b(exact);
  Tensor x = b.zeros({3}), y = b.zeros({3});
  B::StepGraph graph;
  for (int step = 0; step < 6; ++step) {
    const std::vector<float> numbers{static_cast<float>(step), -1.5f, static_cast<float>(step * step)};
    b.upload(numbers, x);
    b.run_step(graph, {}, [&] { b.add(x, x, y); });
    CHECK(to_vector(b, y) == std::vector<float>{2 * numbers[0], -3, 2 * numbers[2]});
  }
}

TEST_CASE("a repetition draws with the counter of its own call") {
  B b(exact);
  Tensor mean = b.zeros({4, 2}), sample = b.zeros({4, 2}), expected = b.zeros({4, 2});
  B::StepGraph graph;
  constexpr std::uint64_t stride = 3;
  // Several in a row, one again, one far away, and back.
  for (const std::uint64_t counter : {10, 13, 16, 19, 22, 22, 1000, 1003, 13}) {
    const RandomKey key{.seed = 5, .counter = counter + 1};
    b.run_step(graph, {.counter = counter, .stride = stride}, [&] { b.sample_gaussian(mean, 0.5f, key, sample); });
    b.sample_gaussian(mean, 0.5f, key, expected);
    CHECK(to_vector(b, sample) == to_vector(b, expected));
  }
}

TEST_CASE("what counts in the draws of one graph does not count in another's, nor outside") {
  B b(exact);
  Tensor first = b.zeros({8}), second = b.zeros({8}), expected = b.zeros({8});
  B::StepGraph one, other;
  for (std::uint64_t counter = 0; counter < 5; ++counter) {
    const RandomKey key{.seed = 1, .counter = counter}, far{.seed = 1, .counter = 100 + 7 * counter};
    b.run_step(one, {.counter = counter}, [&] { b.sample_uniform(-1, 1, key, first); });
    b.run_step(other, {.counter = far.counter, .stride = 7}, [&] { b.sample_uniform(-1, 1, far, second); });
    b.sample_uniform(-1, 1, key, expected);
    CHECK(to_vector(b, first) == to_vector(b, expected));
    b.sample_uniform(-1, 1, far, expected);
    CHECK(to_vector(b, second) == to_vector(b, expected));
  }
}

RgbImage grey(std::uint8_t level) {
  RgbImage image(8, 6);
  std::fill(image.pixels.begin(), image.pixels.end(), level);
  return image;
}

constexpr GlimpseGeometry pixel{.side = 1, .mean = {0, 0, 0}, .deviation = {1, 1, 1}};

TEST_CASE("a repetition looks at the images staged before it") {
  B b(exact);
  std::vector<B::Image> images;
  for (const int level : {0, 51, 102, 153, 204, 255})
    images.push_back(b.make_image(grey(static_cast<std::uint8_t>(level)).view()));
  Tensor location = b.zeros({1, 2}), patches = b.zeros({1, 1, 1, 3});
  B::StepGraph graph;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const std::array batch{OrientedImage<B>{&images[i]}};
    b.stage_images(batch);
    b.run_step(graph, {}, [&] { b.crop_glimpses(batch, location, pixel, patches); });
    const float expected = static_cast<float>(i) * 0.2f;
    for (const float value : to_vector(b, patches)) CHECK(value == Approx(expected).margin(1e-6));
  }
}

TEST_CASE("a captured crop of images that were not staged is refused, and the next step works") {
  B b(exact);
  const B::Image dark = b.make_image(grey(0).view()), light = b.make_image(grey(255).view());
  Tensor location = b.zeros({1, 2}), patches = b.zeros({1, 1, 1, 3});
  const std::array first{OrientedImage<B>{&dark}}, second{OrientedImage<B>{&light}};
  B::StepGraph graph;
  b.run_step(graph, {}, [&] { b.crop_glimpses(first, location, pixel, patches); });
  CHECK_THROWS_WITH(b.run_step(graph, {}, [&] { b.crop_glimpses(second, location, pixel, patches); }),
                    "crop_glimpses: its images are not those staged for the captured step; expected a call of "
                    "stage_images with them before the step");
  for (int step = 0; step < 3; ++step)
    b.run_step(graph, {}, [&] { b.crop_glimpses(second, location, pixel, patches); });
  CHECK(to_vector(b, patches) == std::vector<float>{1, 1, 1});
}

TEST_CASE("what a repetition would leave out cannot be captured") {
  B b(exact);
  Tensor x = b.zeros({2}), hyper = b.zeros({AdamHyper::count});
  std::vector<float> numbers(2);
  const std::vector<std::pair<std::string, std::function<void()>>> bodies = {
      {"upload", [&] { b.upload(numbers, x); }},
      {"download", [&] { b.download(x, numbers); }},
      {"synchronize", [&] { b.synchronize(); }},
      {"zeros", [&] { static_cast<void>(b.zeros({2})); }},
      {"feature_map", [&] { static_cast<void>(b.feature_map({2})); }},
      {"make_image", [&] { static_cast<void>(b.make_image(grey(1).view())); }},
  };
  for (const auto& [name, body] : bodies) {
    B::StepGraph graph;
    b.run_step(graph, {}, body);
    CHECK_THROWS_WITH(b.run_step(graph, {}, body),
                      name + ": cannot be part of a captured step; expected it before the step");
  }
  b.fill(3, x);
  CHECK(to_vector(b, x) == std::vector<float>{3, 3});
}

TEST_CASE("a step inside a step is refused") {
  B b(exact);
  B::StepGraph outer, inner;
  const auto body = [&] { b.run_step(inner, {}, [] {}); };
  b.run_step(outer, {}, body);
  CHECK_THROWS_WITH(b.run_step(outer, {}, body), contains("run_step: cannot be part of a captured step"));
}

TEST_CASE("what a body throws leaves its graph empty") {
  B b(exact);
  Tensor y = b.zeros({1});
  B::StepGraph graph;
  int runs = 0;
  const auto step = [&](bool fails) {
    b.run_step(graph, {}, [&] {
      ++runs;
      b.axpy(1, y, y);
      if (fails) throw NumericError("on purpose");
    });
  };
  step(false);
  CHECK_THROWS_AS(step(true), NumericError);
  b.fill(1, y);
  for (int i = 0; i < 3; ++i) step(false);
  CHECK(runs == 4);
  CHECK(to_vector(b, y) == std::vector<float>{8});
}

TEST_CASE("a workspace that grows after the capture does no harm") {
  B b(exact);
  const auto sum_of_squares_of = [&](Index n, Tensor& y) {
    Tensor x = b.zeros({n});
    b.fill(1, x);
    b.sum_of_squares(x, y, Write::overwrite);
  };
  Tensor x = b.zeros({10}), y = b.zeros({1}), other = b.zeros({1});
  b.fill(2, x);
  B::StepGraph graph;
  int runs = 0;
  for (const Index n : {10, 20, 2'000'000, 30, 40}) {
    b.run_step(graph, {}, [&] {
      ++runs;
      b.sum_of_squares(x, y, Write::accumulate);
    });
    sum_of_squares_of(n, other);
    CHECK(to_vector(b, other) == std::vector<float>{static_cast<float>(n)});
  }
  CHECK(to_vector(b, y) == std::vector<float>{5 * 40});
  CHECK(runs == 3);  // captured again once
}

TEST_CASE("a graph moves, and may outlive its backend") {
  B::StepGraph kept;
  {
    B b(exact);
    Tensor y = b.zeros({1});
    b.fill(1, y);
    B::StepGraph graph;
    const auto body = [&] { b.add(y, y, y); };
    for (int i = 0; i < 3; ++i) b.run_step(graph, {}, body);
    kept = std::move(graph);
    b.run_step(kept, {}, body);
    CHECK(to_vector(b, y) == std::vector<float>{16});
  }
}

}  // namespace
