#pragma once

#include <saccade/ops/activated_convolution.hpp>
#include <saccade/testing/suite.hpp>

namespace saccade::inline SACCADE_NAMESPACE::testing {

namespace detail {
struct ActivatedSize {
  Shape x;
  Shape w;
  ConvolutionGeometry geometry;
  Shape slope;
};
/// 1 x 1, 3 x 3 and a kernel as large as the map; strides that leave a remainder; no padding, and padding as wide as
/// the kernel's reach and wider; channel counts on both sides of a vector's; more weights than pixels; an empty batch.
/// Where x and y have one shape, x may be the residual.
inline const ActivatedSize activated_sizes[] = {
    {{0, 5, 4, 2}, {3, 3, 3, 2}, {1, 1}, {1}},       {{1, 1, 1, 1}, {1, 1, 1, 1}, {1, 0}, {1}},
    {{2, 5, 7, 3}, {3, 3, 3, 3}, {1, 1}, {3}},       {{2, 7, 4, 3}, {5, 3, 3, 3}, {2, 1}, {1}},
    {{3, 6, 5, 4}, {7, 1, 1, 4}, {1, 0}, {4}},       {{2, 8, 9, 5}, {3, 1, 1, 5}, {2, 0}, {1}},
    {{1, 6, 9, 2}, {3, 3, 3, 2}, {1, 2}, {2}},       {{1, 7, 8, 3}, {2, 3, 3, 3}, {1, 0}, {3}},
    {{2, 7, 7, 16}, {5, 7, 7, 16}, {1, 0}, {16}},    {{1, 13, 9, 20}, {24, 3, 3, 20}, {2, 2}, {1}},
    {{2, 19, 14, 17}, {17, 3, 3, 17}, {1, 1}, {17}}, {{1, 23, 29, 33}, {32, 3, 3, 33}, {1, 1}, {1}},
    {{2, 12, 20, 64}, {48, 1, 1, 64}, {1, 0}, {64}}, {{3, 12, 10, 64}, {64, 3, 3, 64}, {1, 1}, {64}},
    {{9, 6, 5, 8}, {32, 6, 5, 8}, {1, 0}, {8}}};

struct ActivationSize {
  Shape x;
  Shape slope;
};
inline const ActivationSize activation_sizes[] = {{{0, 2, 2, 3}, {3}},    {{1, 1}, {1}},       {{4, 3}, {3}},
                                                  {{5, 1, 1, 7}, {1}},    {{2, 3, 5, 4}, {4}}, {{3, 9, 7, 17}, {1}},
                                                  {{3, 11, 13, 64}, {64}}};

inline constexpr BatchNormHyper activation_hyper{.epsilon = 1e-3, .momentum = 0.125};

/// What `convolve_activated` adds: nothing, a tensor of its own, x, or what y holds.
enum class Residual { none, other, x, y };

/// The view of gamma, beta, mean, rstd and slope, which stand at `first` in a problem's inputs.
template <class B>
[[nodiscard]] ActivationView<B> activation_at(const B&, const Inputs<B>& in, std::size_t first) {
  return {in[first], in[first + 1], in[first + 2], in[first + 3], in[first + 4]};
}

/// x, with gamma, beta, mean, rstd and slope: `activation_at(b, in, 1)`.
[[nodiscard]] inline std::vector<Operand> activation_operands(const Shape& x, const Shape& slope) {
  const Shape c{x.last()};
  return {{"x", x, random_values("x", x)},
          {"gamma", c, random_values("gamma", c)},
          {"beta", c, random_values("beta", c)},
          {"mean", c, random_values("mean", c)},
          {"rstd", c, random_positive_values("rstd", c)},
          {"slope", slope, random_values("slope", slope)}};
}

/// The same with the statistics of x, and with shifts that keep every gamma (x - mean) rstd + beta at least `margin`
/// away from 0, where the derivative jumps: no rounding and no small step may decide on which side a number lies.
template <class R>
[[nodiscard]] std::vector<Operand> own_activation_operands(const Shape& shape, const Shape& slope, double margin) {
  std::vector<Operand> operands = activation_operands(shape, slope);
  R reference{};
  Bound<R> bound(reference, operands,
                 {{"y", shape},
                  {"running_mean", {shape.last()}},
                  {"variance", {shape.last()}},
                  {"mean", {shape.last()}},
                  {"rstd", {shape.last()}}});
  ops::batch_norm_train(reference, bound.in[0], bound.in[1], bound.in[2], activation_hyper, bound.out[1], bound.out[2],
                        bound.out[0], bound.out[3], bound.out[4]);
  operands[3].values = bound.output(3);
  operands[4].values = bound.output(4);

  const std::vector<double>&x = operands[0].values, &gamma = operands[1].values, &mean = operands[3].values,
        &rstd = operands[4].values;
  const std::size_t channels = gamma.size();
  for (std::size_t c = 0; c < channels; ++c) {
    double& beta = operands[2].values[c];
    for (std::size_t i = c; i < x.size();) {
      const bool too_near = std::abs(gamma[c] * (x[i] - mean[c]) * rstd[c] + beta) < margin;
      beta += too_near ? 1.0 / 64 : 0;
      i = too_near ? c : i + channels;  // from the start again
    }
  }
  return operands;
}

/// gamma (x - mean) rstd + beta, by `batch_norm_infer` with the variance that rstd belongs to.
template <class B>
[[nodiscard]] Tensor<B> compose_normalized(B& b, const Tensor<B>& x, const ActivationView<B>& activation) {
  std::vector<double> variance = values_of(b, activation.rstd);
  for (double& value : variance) value = 1 / (value * value);
  const Tensor<B> running_variance = make_tensor_of(b, b.shape(activation.rstd), variance);
  Tensor<B> normalized = make_operand(b, "normalized", b.shape(x));
  const double nothing = std::numeric_limits<double>::min();  // an epsilon that adds nothing
  ops::batch_norm_infer(b, x, activation.gamma, activation.beta, activation.mean, running_variance, nothing,
                        normalized);
  return normalized;
}

/// What the convolution sees.
template <class B>
[[nodiscard]] Tensor<B> compose_activated(B& b, const Tensor<B>& x, const ActivationView<B>& activation) {
  Tensor<B> activated = compose_normalized(b, x, activation);
  ops::prelu(b, activated, activation.slope, activated);
  return activated;
}

/// What `convolve_activated` stands for.
template <class B>
void compose_convolve_activated(B& b, const Tensor<B>& x, const ActivationView<B>& activation, const Tensor<B>& w,
                                const ConvolutionGeometry& geometry, const Tensor<B>* residual, Tensor<B>& y) {
  Tensor<B> convolved = make_operand(b, "convolved", b.shape(y));
  ops::convolve(b, compose_activated(b, x, activation), w, geometry, convolved);
  if (residual) ops::axpy(b, Scalar<B>(1), *residual, convolved);
  b.copy(convolved, y);
}

/// What `activation_backward` stands for.
template <class B>
void compose_activation_backward(B& b, const Tensor<B>& d_activated, const Tensor<B>& x,
                                 const ActivationView<B>& activation, const Tensor<B>* d_residual, Tensor<B>& d_x,
                                 Write write, Tensor<B>& d_gamma, Tensor<B>& d_beta, Tensor<B>& d_slope,
                                 Write write_parameters) {
  const Tensor<B> normalized = compose_normalized(b, x, activation);
  Tensor<B> d_normalized = make_operand(b, "d_normalized", b.shape(x));
  ops::prelu_backward(b, normalized, activation.slope, d_activated, d_normalized, Write::overwrite, d_slope,
                      write_parameters);
  ops::batch_norm_backward(b, d_normalized, x, activation.gamma, activation.mean, activation.rstd, d_x, write, d_gamma,
                           d_beta, write_parameters);
  if (d_residual) ops::axpy(b, Scalar<B>(1), *d_residual, d_x);
}

template <class B>
[[nodiscard]] const Tensor<B>* chosen_residual(const B&, Residual residual, const Inputs<B>& in, std::size_t other,
                                               const Outputs<B>& out) {
  switch (residual) {
    case Residual::none:
      return nullptr;
    case Residual::other:
      return &in[other];
    case Residual::x:
      return &in[0];
    case Residual::y:
      return &out[0];
  }
  return nullptr;
}

template <class B, class R>
[[nodiscard]] Problems<B, R> convolve_activated_problems() {
  Problems<B, R> problems;
  for (const auto& [x, w, geometry, slope] : activated_sizes) {
    const Shape y = ops::convolution_shape(x, w, geometry);
    for (const Residual residual : {Residual::none, Residual::other, Residual::x, Residual::y}) {
      if (residual == Residual::x && x != y) continue;
      std::vector<Operand> inputs = activation_operands(x, slope);
      inputs.push_back({"w", w, random_values("w", w)});
      inputs.push_back({"residual", y, random_values("residual", y)});
      const std::vector<double> before = residual == Residual::y ? random_values("y", y) : std::vector<double>();
      Problem<B, R>& problem =
          problems.add(inputs, {{"y", y, no_write, before}}, w.size() / w[0],
                       [residual, geometry = geometry](auto& b, const auto& in, const auto& out, const Writes&) {
                         compose_convolve_activated(b, in[0], activation_at(b, in, 1), in[6], geometry,
                                                    chosen_residual(b, residual, in, 7, out), out[0]);
                       });
      problem.on_backend = [residual, geometry = geometry](B& b, const auto& in, const auto& out, const Writes&) {
        ops::convolve_activated(b, in[0], activation_at(b, in, 1), in[6], geometry,
                                chosen_residual(b, residual, in, 7, out), out[0]);
      };
    }
  }
  return problems;
}

template <class B, class R>
[[nodiscard]] Problems<B, R> batch_norm_rstd_problems() {
  Problems<B, R> problems;
  for (const Shape& c : {Shape{1}, Shape{7}, Shape{64}}) {
    Problem<B, R>& problem =
        problems.add({{"running_variance", c, random_positive_values("running_variance", c)}}, {{"rstd", c}}, 1,
                     [](auto& b, const auto& in, const auto& out, const Writes&) {
                       // 1 normalised with mean 0, scale 1 and shift 0.
                       auto one = b.zeros(b.shape(in[0]));
                       b.fill(1, one);
                       const auto zero = b.zeros(b.shape(in[0]));
                       ops::batch_norm_infer(b, one, one, zero, zero, in[0], activation_hyper.epsilon, out[0]);
                     });
    problem.on_backend = [](B& b, const auto& in, const auto& out, const Writes&) {
      ops::batch_norm_rstd(b, in[0], activation_hyper.epsilon, out[0]);
    };
  }
  return problems;
}

template <class B, class R>
[[nodiscard]] Problems<B, R> batch_norm_statistics_problems() {
  Problems<B, R> problems;
  for (const auto& [x, slope] : activation_sizes) {
    const Shape c{x.last()};
    Problem<B, R>& problem =
        problems.add({{"x", x, random_values("x", x)}},
                     {{"mean", c},
                      {"rstd", c},
                      {"running_mean", c, no_write, random_values("running_mean", c)},
                      {"running_variance", c, no_write, random_positive_values("running_variance", c)}},
                     x.size() / x.last(), [](auto& b, const auto& in, const auto& out, const Writes&) {
                       const auto any = b.zeros(b.shape(out[0]));
                       auto y = make_operand(b, "y", b.shape(in[0]));
                       ops::batch_norm_train(b, in[0], any, any, activation_hyper, out[2], out[3], y, out[0], out[1]);
                     });
    problem.on_backend = [](B& b, const auto& in, const auto& out, const Writes&) {
      ops::batch_norm_statistics(b, in[0], activation_hyper, out[2], out[3], out[0], out[1]);
    };
  }
  return problems;
}

template <class B, class R>
[[nodiscard]] Problems<B, R> convolve_activated_backward_weight_problems() {
  Problems<B, R> problems;
  for (const auto& [x, w, geometry, slope] : activated_sizes) {
    const Shape d_y = ops::convolution_shape(x, w, geometry);
    std::vector<Operand> inputs = activation_operands(x, slope);
    inputs.push_back({"d_y", d_y, random_values("d_y", d_y)});
    Problem<B, R>& problem =
        problems.add(inputs, {{"d_w", w, 0}}, d_y[0] * d_y[1] * d_y[2],
                     [geometry = geometry](auto& b, const auto& in, const auto& out, const Writes& write) {
                       const auto activated = compose_activated(b, in[0], activation_at(b, in, 1));
                       ops::convolve_backward_weight(b, in[6], activated, geometry, out[0], write[0]);
                     });
    problem.on_backend = [geometry = geometry](B& b, const auto& in, const auto& out, const Writes& write) {
      ops::convolve_activated_backward_weight(b, in[6], in[0], activation_at(b, in, 1), geometry, out[0], write[0]);
    };
  }
  return problems;
}

template <class B, class R>
[[nodiscard]] Problems<B, R> activation_backward_problems() {
  Problems<B, R> problems;
  for (const auto& [x, slope] : activation_sizes) {
    for (const bool residual : {false, true}) {
      const Shape c{x.last()};
      std::vector<Operand> inputs = own_activation_operands<R>(x, slope, 1.0 / 128);
      inputs.push_back({"d_activated", x, random_values("d_activated", x)});
      inputs.push_back({"d_residual", x, random_values("d_residual", x)});
      Problem<B, R>& problem = problems.add(
          inputs, {{"d_x", x, 0}, {"d_gamma", c, 1}, {"d_beta", c, 1}, {"d_slope", slope, 1}}, x.size() / slope.size(),
          [residual](auto& b, const auto& in, const auto& out, const Writes& write) {
            compose_activation_backward(b, in[6], in[0], activation_at(b, in, 1), residual ? &in[7] : nullptr, out[0],
                                        write[0], out[1], out[2], out[3], write[1]);
          });
      problem.aliases = {{6, 0}};
      problem.on_backend = [residual](B& b, const auto& in, const auto& out, const Writes& write) {
        ops::activation_backward(b, in[6], in[0], activation_at(b, in, 1), residual ? &in[7] : nullptr, out[0],
                                 write[0], out[1], out[2], out[3], write[1]);
      };
    }
  }
  return problems;
}

/// A whole pre-activation convolution in training, y = conv(PReLU(norm(x)), w) [+ x], through its statistics.
/// Inputs: x, gamma, beta, (mean, rstd: not looked at), slope, w.
template <class B, class R>
[[nodiscard]] std::vector<Derivative<B>> activated_convolution_derivatives() {
  const ActivatedSize sizes[] = {{{2, 4, 5, 2}, {2, 3, 3, 2}, {1, 1}, {2}}, {{2, 5, 3, 2}, {3, 1, 1, 2}, {2, 0}, {1}}};
  std::vector<Derivative<B>> derivatives;
  for (const auto& [x, w, geometry, slope] : sizes) {
    const Shape c{x.last()}, y = ops::convolution_shape(x, w, geometry);
    const bool residual = x == y;
    std::vector<Operand> inputs = own_activation_operands<R>(x, slope, 1.0 / 16);
    inputs.push_back({"w", w, random_values("w", w)});
    std::vector<std::size_t> linear_in;
    if (!residual) linear_in.push_back(6);
    derivatives.push_back(
        {.inputs = inputs,
         .outputs = {{"y", y},
                     {"mean", c},
                     {"rstd", c},
                     {"running_mean", c, no_write, random_values("running_mean", c)},
                     {"running_variance", c, no_write, random_positive_values("running_variance", c)}},
         .wrt = {0, 1, 2, 5, 6},
         .linear_in = linear_in,
         .forward =
             [residual, geometry = geometry](B& b, const auto& in, const auto& out) {
               ops::batch_norm_statistics(b, in[0], activation_hyper, out[3], out[4], out[1], out[2]);
               ops::convolve_activated(b, in[0], {in[1], in[2], out[1], out[2], in[5]}, in[6], geometry,
                                       residual ? &in[0] : nullptr, out[0]);
             },
         .backward =
             [residual, geometry = geometry](B& b, const auto& in, const auto& out, const auto& d_out,
                                             const auto& d_in) {
               const ActivationView<B> activation{in[1], in[2], out[1], out[2], in[5]};
               Tensor<B> d_activated = make_operand(b, "d_activated", b.shape(in[0]));
               ops::convolve_activated_backward_weight(b, d_out[0], in[0], activation, geometry, d_in[4],
                                                       Write::overwrite);
               ops::convolve_backward_input(b, d_out[0], in[6], geometry, d_activated, Write::overwrite);
               ops::activation_backward(b, d_activated, in[0], activation, residual ? &d_out[0] : nullptr, d_in[0],
                                        Write::overwrite, d_in[1], d_in[2], d_in[3], Write::overwrite);
             }});
  }
  return derivatives;
}

/// 3 and -3 around 1 become 4 and -2, activated 4 and -1. A pixel of padding is 0; were it activated, it would be 1.
[[nodiscard]] inline std::vector<Operand> activation_by_hand() {
  return {{"x", {1, 1, 2, 1}, {3, -3}}, {"gamma", {1}, {2}},  {"beta", {1}, {2}},
          {"mean", {1}, {1}},           {"rstd", {1}, {0.5}}, {"slope", {1}, {0.5}}};
}
}  // namespace detail

/// Fused operations around a convolution, each against what it stands for; nothing where the backend has none.
template <class B, class R>
void add_activated_convolution_cases(Suite<B, R>& suite) {
  if constexpr (ops::FusedActivation<B>) {
    suite.operation("batch_norm_rstd", [] { return detail::batch_norm_rstd_problems<B, R>(); });
    suite.by_hand("batch_norm_rstd: numbers by hand", {{"running_variance", {2}, {3, 15}}}, {{"rstd", {2}}},
                  {{0.5, 0.25}},
                  [](B& b, const auto& in, const auto& out) { ops::batch_norm_rstd(b, in[0], 1.0, out[0]); });

    suite.operation("convolve_activated", [] { return detail::convolve_activated_problems<B, R>(); });
    std::vector<Operand> inputs = detail::activation_by_hand();
    inputs.push_back({"w", {1, 3, 3, 1}, {1000, 1000, 1000, 1, 10, 100, 1000, 1000, 1000}});
    inputs.push_back({"residual", {1, 1, 2, 1}, {5, 7}});
    suite.by_hand("convolve_activated: numbers by hand", inputs, {{"y", {1, 1, 2, 1}}, {"sum", {1, 1, 2, 1}}},
                  {{-60, -6}, {-55, 1}}, [](B& b, const auto& in, const auto& out) {
                    const ConvolutionGeometry geometry{.stride = 1, .padding = 1};
                    const ActivationView<B> activation = detail::activation_at(b, in, 1);
                    ops::convolve_activated(b, in[0], activation, in[6], geometry, nullptr, out[0]);
                    ops::convolve_activated(b, in[0], activation, in[6], geometry, &in[7], out[1]);
                  });
  } else if constexpr (
      requires { &B::batch_norm_rstd; } || requires { &B::convolve_activated; } ||
      requires { &B::batch_norm_statistics; } || requires { &B::convolve_activated_backward_weight; } ||
      requires { &B::activation_backward; }) {
    suite.add("convolve_activated: all of its operations or none", [](B&, Report& report) {
      report.fail(
          "the backend has fused operations that are never called: ops::FusedActivation asks for batch_norm_rstd and "
          "convolve_activated, of a backend that trains also for batch_norm_statistics, "
          "convolve_activated_backward_weight and activation_backward, and for the argument lists in "
          "saccade/ops/activated_convolution.hpp");
    });
  }
}

template <class B, class R>
void add_trainable_activated_convolution_cases(Suite<B, R>& suite) {
  if constexpr (ops::TrainableFusedActivation<B>) {
    suite.operation("batch_norm_statistics", [] { return detail::batch_norm_statistics_problems<B, R>(); });
    // 1, 3, 5, 7: mean 4, variance 5 (biased) and 20/3 (unbiased); epsilon = 4, so rstd is 1/3.
    suite.by_hand(
        "batch_norm_statistics: numbers by hand", {{"x", {4, 1}, {1, 3, 5, 7}}},
        {{"running_mean", {1}, no_write, {8}}, {"running_variance", {1}, no_write, {4}}, {"mean", {1}}, {"rstd", {1}}},
        {{7}, {3 + 5.0 / 3}, {4}, {1.0 / 3}}, [](B& b, const auto& in, const auto& out) {
          ops::batch_norm_statistics(b, in[0], {.epsilon = 4, .momentum = 0.25}, out[0], out[1], out[2], out[3]);
        });

    suite.operation("convolve_activated_backward_weight",
                    [] { return detail::convolve_activated_backward_weight_problems<B, R>(); });
    std::vector<Operand> inputs = detail::activation_by_hand();
    inputs.push_back({"d_y", {1, 1, 2, 1}, {1, 2}});
    suite.by_hand("convolve_activated_backward_weight: numbers by hand", inputs, {{"d_w", {1, 3, 3, 1}, 0}},
                  {{0, 0, 0, 8, 2, -1, 0, 0, 0}}, [](B& b, const auto& in, const auto& out) {
                    ops::convolve_activated_backward_weight(b, in[6], in[0], detail::activation_at(b, in, 1),
                                                            {.stride = 1, .padding = 1}, out[0], Write::overwrite);
                  });

    suite.operation("activation_backward", [] { return detail::activation_backward_problems<B, R>(); });
    suite.in_place("activation_backward", [] { return detail::activation_backward_problems<B, R>(); });
    // 1 and 3 become -1/2 and 3/2, so e is 1 and 0: see batch_norm_backward.
    suite.by_hand("activation_backward: numbers by hand",
                  {{"x", {2, 1}, {1, 3}},
                   {"gamma", {1}, {2}},
                   {"beta", {1}, {0.5}},
                   {"mean", {1}, {2}},
                   {"rstd", {1}, {0.5}},
                   {"slope", {1}, {0.5}},
                   {"d_activated", {2, 1}, {2, 0}},
                   {"d_residual", {2, 1}, {10, 20}}},
                  {{"d_x", {2, 1}, 0}, {"d_gamma", {1}, 1}, {"d_beta", {1}, 1}, {"d_slope", {1}, 1}},
                  {{10.375, 19.625}, {-0.5}, {1}, {-1}}, [](B& b, const auto& in, const auto& out) {
                    ops::activation_backward(b, in[6], in[0], detail::activation_at(b, in, 1), &in[7], out[0],
                                             Write::overwrite, out[1], out[2], out[3], Write::overwrite);
                  });

    suite.adjoint("convolve_activated", [] { return detail::activated_convolution_derivatives<B, R>(); });
    suite.gradient("convolve_activated", [] { return detail::activated_convolution_derivatives<B, R>(); });
  }
}

}  // namespace saccade::testing
