#pragma once

#include <saccade/ops/convolution.hpp>
#include <saccade/testing/suite.hpp>

namespace saccade::inline SACCADE_NAMESPACE::testing {

namespace detail {
struct ConvolutionSize {
  Shape x;
  Shape w;
  ConvolutionGeometry geometry;
};
/// 1 x 1, 3 x 3 and others; strides that leave a remainder; padding wider than the kernel; width unlike height; kernels
/// that are not square; channel counts on both sides of a vector's; an empty batch.
inline const ConvolutionSize convolution_sizes[] = {
    {{0, 5, 4, 2}, {3, 3, 3, 2}, {1, 1}},      {{1, 1, 1, 1}, {1, 1, 1, 1}, {1, 0}},
    {{1, 1, 1, 3}, {2, 3, 3, 3}, {1, 1}},      {{2, 5, 7, 3}, {4, 3, 3, 3}, {1, 1}},
    {{2, 7, 4, 3}, {5, 3, 3, 3}, {2, 1}},      {{1, 11, 6, 2}, {3, 5, 5, 2}, {3, 2}},
    {{3, 6, 5, 4}, {7, 1, 1, 4}, {1, 0}},      {{2, 8, 9, 5}, {3, 1, 1, 5}, {2, 0}},
    {{1, 6, 9, 2}, {3, 2, 4, 2}, {1, 2}},      {{1, 3, 4, 1}, {2, 2, 2, 1}, {1, 3}},
    {{2, 13, 10, 3}, {8, 7, 7, 3}, {2, 3}},    {{2, 19, 14, 16}, {17, 3, 3, 16}, {1, 1}},
    {{1, 23, 29, 33}, {32, 3, 3, 33}, {1, 1}}, {{2, 12, 20, 64}, {48, 1, 1, 64}, {1, 0}},
    {{1, 3, 2, 8}, {9, 3, 3, 8}, {1, 2}},      {{2, 6, 7, 24}, {20, 3, 3, 24}, {1, 0}},
    {{0, 5, 5, 16}, {16, 3, 3, 16}, {1, 1}},   {{1, 37, 6, 1}, {2, 3, 3, 1}, {2, 1}}};

inline const ConvolutionSize small_convolution_sizes[] = {{{1, 1, 1, 1}, {1, 1, 1, 1}, {1, 0}},
                                                          {{2, 4, 5, 2}, {3, 3, 3, 2}, {1, 1}},
                                                          {{1, 7, 4, 2}, {2, 3, 3, 2}, {2, 1}},
                                                          {{1, 5, 6, 1}, {2, 2, 4, 1}, {3, 2}}};
}  // namespace detail

template <class B, class R>
void add_convolution_cases(Suite<B, R>& suite) {
  suite.operation("convolve", [] {
    Problems<B, R> problems;
    for (const auto& size : detail::convolution_sizes) {
      problems.add({{"x", size.x, random_values("x", size.x)}, {"w", size.w, random_values("w", size.w)}},
                   {{"y", ops::convolution_shape(size.x, size.w, size.geometry)}}, size.w.size() / size.w[0],
                   [geometry = size.geometry](auto& b, const auto& in, const auto& out, const Writes&) {
                     ops::convolve(b, in[0], in[1], geometry, out[0]);
                   });
    }
    return problems;
  });
  suite.by_hand("convolve: a 2 x 2 kernel by hand",
                {{"x", {1, 2, 3, 1}, {1, 2, 3, 4, 5, 6}}, {"w", {1, 2, 2, 1}, {1, 10, 100, 1000}}},
                {{"y", {1, 1, 2, 1}}}, {{5421, 6532}}, [](B& b, const auto& in, const auto& out) {
                  ops::convolve(b, in[0], in[1], {.stride = 1, .padding = 0}, out[0]);
                });
  suite.by_hand(
      "convolve: stride and padding by hand",
      {{"x", {1, 3, 3, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9}}, {"w", {1, 3, 3, 1}, {1, 2, 4, 8, 16, 32, 64, 128, 256}}},
      {{"y", {1, 2, 2, 1}}}, {{1872, 1152, 396, 225}}, [](B& b, const auto& in, const auto& out) {
        ops::convolve(b, in[0], in[1], {.stride = 2, .padding = 1}, out[0]);
      });
  suite.by_hand("convolve: channels by hand", {{"x", {1, 1, 1, 2}, {1, 2}}, {"w", {2, 1, 1, 2}, {1, 10, 100, 1000}}},
                {{"y", {1, 1, 1, 2}}}, {{21, 2100}}, [](B& b, const auto& in, const auto& out) {
                  ops::convolve(b, in[0], in[1], {.stride = 1, .padding = 0}, out[0]);
                });
}

template <class B, class R>
void add_trainable_convolution_cases(Suite<B, R>& suite) {
  suite.operation("convolve_backward_input", [] {
    Problems<B, R> problems;
    for (const auto& size : detail::convolution_sizes) {
      const Shape d_y = ops::convolution_shape(size.x, size.w, size.geometry);
      problems.add({{"d_y", d_y, random_values("d_y", d_y)}, {"w", size.w, random_values("w", size.w)}},
                   {{"d_x", size.x, 0}}, size.w.size() / size.w[3],
                   [geometry = size.geometry](auto& b, const auto& in, const auto& out, const Writes& write) {
                     ops::convolve_backward_input(b, in[0], in[1], geometry, out[0], write[0]);
                   });
    }
    return problems;
  });
  suite.by_hand("convolve_backward_input: numbers by hand",
                {{"d_y", {1, 1, 2, 1}, {1, 2}}, {"w", {1, 2, 2, 1}, {1, 10, 100, 1000}}}, {{"d_x", {1, 2, 3, 1}, 0}},
                {{1, 12, 20, 100, 1200, 2000}}, [](B& b, const auto& in, const auto& out) {
                  ops::convolve_backward_input(b, in[0], in[1], {.stride = 1, .padding = 0}, out[0], Write::overwrite);
                });

  suite.operation("convolve_backward_weight", [] {
    Problems<B, R> problems;
    for (const auto& size : detail::convolution_sizes) {
      const Shape d_y = ops::convolution_shape(size.x, size.w, size.geometry);
      problems.add({{"d_y", d_y, random_values("d_y", d_y)}, {"x", size.x, random_values("x", size.x)}},
                   {{"d_w", size.w, 0}}, d_y[0] * d_y[1] * d_y[2],
                   [geometry = size.geometry](auto& b, const auto& in, const auto& out, const Writes& write) {
                     ops::convolve_backward_weight(b, in[0], in[1], geometry, out[0], write[0]);
                   });
    }
    return problems;
  });
  suite.by_hand("convolve_backward_weight: numbers by hand",
                {{"d_y", {1, 1, 2, 1}, {1, 2}}, {"x", {1, 2, 3, 1}, {1, 2, 3, 4, 5, 6}}}, {{"d_w", {1, 2, 2, 1}, 0}},
                {{5, 8, 14, 17}}, [](B& b, const auto& in, const auto& out) {
                  ops::convolve_backward_weight(b, in[0], in[1], {.stride = 1, .padding = 0}, out[0], Write::overwrite);
                });
  suite.by_hand("convolve_backward_weight: an empty batch overwrites with 0",
                {{"d_y", {0, 2, 3, 1}, {}}, {"x", {0, 2, 3, 2}, {}}}, {{"d_w", {1, 1, 1, 2}, 0}}, {{0, 0}},
                [](B& b, const auto& in, const auto& out) {
                  ops::convolve_backward_weight(b, in[0], in[1], {.stride = 1, .padding = 0}, out[0], Write::overwrite);
                });

  const auto convolve_derivatives = [] {
    std::vector<Derivative<B>> derivatives;
    for (const auto& size : detail::small_convolution_sizes) {
      const ConvolutionGeometry geometry = size.geometry;
      derivatives.push_back(
          {.inputs = {{"x", size.x, random_values("x", size.x)}, {"w", size.w, random_values("w", size.w)}},
           .outputs = {{"y", ops::convolution_shape(size.x, size.w, geometry)}},
           .wrt = {0, 1},
           .linear_in = {0, 1},
           .forward = [geometry](B& b, const auto& in,
                                 const auto& out) { ops::convolve(b, in[0], in[1], geometry, out[0]); },
           .backward =
               [geometry](B& b, const auto& in, const auto&, const auto& d_out, const auto& d_in) {
                 ops::convolve_backward_input(b, d_out[0], in[1], geometry, d_in[0], Write::overwrite);
                 ops::convolve_backward_weight(b, d_out[0], in[0], geometry, d_in[1], Write::overwrite);
               }});
    }
    return derivatives;
  };
  suite.adjoint("convolve", convolve_derivatives);
  suite.gradient("convolve", convolve_derivatives);
}

}  // namespace saccade::testing
