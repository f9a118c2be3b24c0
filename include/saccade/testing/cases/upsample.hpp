#pragma once

#include <saccade/ops/upsample.hpp>
#include <saccade/testing/suite.hpp>

namespace saccade::inline SACCADE_NAMESPACE::testing {

namespace detail {
struct UpsampleSize {
  Shape x;
  Shape y;
};
/// Doubling, ragged and prime sizes, width unlike height, one pixel, shrinking, an empty batch.
inline const UpsampleSize upsample_sizes[] = {
    {{0, 2, 2, 1}, {0, 4, 4, 1}},      {{1, 1, 1, 2}, {1, 3, 2, 2}},  {{2, 2, 3, 3}, {2, 4, 6, 3}},
    {{1, 5, 3, 2}, {1, 7, 11, 2}},     {{1, 7, 2, 1}, {1, 13, 2, 1}}, {{2, 6, 4, 3}, {2, 3, 2, 3}},
    {{1, 5, 7, 1}, {1, 1, 1, 1}},      {{1, 1, 4, 2}, {1, 5, 1, 2}},  {{2, 3, 3, 5}, {2, 3, 3, 5}},
    {{3, 14, 9, 16}, {3, 28, 17, 16}}, {{1, 4, 4, 1}, {1, 23, 3, 1}}};
inline const UpsampleSize small_upsample_sizes[] = {{{2, 2, 3, 2}, {2, 5, 4, 2}},
                                                    {{1, 3, 2, 1}, {1, 6, 4, 1}},
                                                    {{1, 5, 4, 1}, {1, 3, 2, 1}},
                                                    {{1, 1, 1, 1}, {1, 3, 2, 1}}};

inline constexpr Corners all_corners[] = {Corners::aligned, Corners::half_pixel};

/// a + b row + c column at every pixel of one channel.
[[nodiscard]] inline std::vector<double> ramp(Index height, Index width, double row_step, double column_step) {
  std::vector<double> values;
  for (Index i = 0; i < height; ++i) {
    for (Index j = 0; j < width; ++j) {
      values.push_back(1 + row_step * static_cast<double>(i) + column_step * static_cast<double>(j));
    }
  }
  return values;
}
}  // namespace detail

template <class B, class R>
void add_upsample_cases(Suite<B, R>& suite) {
  suite.operation("upsample_bilinear", [] {
    Problems<B, R> problems;
    for (const Corners corners : detail::all_corners) {
      for (const auto& [x, y] : detail::upsample_sizes) {
        problems.add({{"x", x, random_values("x", x)}}, {{"y", y}}, 1,
                     [corners](auto& b, const auto& in, const auto& out, const Writes&) {
                       ops::upsample_bilinear(b, in[0], corners, out[0]);
                     });
      }
    }
    return problems;
  });
  suite.by_hand("upsample_bilinear: aligned corners by hand, along a row and along a column",
                {{"row", {1, 1, 2, 1}, {0, 6}}, {"column", {1, 2, 1, 1}, {0, 6}}},
                {{"wide", {1, 1, 4, 1}}, {"high", {1, 4, 1, 1}}}, {{0, 2, 4, 6}, {0, 2, 4, 6}},
                [](B& b, const auto& in, const auto& out) {
                  ops::upsample_bilinear(b, in[0], Corners::aligned, out[0]);
                  ops::upsample_bilinear(b, in[1], Corners::aligned, out[1]);
                });
  suite.by_hand("upsample_bilinear: half pixels by hand, along a row and along a column",
                {{"row", {1, 1, 2, 1}, {0, 4}}, {"column", {1, 2, 1, 1}, {0, 4}}},
                {{"wide", {1, 1, 4, 1}}, {"high", {1, 4, 1, 1}}}, {{0, 1, 3, 4}, {0, 1, 3, 4}},
                [](B& b, const auto& in, const auto& out) {
                  ops::upsample_bilinear(b, in[0], Corners::half_pixel, out[0]);
                  ops::upsample_bilinear(b, in[1], Corners::half_pixel, out[1]);
                });
  suite.by_hand("upsample_bilinear: shrinking by hand", {{"x", {1, 1, 4, 1}, {1, 3, 5, 9}}},
                {{"half pixel", {1, 1, 2, 1}}, {"aligned", {1, 1, 2, 1}}, {"one", {1, 1, 1, 1}}}, {{2, 7}, {1, 9}, {1}},
                [](B& b, const auto& in, const auto& out) {
                  ops::upsample_bilinear(b, in[0], Corners::half_pixel, out[0]);
                  ops::upsample_bilinear(b, in[0], Corners::aligned, out[1]);
                  ops::upsample_bilinear(b, in[0], Corners::aligned, out[2]);
                });
  // Bilinear interpolation reproduces what is affine in row and column: from 3 x 2 to 5 x 4, corners aligned, the steps
  // shrink to 2/4 and 1/3 of what they were.
  suite.by_hand("upsample_bilinear: a ramp stays a ramp", {{"x", {1, 3, 2, 1}, detail::ramp(3, 2, 10, 3)}},
                {{"y", {1, 5, 4, 1}}}, {detail::ramp(5, 4, 5, 1)}, [](B& b, const auto& in, const auto& out) {
                  ops::upsample_bilinear(b, in[0], Corners::aligned, out[0]);
                });
}

template <class B, class R>
void add_trainable_upsample_cases(Suite<B, R>& suite) {
  suite.operation("upsample_bilinear_backward", [] {
    Problems<B, R> problems;
    for (const Corners corners : detail::all_corners) {
      for (const auto& [x, y] : detail::upsample_sizes) {
        problems.add({{"d_y", y, random_values("d_y", y)}}, {{"d_x", x, 0}},
                     (2 * y[1] / x[1] + 2) * (2 * y[2] / x[2] + 2),
                     [corners](auto& b, const auto& in, const auto& out, const Writes& write) {
                       ops::upsample_bilinear_backward(b, in[0], corners, out[0], write[0]);
                     });
      }
    }
    return problems;
  });
  suite.by_hand("upsample_bilinear_backward: aligned corners by hand", {{"d_y", {1, 1, 4, 1}, {0, 3, 0, 6}}},
                {{"d_x", {1, 1, 2, 1}, 0}}, {{2, 7}}, [](B& b, const auto& in, const auto& out) {
                  ops::upsample_bilinear_backward(b, in[0], Corners::aligned, out[0], Write::overwrite);
                });
  suite.by_hand("upsample_bilinear_backward: half pixels by hand", {{"d_y", {1, 4, 1, 1}, {1, 4, 0, 8}}},
                {{"d_x", {1, 2, 1, 1}, 0}}, {{4, 9}}, [](B& b, const auto& in, const auto& out) {
                  ops::upsample_bilinear_backward(b, in[0], Corners::half_pixel, out[0], Write::overwrite);
                });
  const auto derivatives = [] {
    std::vector<Derivative<B>> result;
    for (const Corners corners : detail::all_corners) {
      for (const auto& [x, y] : detail::small_upsample_sizes) {
        result.push_back({.inputs = {{"x", x, random_values("x", x)}},
                          .outputs = {{"y", y}},
                          .wrt = {0},
                          .linear_in = {0},
                          .forward = [corners](B& b, const auto& in,
                                               const auto& out) { ops::upsample_bilinear(b, in[0], corners, out[0]); },
                          .backward =
                              [corners](B& b, const auto&, const auto&, const auto& d_out, const auto& d_in) {
                                ops::upsample_bilinear_backward(b, d_out[0], corners, d_in[0], Write::overwrite);
                              }});
      }
    }
    return result;
  };
  suite.adjoint("upsample_bilinear", derivatives);
  suite.gradient("upsample_bilinear", derivatives);
}

}  // namespace saccade::testing
