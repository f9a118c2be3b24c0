#pragma once

#include <saccade/ops/pointwise.hpp>
#include <saccade/testing/suite.hpp>

namespace saccade::inline SACCADE_NAMESPACE::testing {

namespace detail {
inline const Shape pointwise_shapes[] = {{0}, {1}, {7}, {3, 5}, {0, 3}, {2, 3, 5, 7}, {3, 19, 23, 16}};

struct PreluSize {
  Shape x;
  Shape slope;
};
inline const PreluSize prelu_sizes[] = {
    {{1}, {1}},          {{0, 3}, {3}},       {{5, 3}, {1}},           {{5, 3}, {3}},
    {{2, 3, 5, 7}, {7}}, {{2, 3, 5, 7}, {1}}, {{3, 17, 13, 32}, {32}}, {{3, 17, 13, 32}, {1}}};

/// y = f(x), where y may be x. `values` makes numbers where f is defined.
template <class B, class R, class Function>
void add_unary_cases(Suite<B, R>& suite, const std::string& name, Function function,
                     std::vector<double> (*values)(std::string_view, const Shape&) = random_values) {
  const auto problems = [function, values] {
    Problems<B, R> result;
    for (const Shape& shape : pointwise_shapes) {
      result
          .add({{"x", shape, values("x", shape)}}, {{"y", shape}}, 1,
               [function](auto& b, const auto& in, const auto& out, const Writes&) { function(b, in[0], out[0]); })
          .aliases = {{0, 0}};
    }
    return result;
  };
  suite.operation(name, problems);
  suite.in_place(name, problems);
}

/// d_x (+)= f'(y) d_y, where d_x may be d_y. `to_range` turns numbers in [-2, 2] into values of f.
template <class B, class R, class Function, class Range>
void add_unary_backward_cases(Suite<B, R>& suite, const std::string& name, Function backward, Range to_range) {
  const auto problems = [backward, to_range] {
    Problems<B, R> result;
    for (const Shape& shape : pointwise_shapes) {
      std::vector<double> y = random_values("y", shape);
      for (double& value : y) value = to_range(value);
      result
          .add({{"y", shape, y}, {"d_y", shape, random_values("d_y", shape)}}, {{"d_x", shape, 0}}, 1,
               [backward](auto& b, const auto& in, const auto& out, const Writes& write) {
                 backward(b, in[0], in[1], out[0], write[0]);
               })
          .aliases = {{1, 0}};
    }
    return result;
  };
  suite.operation(name, problems);
  suite.in_place(name, problems);
}

/// A function of one tensor with its derivative from the output.
template <class B, class Function, class Backward>
[[nodiscard]] auto unary_derivatives(Function function, Backward backward) {
  return [function, backward] {
    const Shape shape{3, 7};
    return std::vector<Derivative<B>>{
        {.inputs = {{"x", shape, random_distinct_values("x", shape)}},
         .outputs = {{"y", shape}},
         .wrt = {0},
         .linear_in = {0},
         .forward = [function](B& b, const auto& in, const auto& out) { function(b, in[0], out[0]); },
         .backward = [backward](B& b, const auto&, const auto& out, const auto& d_out,
                                const auto& d_in) { backward(b, out[0], d_out[0], d_in[0], Write::overwrite); }}};
  };
}
}  // namespace detail

template <class B, class R>
void add_pointwise_cases(Suite<B, R>& suite) {
  const double large = 1000;
  detail::add_unary_cases(suite, "relu", [](auto& b, const auto& x, auto& y) { ops::relu(b, x, y); });
  detail::add_unary_cases(
      suite, "relu6", [](auto& b, const auto& x, auto& y) { ops::relu6(b, x, y); },
      [](std::string_view name, const Shape& shape) {
        std::vector<double> values = random_values(name, shape);
        for (double& value : values) value *= 4;  // beyond 6
        return values;
      });
  detail::add_unary_cases(suite, "sigmoid", [](auto& b, const auto& x, auto& y) { ops::sigmoid(b, x, y); });
  detail::add_unary_cases(suite, "tanh", [](auto& b, const auto& x, auto& y) { ops::tanh(b, x, y); });
  detail::add_unary_cases(suite, "clamp", [](auto& b, const auto& x, auto& y) { ops::clamp(b, x, -1, 0.5, y); });
  detail::add_unary_cases(suite, "exp", [](auto& b, const auto& x, auto& y) { ops::exp(b, x, y); });
  detail::add_unary_cases(
      suite, "rsqrt", [](auto& b, const auto& x, auto& y) { ops::rsqrt(b, x, y); }, random_positive_values);
  detail::add_unary_cases(
      suite, "log", [](auto& b, const auto& x, auto& y) { ops::log(b, x, y); }, random_positive_values);
  suite.by_hand("relu: numbers by hand", {{"x", {3}, {-1, 0, 2}}}, {{"y", {3}}}, {{0, 0, 2}},
                [](B& b, const auto& in, const auto& out) { ops::relu(b, in[0], out[0]); });
  suite.by_hand("relu6: numbers by hand", {{"x", {5}, {-1, 0, 5.5, 6, 8}}}, {{"y", {5}}}, {{0, 0, 5.5, 6, 6}},
                [](B& b, const auto& in, const auto& out) { ops::relu6(b, in[0], out[0]); });
  suite.by_hand("sigmoid: numbers by hand, and no overflow",
                {{"x", {5}, {0, std::log(3.0), -std::log(3.0), large, -large}}}, {{"y", {5}}},
                {{0.5, 0.75, 0.25, 1, 0}},
                [](B& b, const auto& in, const auto& out) { ops::sigmoid(b, in[0], out[0]); });
  suite.by_hand("tanh: numbers by hand, and no overflow",
                {{"x", {5}, {0, std::log(3.0) / 2, -std::log(3.0) / 2, large, -large}}}, {{"y", {5}}},
                {{0, 0.5, -0.5, 1, -1}}, [](B& b, const auto& in, const auto& out) { ops::tanh(b, in[0], out[0]); });
  suite.by_hand("exp: numbers by hand", {{"x", {4}, {0, std::log(3.0), -std::log(4.0), -large}}}, {{"y", {4}}},
                {{1, 3, 0.25, 0}}, [](B& b, const auto& in, const auto& out) { ops::exp(b, in[0], out[0]); });
  suite.by_hand("log: numbers by hand", {{"x", {4}, {1, std::exp(1.0), 0.25, std::exp(-8.0)}}}, {{"y", {4}}},
                {{0, 1, -std::log(4.0), -8}},
                [](B& b, const auto& in, const auto& out) { ops::log(b, in[0], out[0]); });
  suite.add("log: minus infinity at 0, NaN below it", [](B& b, Report& report) {
    const Tensor<B> x = make_tensor_of(b, {2}, {0, -1});
    Tensor<B> y = b.zeros({2});
    ops::log(b, x, y);
    const std::vector<double> values = values_of(b, y);
    report.expect(std::isinf(values[0]) && values[0] < 0, "ln 0 is " + number_text(values[0]) + ", but must be -inf");
    report.expect(std::isnan(values[1]), "ln -1 is " + number_text(values[1]) + ", but must be NaN");
  });
  suite.by_hand("rsqrt: numbers by hand", {{"x", {3}, {1, 4, 0.0625}}}, {{"y", {3}}}, {{1, 0.5, 4}},
                [](B& b, const auto& in, const auto& out) { ops::rsqrt(b, in[0], out[0]); });
  suite.add("exp, rsqrt: infinite where they should be", [](B& b, Report& report) {
    const Tensor<B> x = make_tensor_of(b, {1}, {1000}), zero = b.zeros({1});
    Tensor<B> y = b.zeros({1});
    ops::exp(b, x, y);
    report.expect(std::isinf(values_of(b, y)[0]), "e^1000 is " + number_text(values_of(b, y)[0]) + ", but must be inf");
    ops::rsqrt(b, zero, y);
    report.expect(std::isinf(values_of(b, y)[0]),
                  "1 / sqrt(0) is " + number_text(values_of(b, y)[0]) + ", but must be inf");
  });
  suite.by_hand("clamp: numbers by hand", {{"x", {3}, {-3, 0.5, 3}}}, {{"y", {3}}}, {{-1, 0.5, 2}},
                [](B& b, const auto& in, const auto& out) { ops::clamp(b, in[0], -1, 2, out[0]); });

  const auto prelu_problems = [] {
    Problems<B, R> problems;
    for (const auto& [x, slope] : detail::prelu_sizes) {
      problems
          .add({{"x", x, random_values("x", x)}, {"slope", slope, random_values("slope", slope)}}, {{"y", x}}, 1,
               [](auto& b, const auto& in, const auto& out, const Writes&) { ops::prelu(b, in[0], in[1], out[0]); })
          .aliases = {{0, 0}};
    }
    return problems;
  };
  suite.operation("prelu", prelu_problems);
  suite.in_place("prelu", prelu_problems);
  suite.by_hand("prelu: a shared slope by hand", {{"x", {3, 1}, {-4, 0, 2}}, {"slope", {1}, {0.25}}}, {{"y", {3, 1}}},
                {{-1, 0, 2}}, [](B& b, const auto& in, const auto& out) { ops::prelu(b, in[0], in[1], out[0]); });
  suite.by_hand("prelu: a slope for each channel by hand",
                {{"x", {2, 2}, {-2, -4, 3, -8}}, {"slope", {2}, {0.5, 0.25}}}, {{"y", {2, 2}}}, {{-1, -1, 3, -2}},
                [](B& b, const auto& in, const auto& out) { ops::prelu(b, in[0], in[1], out[0]); });

  const auto binary_problems = [](bool governed, auto call) {
    Problems<B, R> problems;
    for (const Shape& shape : detail::pointwise_shapes) {
      problems
          .add({{"x1", shape, random_values("x1", shape)}, {"x2", shape, random_values("x2", shape)}},
               {{"y", shape, governed ? 0 : no_write}}, 1, call)
          .aliases = {{0, 0}, {1, 0}};
    }
    return problems;
  };
  const auto add_problems = [binary_problems] {
    return binary_problems(
        false, [](auto& b, const auto& in, const auto& out, const Writes&) { ops::add(b, in[0], in[1], out[0]); });
  };
  suite.operation("add", add_problems);
  suite.in_place("add", add_problems);
  const auto multiply_problems = [binary_problems] {
    return binary_problems(true, [](auto& b, const auto& in, const auto& out, const Writes& write) {
      ops::multiply(b, in[0], in[1], out[0], write[0]);
    });
  };
  suite.operation("multiply", multiply_problems);
  suite.in_place("multiply", multiply_problems);
  suite.by_hand("add: numbers by hand", {{"x1", {2}, {1, 2}}, {"x2", {2}, {10, 20}}}, {{"y", {2}}}, {{11, 22}},
                [](B& b, const auto& in, const auto& out) { ops::add(b, in[0], in[1], out[0]); });
  suite.by_hand(
      "multiply: numbers by hand", {{"x1", {2}, {3, 5}}, {"x2", {2}, {7, -2}}}, {{"y", {2}, 0}}, {{21, -10}},
      [](B& b, const auto& in, const auto& out) { ops::multiply(b, in[0], in[1], out[0], Write::overwrite); });

  suite.operation("axpy", [] {
    Problems<B, R> problems;
    for (const Shape& shape : detail::pointwise_shapes) {
      problems.add({{"x", shape, random_values("x", shape)}}, {{"y", shape, no_write, random_values("y", shape)}}, 1,
                   [](auto& b, const auto& in, const auto& out, const Writes&) { ops::axpy(b, -0.75, in[0], out[0]); });
    }
    return problems;
  });
  suite.by_hand("axpy: numbers by hand", {{"x", {2}, {10, 20}}}, {{"y", {2}, no_write, {1, 2}}}, {{21, 42}},
                [](B& b, const auto& in, const auto& out) { ops::axpy(b, 2, in[0], out[0]); });
}

template <class B, class R>
void add_trainable_pointwise_cases(Suite<B, R>& suite) {
  const auto relu = [](auto& b, const auto& x, auto& y) { ops::relu(b, x, y); };
  const auto sigmoid = [](auto& b, const auto& x, auto& y) { ops::sigmoid(b, x, y); };
  const auto tanh = [](auto& b, const auto& x, auto& y) { ops::tanh(b, x, y); };
  const auto relu_backward = [](auto& b, const auto& y, const auto& d_y, auto& d_x, Write write) {
    ops::relu_backward(b, y, d_y, d_x, write);
  };
  const auto relu6_backward = [](auto& b, const auto& y, const auto& d_y, auto& d_x, Write write) {
    ops::relu6_backward(b, y, d_y, d_x, write);
  };
  const auto sigmoid_backward = [](auto& b, const auto& y, const auto& d_y, auto& d_x, Write write) {
    ops::sigmoid_backward(b, y, d_y, d_x, write);
  };
  const auto tanh_backward = [](auto& b, const auto& y, const auto& d_y, auto& d_x, Write write) {
    ops::tanh_backward(b, y, d_y, d_x, write);
  };
  detail::add_unary_backward_cases(suite, "relu_backward", relu_backward, [](double x) { return std::max(x, 0.0); });
  detail::add_unary_backward_cases(suite, "relu6_backward", relu6_backward,
                                   [](double x) { return std::min(std::max(4 * x, 0.0), 6.0); });
  detail::add_unary_backward_cases(suite, "sigmoid_backward", sigmoid_backward, [](double x) { return (x + 2) / 4; });
  detail::add_unary_backward_cases(suite, "tanh_backward", tanh_backward, [](double x) { return x / 2; });
  suite.adjoint("relu", detail::unary_derivatives<B>(relu, relu_backward));
  suite.gradient("relu", detail::unary_derivatives<B>(relu, relu_backward));
  const auto relu6_derivatives = [] {
    return std::vector<Derivative<B>>{
        {.inputs = {{"x", {2, 4}, {-3, -1, 0.5, 2, 4, 5.5, 6.5, 9}}},
         .outputs = {{"y", {2, 4}}},
         .wrt = {0},
         .forward = [](B& b, const auto& in, const auto& out) { ops::relu6(b, in[0], out[0]); },
         .backward = [](B& b, const auto&, const auto& out, const auto& d_out,
                        const auto& d_in) { ops::relu6_backward(b, out[0], d_out[0], d_in[0], Write::overwrite); }}};
  };
  suite.gradient("relu6", relu6_derivatives);
  suite.gradient("sigmoid", detail::unary_derivatives<B>(sigmoid, sigmoid_backward));
  suite.gradient("tanh", detail::unary_derivatives<B>(tanh, tanh_backward));

  // What is composed of other operations: y d_y, and -1/2 y^3 d_y.
  suite.gradient("exp", detail::unary_derivatives<B>([](auto& b, const auto& x, auto& y) { ops::exp(b, x, y); },
                                                     [](auto& b, const auto& y, const auto& d_y, auto& d_x, Write) {
                                                       ops::multiply(b, y, d_y, d_x, Write::overwrite);
                                                     }));
  suite.gradient("rsqrt", [] {
    return std::vector<Derivative<B>>{
        {.inputs = {{"x", {3, 7}, random_positive_values("x", {3, 7})}},
         .outputs = {{"y", {3, 7}}},
         .wrt = {0},
         .forward = [](B& b, const auto& in, const auto& out) { ops::rsqrt(b, in[0], out[0]); },
         .backward =
             [](B& b, const auto&, const auto& out, const auto& d_out, const auto& d_in) {
               b.fill(0, d_in[0]);
               ops::axpy(b, Scalar<B>(-0.5), d_out[0], d_in[0]);
               for (int i = 0; i < 3; ++i) ops::multiply(b, out[0], d_in[0], d_in[0], Write::overwrite);
             }}};
  });

  suite.by_hand("relu_backward: numbers by hand", {{"y", {3}, {0, 0, 2}}, {"d_y", {3}, {5, 6, 7}}}, {{"d_x", {3}, 0}},
                {{0, 0, 7}}, [](B& b, const auto& in, const auto& out) {
                  ops::relu_backward(b, in[0], in[1], out[0], Write::overwrite);
                });
  suite.by_hand("relu6_backward: numbers by hand", {{"y", {4}, {0, 2, 5.5, 6}}, {"d_y", {4}, {5, 6, 7, 8}}},
                {{"d_x", {4}, 0}}, {{0, 6, 7, 0}}, [](B& b, const auto& in, const auto& out) {
                  ops::relu6_backward(b, in[0], in[1], out[0], Write::overwrite);
                });
  suite.by_hand("sigmoid_backward: numbers by hand", {{"y", {2}, {0.5, 0.75}}, {"d_y", {2}, {4, 16}}},
                {{"d_x", {2}, 0}}, {{1, 3}}, [](B& b, const auto& in, const auto& out) {
                  ops::sigmoid_backward(b, in[0], in[1], out[0], Write::overwrite);
                });
  suite.by_hand(
      "tanh_backward: numbers by hand", {{"y", {2}, {0.5, 0}}, {"d_y", {2}, {4, 3}}}, {{"d_x", {2}, 0}}, {{3, 3}},
      [](B& b, const auto& in, const auto& out) { ops::tanh_backward(b, in[0], in[1], out[0], Write::overwrite); });

  const auto prelu_backward_problems = [] {
    Problems<B, R> problems;
    for (const auto& [x, slope] : detail::prelu_sizes) {
      problems
          .add({{"x", x, random_values("x", x)},
                {"slope", slope, random_values("slope", slope)},
                {"d_y", x, random_values("d_y", x)}},
               {{"d_x", x, 0}, {"d_slope", slope, 1}}, x.size() / slope.size(),
               [](auto& b, const auto& in, const auto& out, const Writes& write) {
                 ops::prelu_backward(b, in[0], in[1], in[2], out[0], write[0], out[1], write[1]);
               })
          .aliases = {{2, 0}};
    }
    return problems;
  };
  suite.operation("prelu_backward", prelu_backward_problems);
  suite.in_place("prelu_backward", prelu_backward_problems);
  suite.by_hand("prelu_backward: numbers by hand",
                {{"x", {2, 2}, {-2, -4, 3, -8}}, {"slope", {2}, {0.5, 0.25}}, {"d_y", {2, 2}, {1, 2, 3, 4}}},
                {{"d_x", {2, 2}, 0}, {"d_slope", {2}, 1}}, {{0.5, 0.5, 3, 1}, {-2, -40}},
                [](B& b, const auto& in, const auto& out) {
                  ops::prelu_backward(b, in[0], in[1], in[2], out[0], Write::overwrite, out[1], Write::overwrite);
                });
  suite.by_hand("prelu_backward: a shared slope by hand",
                {{"x", {2, 2}, {-2, -4, 3, -8}}, {"slope", {1}, {0.5}}, {"d_y", {2, 2}, {1, 2, 3, 4}}},
                {{"d_x", {2, 2}, 0}, {"d_slope", {1}, 1}}, {{0.5, 1, 3, 2}, {-42}},
                [](B& b, const auto& in, const auto& out) {
                  ops::prelu_backward(b, in[0], in[1], in[2], out[0], Write::overwrite, out[1], Write::overwrite);
                });
  suite.gradient("prelu", [] {
    std::vector<Derivative<B>> derivatives;
    for (const Shape& slope : {Shape{1}, Shape{3}}) {
      const Shape x{2, 5, 1, 3};
      derivatives.push_back(
          {.inputs = {{"x", x, random_distinct_values("x", x)}, {"slope", slope, random_values("slope", slope)}},
           .outputs = {{"y", x}},
           .wrt = {0, 1},
           .forward = [](B& b, const auto& in, const auto& out) { ops::prelu(b, in[0], in[1], out[0]); },
           .backward =
               [](B& b, const auto& in, const auto&, const auto& d_out, const auto& d_in) {
                 ops::prelu_backward(b, in[0], in[1], d_out[0], d_in[0], Write::overwrite, d_in[1], Write::overwrite);
               }});
    }
    return derivatives;
  });
}

}  // namespace saccade::testing
