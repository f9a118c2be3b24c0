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
/// that are not square; channel counts on both sides of a vector's; more weights than pixels; an empty batch. Then
/// other padding on every side; and groups: depthwise, with several outputs for each input, and of several channels.
inline const ConvolutionSize convolution_sizes[] = {{{0, 5, 4, 2}, {3, 3, 3, 2}, {1, 1}},
                                                    {{1, 1, 1, 1}, {1, 1, 1, 1}, {1, 0}},
                                                    {{1, 1, 1, 3}, {2, 3, 3, 3}, {1, 1}},
                                                    {{2, 5, 7, 3}, {4, 3, 3, 3}, {1, 1}},
                                                    {{2, 7, 4, 3}, {5, 3, 3, 3}, {2, 1}},
                                                    {{1, 11, 6, 2}, {3, 5, 5, 2}, {3, 2}},
                                                    {{3, 6, 5, 4}, {7, 1, 1, 4}, {1, 0}},
                                                    {{2, 8, 9, 5}, {3, 1, 1, 5}, {2, 0}},
                                                    {{1, 6, 9, 2}, {3, 2, 4, 2}, {1, 2}},
                                                    {{1, 3, 4, 1}, {2, 2, 2, 1}, {1, 3}},
                                                    {{2, 13, 10, 3}, {8, 7, 7, 3}, {2, 3}},
                                                    {{2, 19, 14, 16}, {17, 3, 3, 16}, {1, 1}},
                                                    {{1, 23, 29, 33}, {32, 3, 3, 33}, {1, 1}},
                                                    {{2, 12, 20, 64}, {48, 1, 1, 64}, {1, 0}},
                                                    {{2, 2, 2, 72}, {100, 1, 1, 72}, {1, 0}},
                                                    {{1, 9, 11, 136}, {52, 1, 1, 136}, {1, 0}},
                                                    {{2, 25, 25, 96}, {36, 1, 1, 96}, {1, 0}},
                                                    {{1, 5, 6, 16}, {24, 1, 1, 16}, {1, 0}},
                                                    {{1, 3, 2, 8}, {9, 3, 3, 8}, {1, 2}},
                                                    {{2, 6, 7, 24}, {20, 3, 3, 24}, {1, 0}},
                                                    {{0, 5, 5, 16}, {16, 3, 3, 16}, {1, 1}},
                                                    {{1, 37, 6, 1}, {2, 3, 3, 1}, {2, 1}},
                                                    {{5, 4, 6, 9}, {19, 4, 6, 9}, {3, 0}},
                                                    {{9, 6, 4, 8}, {32, 6, 4, 8}, {1, 0}},
                                                    {{1, 6, 8, 3}, {8, 3, 3, 3}, {2, {0, 1, 0, 1}}},
                                                    {{2, 5, 6, 9}, {10, 3, 3, 9}, {1, {0, 2, 1, 0}}},
                                                    {{1, 9, 7, 16}, {16, 3, 3, 16}, {1, {2, 0, 2, 1}}},
                                                    {{2, 5, 4, 6}, {7, 1, 1, 6}, {2, {1, 0, 0, 2}}},
                                                    {{0, 5, 4, 4}, {4, 3, 3, 1}, {1, 1, 4}},
                                                    {{2, 5, 7, 6}, {6, 3, 3, 1}, {1, 1, 6}},
                                                    {{1, 2, 1, 17}, {17, 5, 5, 1}, {1, 2, 17}},
                                                    {{2, 8, 7, 16}, {16, 3, 3, 1}, {2, {0, 1, 0, 1}, 16}},
                                                    {{1, 11, 9, 35}, {35, 5, 5, 1}, {2, {1, 2, 2, 1}, 35}},
                                                    {{1, 3, 3, 4}, {4, 3, 3, 1}, {1, {4, 3, 0, 5}, 4}},
                                                    {{2, 9, 11, 8}, {8, 2, 4, 1}, {3, {1, 0, 2, 1}, 8}},
                                                    {{2, 33, 19, 64}, {64, 3, 3, 1}, {1, 1, 64}},
                                                    {{1, 20, 31, 48}, {48, 5, 5, 1}, {2, 2, 48}},
                                                    {{1, 17, 16, 40}, {40, 5, 5, 1}, {1, 2, 40}},
                                                    {{1, 16, 13, 24}, {24, 7, 7, 1}, {1, 3, 24}},
                                                    {{1, 6, 5, 3}, {6, 3, 3, 1}, {2, 1, 3}},
                                                    {{2, 7, 6, 4}, {8, 3, 3, 2}, {1, 1, 2}},
                                                    {{1, 5, 8, 12}, {6, 3, 2, 4}, {2, {1, 0, 0, 1}, 3}},
                                                    {{2, 4, 3, 6}, {4, 1, 1, 3}, {1, 0, 2}}};

inline const ConvolutionSize small_convolution_sizes[] = {{{1, 1, 1, 1}, {1, 1, 1, 1}, {1, 0}},
                                                          {{2, 4, 5, 2}, {3, 3, 3, 2}, {1, 1}},
                                                          {{1, 7, 4, 2}, {2, 3, 3, 2}, {2, 1}},
                                                          {{1, 5, 6, 1}, {2, 2, 4, 1}, {3, 2}},
                                                          {{1, 4, 6, 2}, {2, 3, 3, 2}, {2, {0, 1, 0, 1}}},
                                                          {{2, 4, 5, 3}, {3, 3, 3, 1}, {1, 1, 3}},
                                                          {{1, 6, 5, 2}, {2, 5, 5, 1}, {2, {1, 2, 2, 2}, 2}},
                                                          {{1, 4, 3, 4}, {6, 2, 3, 2}, {1, {1, 0, 0, 2}, 2}}};
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
  // Two channels, (1, 2) (3, 4) and 10 times as much, each with a kernel of its own.
  suite.by_hand("convolve: a kernel for each channel by hand",
                {{"x", {1, 2, 2, 2}, {1, 10, 2, 20, 3, 30, 4, 40}}, {"w", {2, 1, 2, 1}, {1, 100, 2, 3}}},
                {{"y", {1, 2, 1, 2}}}, {{201, 80, 403, 180}},
                [](B& b, const auto& in, const auto& out) { ops::convolve(b, in[0], in[1], {.groups = 2}, out[0]); });
  // Outputs 0 and 1 see the channels 1 and 2, outputs 2 and 3 the channels 3 and 4.
  suite.by_hand("convolve: groups by hand",
                {{"x", {1, 1, 1, 4}, {1, 2, 3, 4}}, {"w", {4, 1, 1, 2}, {1, 10, 2, 20, 1, 10, 2, 20}}},
                {{"y", {1, 1, 1, 4}}}, {{21, 42, 43, 86}},
                [](B& b, const auto& in, const auto& out) { ops::convolve(b, in[0], in[1], {.groups = 2}, out[0]); });
  // A row of zeros below and a column of them to the right, as TensorFlow pads 4 x 4 for stride 2: 1 + 100 * 11,
  // 3 + 100 * 0, 9 + 100 * 0 and 11 + 100 * 0.
  suite.by_hand("convolve: padding below and to the right by hand",
                {{"x", {1, 4, 4, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}},
                 {"w", {1, 3, 3, 1}, {1, 0, 0, 0, 0, 0, 0, 0, 100}}},
                {{"y", {1, 2, 2, 1}}}, {{1101, 3, 9, 11}}, [](B& b, const auto& in, const auto& out) {
                  ops::convolve(b, in[0], in[1], {.stride = 2, .padding = same_padding(4, 4, 3, 3, 2)}, out[0]);
                });
}

template <class B, class R>
void add_trainable_convolution_cases(Suite<B, R>& suite) {
  suite.operation("convolve_backward_input", [] {
    Problems<B, R> problems;
    for (const auto& size : detail::convolution_sizes) {
      const Shape d_y = ops::convolution_shape(size.x, size.w, size.geometry);
      problems.add({{"d_y", d_y, random_values("d_y", d_y)}, {"w", size.w, random_values("w", size.w)}},
                   {{"d_x", size.x, 0}}, size.w[0] / size.geometry.groups * size.w[1] * size.w[2],
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
  suite.by_hand("convolve_backward_input: a kernel for each channel by hand",
                {{"d_y", {1, 1, 1, 2}, {1, 2}}, {"w", {2, 1, 2, 1}, {1, 100, 2, 3}}}, {{"d_x", {1, 1, 2, 2}, 0}},
                {{1, 4, 100, 6}}, [](B& b, const auto& in, const auto& out) {
                  ops::convolve_backward_input(b, in[0], in[1], {.groups = 2}, out[0], Write::overwrite);
                });
  suite.by_hand("convolve_backward_weight: a kernel for each channel by hand",
                {{"d_y", {1, 1, 1, 2}, {1, 2}}, {"x", {1, 1, 2, 2}, {1, 10, 2, 20}}}, {{"d_w", {2, 1, 2, 1}, 0}},
                {{1, 2, 20, 40}}, [](B& b, const auto& in, const auto& out) {
                  ops::convolve_backward_weight(b, in[0], in[1], {.groups = 2}, out[0], Write::overwrite);
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
