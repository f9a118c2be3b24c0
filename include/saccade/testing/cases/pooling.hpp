#pragma once

#include <saccade/ops/pooling.hpp>
#include <saccade/testing/suite.hpp>

#include <cmath>

namespace saccade::inline SACCADE_NAMESPACE::testing {

namespace detail {
struct PoolingSize {
  Shape x;
  PoolingGeometry geometry;
};
inline const PoolingSize pooling_sizes[] = {
    {{0, 4, 4, 2}, {3, 2, 1}}, {{1, 1, 1, 1}, {3, 2, 1}},   {{2, 4, 6, 3}, {3, 2, 1}},  {{2, 7, 5, 3}, {3, 2, 1}},
    {{1, 5, 8, 2}, {2, 2, 0}}, {{1, 6, 5, 2}, {2, 1, 1}},   {{2, 9, 11, 1}, {5, 3, 2}}, {{1, 3, 4, 5}, {1, 1, 0}},
    {{1, 2, 7, 3}, {2, 3, 1}}, {{3, 28, 17, 16}, {3, 2, 1}}};
inline const PoolingSize small_pooling_sizes[] = {
    {{2, 4, 6, 2}, {3, 2, 1}}, {{1, 5, 4, 1}, {2, 1, 0}}, {{1, 1, 1, 1}, {3, 2, 1}}};

inline const Shape average_shapes[] = {{0, 2, 2, 3}, {1, 1, 1, 1}, {2, 3, 5, 7}, {3, 1, 11, 4}, {2, 28, 19, 64}};

/// With `scale`, for numbers whose exponential is not finite; they stay exact in 16 bits.
struct SoftmaxSize {
  Shape x;
  double scale = 1;
};
inline const SoftmaxSize softmax_sizes[] = {{{0, 2, 2, 3}},      {{1, 1, 1, 1}},     {{2, 1, 1, 5}},
                                            {{2, 3, 5, 7}},      {{3, 1, 11, 4}},    {{2, 28, 19, 64}},
                                            {{2, 5, 4, 6}, 512}, {{2, 4, 5, 3}, 512}};

// Two channels of 2 x 4 pixels, whose middles lie at -3/4, -1/4, 1/4, 3/4 across and at -1/2, 1/2 down. One pixel of
// each has the weight 9 and the seven others 1: the sum is 16.
inline const double ln9 = std::log(9.0), ln16 = std::log(16.0);
[[nodiscard]] inline Operand softmax_by_hand() {
  return {"x", {1, 2, 4, 2}, {0, 0, 0, ln9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ln9, 0}};
}

template <class B, class R>
[[nodiscard]] Problems<B, R> max_pool_problems() {
  Problems<B, R> problems;
  for (const auto& [x, geometry] : pooling_sizes) {
    const Shape y = ops::pooled_shape(x, geometry);
    // Few different values, all negative: many ties, and a padding of zeros would win.
    std::vector<double> values = random_indices("x", x, 5);
    for (double& value : values) value -= 6;
    problems.add({{"x", x, values}}, {{"y", y}, {"argmax", y}}, 1,
                 [geometry = geometry](auto& b, const auto& in, const auto& out, const Writes&) {
                   ops::max_pool(b, in[0], geometry, out[0], out[1]);
                 });
  }
  return problems;
}

template <class B, class R>
[[nodiscard]] Problems<B, R> spatial_softmax_problems() {
  Problems<B, R> problems;
  for (const auto& [x, scale] : softmax_sizes) {
    std::vector<double> values = random_values("x", x);
    for (double& value : values) value *= scale;
    problems.add({{"x", x, values}}, {{"log_sum", {x[0], x[3]}}, {"position", {x[0], 2 * x[3]}}}, x[1] * x[2],
                 [](auto& b, const auto& in, const auto& out, const Writes&) {
                   ops::spatial_softmax(b, in[0], out[0], out[1]);
                 });
  }
  return problems;
}
}  // namespace detail

template <class B, class R>
void add_pooling_cases(Suite<B, R>& suite) {
  suite.operation("max_pool", [] { return detail::max_pool_problems<B, R>(); });
  suite.by_hand("max_pool: numbers by hand", {{"x", {1, 2, 3, 1}, {1, 5, 2, 4, 3, 6}}},
                {{"y", {1, 1, 2, 1}}, {"argmax", {1, 1, 2, 1}}}, {{5, 6}, {1, 3}},
                [](B& b, const auto& in, const auto& out) {
                  ops::max_pool(b, in[0], {.window = 2, .stride = 1, .padding = 0}, out[0], out[1]);
                });
  suite.by_hand("max_pool: the first of equals wins", {{"x", {1, 2, 2, 1}, {7, 7, 7, 7}}},
                {{"y", {1, 1, 1, 1}}, {"argmax", {1, 1, 1, 1}}}, {{7}, {0}}, [](B& b, const auto& in, const auto& out) {
                  ops::max_pool(b, in[0], {.window = 2, .stride = 2, .padding = 0}, out[0], out[1]);
                });
  suite.by_hand("max_pool: padding never wins", {{"x", {1, 2, 2, 1}, {-5, -5, -5, -5}}},
                {{"y", {1, 1, 1, 1}}, {"argmax", {1, 1, 1, 1}}}, {{-5}, {4}},
                [](B& b, const auto& in, const auto& out) {
                  ops::max_pool(b, in[0], {.window = 3, .stride = 2, .padding = 1}, out[0], out[1]);
                });

  suite.operation("global_average_pool", [] {
    Problems<B, R> problems;
    for (const Shape& x : detail::average_shapes) {
      problems.add(
          {{"x", x, random_values("x", x)}}, {{"y", {x[0], x[3]}}}, x[1] * x[2],
          [](auto& b, const auto& in, const auto& out, const Writes&) { ops::global_average_pool(b, in[0], out[0]); });
    }
    return problems;
  });
  suite.by_hand("global_average_pool: numbers by hand", {{"x", {1, 2, 2, 2}, {1, 10, 2, 20, 3, 30, 4, 40}}},
                {{"y", {1, 2}}}, {{2.5, 25}},
                [](B& b, const auto& in, const auto& out) { ops::global_average_pool(b, in[0], out[0]); });

  suite.operation("spatial_softmax", [] { return detail::spatial_softmax_problems<B, R>(); });
  const auto spatial_softmax = [](B& b, const auto& in, const auto& out) {
    ops::spatial_softmax(b, in[0], out[0], out[1]);
  };
  suite.by_hand("spatial_softmax: numbers by hand", {detail::softmax_by_hand()},
                {{"log_sum", {1, 2}}, {"position", {1, 4}}},
                {{detail::ln16, detail::ln16}, {0.375, 0.25, -0.125, -0.25}}, spatial_softmax);
  // All equal; all equal and far below 0; one far above the others, in the upper right and in the lower left corner.
  const double ln4 = std::log(4.0);
  suite.by_hand(
      "spatial_softmax: large values",
      {{"x",
        {1, 2, 2, 4},
        {1000, -1000, -1000, -1000, 1000, -1000, 1000, -1000, 1000, -1000, -1000, 1000, 1000, -1000, -1000, -1000}}},
      {{"log_sum", {1, 4}}, {"position", {1, 8}}},
      {{1000 + ln4, -1000 + ln4, 1000, 1000}, {0, 0, 0, 0, 0.5, -0.5, -0.5, 0.5}}, spatial_softmax);
}

template <class B, class R>
void add_trainable_pooling_cases(Suite<B, R>& suite) {
  suite.operation("max_pool_backward", [] {
    Problems<B, R> problems;
    auto size = std::begin(detail::pooling_sizes);
    for (const Problem<B, R>& forward : detail::max_pool_problems<B, R>()) {
      const Shape y = forward.outputs[0].shape;
      const PoolingGeometry geometry = (size++)->geometry;
      problems.add({{"d_y", y, random_values("d_y", y)}, {"argmax", y, reference_outputs(forward)[1]}},
                   {{"d_x", forward.inputs[0].shape, 0}}, geometry.window * geometry.window,
                   [geometry](auto& b, const auto& in, const auto& out, const Writes& write) {
                     ops::max_pool_backward(b, in[0], in[1], geometry, out[0], write[0]);
                   });
    }
    return problems;
  });
  suite.by_hand("max_pool_backward: numbers by hand",
                {{"d_y", {1, 1, 2, 1}, {10, 20}}, {"apart", {1, 1, 2, 1}, {1, 3}}, {"together", {1, 1, 2, 1}, {3, 2}}},
                {{"d_x", {1, 2, 3, 1}, 0}, {"d_x of two at one place", {1, 2, 3, 1}, 0}},
                {{0, 10, 0, 0, 0, 20}, {0, 0, 0, 0, 30, 0}}, [](B& b, const auto& in, const auto& out) {
                  const PoolingGeometry geometry{.window = 2, .stride = 1, .padding = 0};
                  ops::max_pool_backward(b, in[0], in[1], geometry, out[0], Write::overwrite);
                  ops::max_pool_backward(b, in[0], in[2], geometry, out[1], Write::overwrite);
                });
  const auto max_pool_derivatives = [] {
    std::vector<Derivative<B>> derivatives;
    for (const auto& [x, geometry] : detail::small_pooling_sizes) {
      const Shape y = ops::pooled_shape(x, geometry);
      derivatives.push_back(
          {.inputs = {{"x", x, random_distinct_values("x", x)}},
           .outputs = {{"y", y}, {"argmax", y}},
           .wrt = {0},
           .linear_in = {0},
           .forward = [geometry = geometry](B& b, const auto& in,
                                            const auto& out) { ops::max_pool(b, in[0], geometry, out[0], out[1]); },
           .backward =
               [geometry = geometry](B& b, const auto&, const auto& out, const auto& d_out, const auto& d_in) {
                 ops::max_pool_backward(b, d_out[0], out[1], geometry, d_in[0], Write::overwrite);
               }});
    }
    return derivatives;
  };
  suite.adjoint("max_pool", max_pool_derivatives);
  suite.gradient("max_pool", max_pool_derivatives);

  suite.operation("global_average_pool_backward", [] {
    Problems<B, R> problems;
    for (const Shape& x : detail::average_shapes) {
      const Shape y{x[0], x[3]};
      problems.add({{"d_y", y, random_values("d_y", y)}}, {{"d_x", x, 0}}, 1,
                   [](auto& b, const auto& in, const auto& out, const Writes& write) {
                     ops::global_average_pool_backward(b, in[0], out[0], write[0]);
                   });
    }
    return problems;
  });
  suite.by_hand("global_average_pool_backward: numbers by hand", {{"d_y", {1, 2}, {4, 8}}}, {{"d_x", {1, 2, 2, 2}, 0}},
                {{1, 2, 1, 2, 1, 2, 1, 2}}, [](B& b, const auto& in, const auto& out) {
                  ops::global_average_pool_backward(b, in[0], out[0], Write::overwrite);
                });
  suite.adjoint("global_average_pool", [] {
    const Shape x{2, 3, 5, 4};
    return std::vector<Derivative<B>>{
        {.inputs = {{"x", x, random_values("x", x)}},
         .outputs = {{"y", {2, 4}}},
         .wrt = {0},
         .linear_in = {0},
         .forward = [](B& b, const auto& in, const auto& out) { ops::global_average_pool(b, in[0], out[0]); },
         .backward =
             [](B& b, const auto&, const auto&, const auto& d_out, const auto& d_in) {
               ops::global_average_pool_backward(b, d_out[0], d_in[0], Write::overwrite);
             }}};
  });

  suite.operation("spatial_softmax_backward", [] {
    Problems<B, R> problems;
    for (const Problem<B, R>& forward : detail::spatial_softmax_problems<B, R>()) {
      const std::vector<std::vector<double>> saved = reference_outputs(forward);
      const Shape x = forward.inputs[0].shape, log_sum = forward.outputs[0].shape, position = forward.outputs[1].shape;
      problems.add({forward.inputs[0],
                    {"log_sum", log_sum, saved[0]},
                    {"position", position, saved[1]},
                    {"d_position", position, random_values("d_position", position)}},
                   {{"d_x", x, 0}}, 1, [](auto& b, const auto& in, const auto& out, const Writes& write) {
                     ops::spatial_softmax_backward(b, in[0], in[1], in[2], in[3], out[0], write[0]);
                   });
    }
    return problems;
  });
  suite.by_hand("spatial_softmax_backward: numbers by hand",
                {detail::softmax_by_hand(),
                 {"log_sum", {1, 2}, {detail::ln16, detail::ln16}},
                 {"position", {1, 4}, {0.375, 0.25, -0.125, -0.25}},
                 {"d_position", {1, 4}, {16, 32, -16, 16}}},
                {{"d_x", {1, 2, 4, 2}, 0}},
                {{-2.625, 0.375, -2.125, -1.125, -1.625, -0.625, -1.125, -1.125, -0.625, 1.375, -0.125, 0.875, 0.375,
                  0.375, 7.875, -0.125}},
                [](B& b, const auto& in, const auto& out) {
                  ops::spatial_softmax_backward(b, in[0], in[1], in[2], in[3], out[0], Write::overwrite);
                });
  suite.gradient("spatial_softmax", [] {
    std::vector<Derivative<B>> derivatives;
    for (const Shape& x : {Shape{2, 3, 5, 3}, Shape{1, 4, 2, 1}, Shape{2, 1, 1, 2}}) {
      derivatives.push_back(
          {.inputs = {{"x", x, random_values("x", x)}},
           .outputs = {{"position", {x[0], 2 * x[3]}}, {"log_sum", {x[0], x[3]}}},
           .wrt = {0},
           .forward = [](B& b, const auto& in, const auto& out) { ops::spatial_softmax(b, in[0], out[1], out[0]); },
           .backward =
               [](B& b, const auto& in, const auto& out, const auto& d_out, const auto& d_in) {
                 ops::spatial_softmax_backward(b, in[0], out[1], out[0], d_out[0], d_in[0], Write::overwrite);
               }});
    }
    return derivatives;
  });
}

}  // namespace saccade::testing
