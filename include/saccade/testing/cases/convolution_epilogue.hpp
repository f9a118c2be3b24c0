#pragma once

#include <saccade/ops/convolution_epilogue.hpp>
#include <saccade/testing/suite.hpp>

namespace saccade::inline SACCADE_NAMESPACE::testing {

namespace detail {
struct EpilogueSize {
  Shape x;
  Shape w;
  ConvolutionGeometry geometry;
};
/// 1 x 1 with and without a remainder of pixels and channels, 3 x 3 that Winograd's algorithm computes and others,
/// depthwise and grouped; an empty batch.
inline const EpilogueSize epilogue_sizes[] = {{{0, 4, 4, 3}, {3, 3, 3, 3}, {1, 1}},
                                              {{1, 1, 1, 1}, {1, 1, 1, 1}, {1, 0}},
                                              {{2, 6, 5, 8}, {24, 1, 1, 8}, {1, 0}},
                                              {{1, 12, 12, 24}, {24, 1, 1, 24}, {1, 0}},
                                              {{2, 7, 9, 16}, {40, 1, 1, 16}, {1, 0}},
                                              {{1, 8, 10, 3}, {32, 3, 3, 3}, {2, {0, 1, 0, 1}}},
                                              {{1, 9, 7, 16}, {16, 3, 3, 16}, {1, 1}},
                                              {{2, 9, 7, 32}, {32, 3, 3, 1}, {1, 1, 32}},
                                              {{1, 10, 8, 19}, {19, 5, 5, 1}, {2, {1, 2, 1, 2}, 19}},
                                              {{1, 5, 6, 6}, {4, 3, 3, 3}, {1, 1, 2}}};

/// The parts of a ConvolutionEpilogue that a problem has.
struct EpilogueParts {
  bool bias;
  bool normalization;
  bool residual;
  Rectifier rectifier;
};
inline constexpr EpilogueParts epilogue_parts[] = {
    {false, false, false, Rectifier::none}, {true, false, false, Rectifier::relu6},
    {false, true, false, Rectifier::relu6}, {false, true, true, Rectifier::none},
    {false, false, true, Rectifier::relu6}, {true, true, true, Rectifier::relu}};

/// Inputs: x, w, bias, gamma, beta, mean, variance, residual.
template <class B>
[[nodiscard]] ConvolutionEpilogue<B> epilogue_of(const B&, const Inputs<B>& in, const EpilogueParts& parts) {
  ConvolutionEpilogue<B> epilogue{.rectifier = parts.rectifier};
  if (parts.bias) epilogue.bias = &in[2];
  if (parts.normalization) epilogue.normalization.emplace(NormalizationView<B>{in[3], in[4], in[5], in[6], 1e-3});
  if (parts.residual) epilogue.residual = &in[7];
  return epilogue;
}

/// The operations that a convolution with an epilogue stands for, one after the other.
template <class B>
void compose_epilogue(B& b, const Tensor<B>& x, const Tensor<B>& w, const ConvolutionGeometry& geometry,
                      const ConvolutionEpilogue<B>& epilogue, Tensor<B>& y) {
  ops::convolve(b, x, w, geometry, y);
  if (epilogue.bias) ops::add_bias(b, *epilogue.bias, y);
  if (const auto& norm = epilogue.normalization)
    ops::batch_norm_infer(b, y, norm->gamma, norm->beta, norm->mean, norm->variance, norm->epsilon, y);
  if (epilogue.residual) ops::axpy(b, Scalar<B>(1), *epilogue.residual, y);
  if (epilogue.rectifier == Rectifier::relu) ops::relu(b, y, y);
  if (epilogue.rectifier == Rectifier::relu6) ops::relu6(b, y, y);
}

template <class B, class R>
[[nodiscard]] Problems<B, R> convolve_epilogue_problems() {
  Problems<B, R> problems;
  for (const auto& [x, w, geometry] : epilogue_sizes) {
    const Shape y = ops::convolution_shape(x, w, geometry), c{w[0]};
    for (const EpilogueParts& parts : epilogue_parts) {
      Problem<B, R>& problem =
          problems.add({{"x", x, random_values("x", x)},
                        {"w", w, random_values("w", w)},
                        {"bias", c, random_values("bias", c)},
                        {"gamma", c, random_values("gamma", c)},
                        {"beta", c, random_values("beta", c)},
                        {"mean", c, random_values("mean", c)},
                        {"variance", c, random_positive_values("variance", c)},
                        {"residual", y, random_values("residual", y)}},
                       {{"y", y}}, w.size() / w[0],
                       [parts, geometry = geometry](auto& b, const auto& in, const auto& out, const Writes&) {
                         compose_epilogue(b, in[0], in[1], geometry, epilogue_of(b, in, parts), out[0]);
                       });
      problem.on_backend = [parts, geometry = geometry](B& b, const auto& in, const auto& out, const Writes&) {
        ops::convolve(b, in[0], in[1], geometry, epilogue_of(b, in, parts), out[0]);
      };
    }
  }
  return problems;
}
}  // namespace detail

/// Convolutions with what follows them in inference, fused or composed, against the single operations.
template <class B, class R>
void add_convolution_epilogue_cases(Suite<B, R>& suite) {
  suite.operation("convolve with an epilogue", [] { return detail::convolve_epilogue_problems<B, R>(); });
  // conv 1, 2, 3, 4; with the bias 3, 4, 5, 6; normalised 2 (v - 4) / 2 + 1 = 0, 1, 2, 3; with the residual -2, 1,
  // 7, 5.
  suite.by_hand("convolve with an epilogue: each step by hand",
                {{"x", {1, 2, 2, 1}, {1, 2, 3, 4}},
                 {"w", {1, 1, 1, 1}, {1}},
                 {"bias", {1}, {2}},
                 {"gamma", {1}, {2}},
                 {"beta", {1}, {1}},
                 {"mean", {1}, {4}},
                 {"variance", {1}, {3}},
                 {"residual", {1, 2, 2, 1}, {-2, 0, 5, 2}}},
                {{"y", {1, 2, 2, 1}}, {"relu", {1, 2, 2, 1}}, {"relu6", {1, 2, 2, 1}}},
                {{-2, 1, 7, 5}, {0, 1, 7, 5}, {0, 1, 6, 5}}, [](B& b, const auto& in, const auto& out) {
                  ConvolutionEpilogue<B> epilogue{.bias = &in[2], .residual = &in[7]};
                  epilogue.normalization.emplace(NormalizationView<B>{in[3], in[4], in[5], in[6], 1.0});
                  ops::convolve(b, in[0], in[1], {}, epilogue, out[0]);
                  epilogue.rectifier = Rectifier::relu;
                  ops::convolve(b, in[0], in[1], {}, epilogue, out[1]);
                  epilogue.rectifier = Rectifier::relu6;
                  ops::convolve(b, in[0], in[1], {}, epilogue, out[2]);
                });
  if constexpr (!ops::FusedEpilogue<B> && requires { &B::convolve_epilogue; }) {
    suite.add("convolve with an epilogue: with the arguments of ops::FusedEpilogue", [](B&, Report& report) {
      report.fail(
          "the backend has a convolve_epilogue that is never called: ops::FusedEpilogue asks for the argument list in "
          "saccade/ops/convolution_epilogue.hpp");
    });
  }
}

}  // namespace saccade::testing
