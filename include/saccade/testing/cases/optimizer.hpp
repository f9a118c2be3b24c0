#pragma once

#include <saccade/ops/optimizer.hpp>
#include <saccade/testing/suite.hpp>

namespace saccade::inline v0::testing {

namespace detail {
inline const Shape parameter_shapes[] = {{0}, {1}, {7}, {3, 5}, {64, 3, 3, 32}};
}  // namespace detail

template <class B, class R>
void add_optimizer_cases(Suite<B, R>& suite) {
  suite.operation("sum_of_squares", [] {
    Problems<B, R> problems;
    for (const Shape& shape : detail::parameter_shapes) {
      problems.add({{"x", shape, random_values("x", shape)}}, {{"y", {1}, 0}}, shape.size(),
                   [](auto& b, const auto& in, const auto& out, const Writes& write) {
                     ops::sum_of_squares(b, in[0], out[0], write[0]);
                   });
    }
    return problems;
  });
  suite.by_hand("sum_of_squares: numbers by hand", {{"x", {3}, {1, -2, 3}}}, {{"y", {1}, 0}}, {{14}},
                [](B& b, const auto& in, const auto& out) { ops::sum_of_squares(b, in[0], out[0], Write::overwrite); });

  suite.operation("clip_scale", [] {
    Problems<B, R> problems;
    for (const double sum : {0.0, 0.5, 4.0, 4.5, 1e6}) {
      problems.add(
          {{"sum", {1}, {sum}}}, {{"scale", {1}}}, 1,
          [](auto& b, const auto& in, const auto& out, const Writes&) { ops::clip_scale(b, in[0], 2, out[0]); });
    }
    return problems;
  });
  suite.by_hand("clip_scale: numbers by hand", {{"long", {1}, {25}}, {"short", {1}, {1}}, {"zero", {1}, {0}}},
                {{"long", {1}}, {"short", {1}}, {"zero", {1}}}, {{0.4}, {1}, {1}},
                [](B& b, const auto& in, const auto& out) {
                  for (std::size_t i = 0; i < 3; ++i) ops::clip_scale(b, in[i], 2, out[i]);
                });

  suite.operation("adam_step", [] {
    Problems<B, R> problems;
    for (const Shape& shape : detail::parameter_shapes) {
      problems.add({{"g", shape, random_values("g", shape)},
                    {"scale", {1}, {0.75}},
                    {"hyper", {AdamHyper::count}, {0.01, 0.9, 0.999, 1e-8, 1 - 0.9 * 0.9, 1 - 0.999 * 0.999, 2}}},
                   {{"p", shape, no_write, random_values("p", shape)},
                    {"m", shape, no_write, random_values("m", shape)},
                    {"v", shape, no_write, random_positive_values("v", shape)}},
                   1, [](auto& b, const auto& in, const auto& out, const Writes&) {
                     ops::adam_step(b, in[0], in[1], in[2], out[0], out[1], out[2]);
                   });
    }
    return problems;
  });
  // The gradient is 1/2 * 2 = 1: m = 4/2 + 1/2 = 5/2 and m / (1/2) = 5; v = 3/4 * 8 + 1/4 = 25/4 and v / (1/4) = 25; so
  // the step is 5 / (5 + 5), and p = 1 - 1/2 * 1/2.
  suite.by_hand(
      "adam_step: numbers by hand",
      {{"g", {1}, {2}}, {"scale", {1}, {0.5}}, {"hyper", {AdamHyper::count}, {0.5, 0.5, 0.75, 5, 0.5, 0.25, 1}}},
      {{"p", {1}, no_write, {1}}, {"m", {1}, no_write, {4}}, {"v", {1}, no_write, {8}}}, {{0.75}, {2.5}, {6.25}},
      [](B& b, const auto& in, const auto& out) { ops::adam_step(b, in[0], in[1], in[2], out[0], out[1], out[2]); });
}

}  // namespace saccade::inline v0::testing
