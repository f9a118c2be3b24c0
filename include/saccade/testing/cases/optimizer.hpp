#pragma once

#include <saccade/math/optimizer.hpp>
#include <saccade/ops/memory.hpp>
#include <saccade/ops/optimizer.hpp>
#include <saccade/testing/suite.hpp>

#include <array>
#include <limits>
#include <string>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::testing {

namespace detail {
inline const Shape parameter_shapes[] = {{0}, {1}, {7}, {3, 5}, {3, 411}, {64, 288}};

/// Infinite of both signs, and NaN.
inline const double not_finite[] = {std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(),
                                    std::numeric_limits<double>::quiet_NaN()};

/// Of the second step of Adam, in the order of AdamHyper.
[[nodiscard]] inline std::vector<double> adam_hyper(double learning_rate, double weight_decay = 0) {
  return {learning_rate, 0.9, 0.999, 1e-8, 1 - 0.9 * 0.9, 1 - 0.999 * 0.999, 2, weight_decay};
}

/// Parameters of all shapes with their gradients and moments, by turns under three sets of hyperparameters.
template <class B>
class Terms {
 public:
  Terms(const Terms&) = delete;
  Terms& operator=(const Terms&) = delete;

  explicit Terms(B& b)
      : hypers_{make_tensor_of(b, {AdamHyper::count}, adam_hyper(0.01)),
                make_tensor_of(b, {AdamHyper::count}, adam_hyper(0.5)),
                make_tensor_of(b, {AdamHyper::count}, adam_hyper(0.1, 0.25))} {
    for (const Shape& shape : parameter_shapes) {
      tensors_.push_back({make_tensor_of(b, shape, random_values("g", shape)),
                          make_tensor_of(b, shape, random_values("p", shape)),
                          make_tensor_of(b, shape, random_values("m", shape)),
                          make_tensor_of(b, shape, random_positive_values("v", shape))});
    }
    for (std::size_t i = 0; i < tensors_.size(); ++i) {
      auto& [g, p, m, v] = tensors_[i];
      terms_.push_back({&g, &p, &m, &v, &hypers_[i % 3]});
    }
  }

  [[nodiscard]] const std::vector<ParameterTerm<B>>& all() const { return terms_; }

  /// Every number of every tensor.
  [[nodiscard]] std::vector<double> values(B& b) const {
    std::vector<double> all;
    for (const auto& four : tensors_) {
      for (const Tensor<B>& tensor : four) {
        const std::vector<double> some = values_of(b, tensor);
        all.insert(all.end(), some.begin(), some.end());
      }
    }
    return all;
  }

 private:
  std::array<Tensor<B>, 3> hypers_;
  std::vector<std::array<Tensor<B>, 4>> tensors_;
  std::vector<ParameterTerm<B>> terms_;
};
}  // namespace detail

/// Cases of a backend that counts Adam's steps.
template <class B, class R>
void add_advance_cases(Suite<B, R>& suite) {
  if constexpr (ops::AdamAdvance<B>) {
    // beta1 = 1/2, beta2 = 3/4: after steps 1, 2 and 3 the corrections are 1/2, 3/4, 7/8 and 1/4, 7/16, 37/64.
    suite.add("advance_adam: numbers by hand", [](B& b, Report& report) {
      Tensor<B> hyper = make_tensor_of(b, {AdamHyper::count}, {0.25, 0.5, 0.75, 8, 0, 0, 0, 0.125});
      const double corrections[3][2] = {{0.5, 0.25}, {0.75, 0.4375}, {0.875, 0.578125}};
      for (int step = 1; step <= 3; ++step) {
        ops::advance_adam(b, hyper);
        expect_values(
            report, "step " + std::to_string(step), "hyper", values_of(b, hyper),
            {0.25, 0.5, 0.75, 8, corrections[step - 1][0], corrections[step - 1][1], static_cast<double>(step), 0.125},
            0);
      }
    });
    suite.add("advance_adam: has the bits of math::advance_adam", [](B& b, Report& report) {
      for (const double step : {0.0, 1.0, 6.0, 1023.0, 123456.0, 10000000.0}) {
        std::vector<Scalar<B>> expected;
        for (const double value : {0.01, 0.9, 0.999, 1e-8, 0.5, 0.5, step, 0.125})
          expected.push_back(static_cast<Scalar<B>>(value));
        Tensor<B> hyper = make_tensor(b, {AdamHyper::count}, std::span<const Scalar<B>>(expected));
        ops::advance_adam(b, hyper);
        math::advance_adam(expected.data());
        expect_same_bits(report, "step " + number_text(step), "hyper", values_of(b, hyper),
                         std::vector<double>(expected.begin(), expected.end()));
      }
    });
  }
  if constexpr (requires { &B::advance_adam; } && !ops::AdamAdvance<B>) {
    suite.add("advance_adam: as it is called", [](B&, Report& report) {
      report.fail(
          "the backend has an advance_adam that is never called: ops::AdamAdvance asks for the argument list in "
          "saccade/ops/optimizer.hpp");
    });
  }
}

/// Cases of a backend that treats all parameters at once: against a loop over them.
template <class B, class R>
void add_parameter_list_cases(Suite<B, R>& suite) {
  if constexpr (ops::FusedOptimizer<B>) {
    suite.add("parameter list: fused agrees with composed", [epsilon = suite.options().epsilon](B& b, Report& report) {
      const detail::Terms<B> fused(b), composed(b);
      auto list = ops::make_parameter_list(b, std::span<const ParameterTerm<B>>(fused.all()));
      const Tensor<B> scale = make_tensor_of(b, {1}, {0.75});
      Tensor<B> sum = make_tensor_of(b, {1}, {std::numeric_limits<double>::quiet_NaN()}), expected = b.zeros({1});
      Index count = 0;
      for (int step = 0; step < 3; ++step) {
        ops::sum_of_squares(b, list, sum);
        ops::fill(b, Scalar<B>(0), expected);
        for (const ParameterTerm<B>& term : composed.all()) {
          ops::sum_of_squares(b, *term.gradient, expected, Write::accumulate);
          count += b.shape(*term.gradient).size();
        }
        const std::vector<double> squares = values_of(b, expected);
        expect_values(report, "all parameters", "sum", values_of(b, sum), squares,
                      sum_tolerance(epsilon, count, largest(squares)));
        ops::adam_step(b, list, scale);
        for (const ParameterTerm<B>& term : composed.all())
          ops::adam_step(b, *term.gradient, scale, *term.hyper, *term.parameter, *term.first, *term.second);
        const std::vector<double> values = composed.values(b);
        expect_values(report, "step " + std::to_string(step), "g, p, m, v", fused.values(b), values,
                      sum_tolerance(epsilon, 1, largest(values)));
      }
      ops::zero_gradients(b, list);
      for (const ParameterTerm<B>& term : composed.all()) ops::fill(b, Scalar<B>(0), *term.gradient);
      expect_values(report, "after zero_gradients", "g, p, m, v", fused.values(b), composed.values(b),
                    sum_tolerance(epsilon, 1, largest(composed.values(b))));
    });
    suite.add("parameter list: a scale that is not finite changes nothing", [](B& b, Report& report) {
      for (const double factor : detail::not_finite) {
        const detail::Terms<B> terms(b);
        const std::vector<double> before = terms.values(b);
        auto list = ops::make_parameter_list(b, std::span<const ParameterTerm<B>>(terms.all()));
        const Tensor<B> scale = make_tensor_of(b, {1}, {factor});
        ops::adam_step(b, list, scale);
        expect_same_bits(report, "scale " + number_text(factor), "g, p, m, v", terms.values(b), before);
      }
    });
    suite.add("parameter list: may be empty", [](B& b, Report& report) {
      auto list = ops::make_parameter_list(b, std::span<const ParameterTerm<B>>());
      Tensor<B> sum = make_tensor_of(b, {1}, {7});
      ops::zero_gradients(b, list);
      ops::sum_of_squares(b, list, sum);
      ops::adam_step(b, list, sum);
      expect_values(report, "no parameters", "sum", values_of(b, sum), {0}, 0);
    });
  }
  if constexpr (requires { &B::make_parameter_list; } && !ops::FusedOptimizer<B>) {
    suite.add("parameter list: all of its operations or none", [](B&, Report& report) {
      report.fail(
          "the backend has a make_parameter_list that is never called: ops::FusedOptimizer asks for all that is "
          "listed in saccade/ops/optimizer.hpp");
    });
  }
}

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

  suite.add("clip_scale: of a sum that is not finite it is NaN", [](B& b, Report& report) {
    for (const double sum : detail::not_finite) {
      for (const double max_norm : {2.0, std::numeric_limits<double>::infinity()}) {
        const Tensor<B> squares = make_tensor_of(b, {1}, {sum});
        Tensor<B> scale = b.zeros({1});
        ops::clip_scale(b, squares, static_cast<Scalar<B>>(max_norm), scale);
        const double value = values_of(b, scale)[0];
        report.expect(std::isnan(value), "scale is " + number_text(value) + ", but must be nan (the sum is " +
                                             number_text(sum) + ", max_norm " + number_text(max_norm) + ")");
      }
    }
  });
  suite.by_hand("clip_scale: nothing is longer than infinity", {{"sum", {1}, {1e6}}}, {{"scale", {1}}}, {{1}},
                [](B& b, const auto& in, const auto& out) {
                  ops::clip_scale(b, in[0], std::numeric_limits<Scalar<B>>::infinity(), out[0]);
                });

  suite.add("mark_not_finite: marks what is not finite, in every place, and nothing else", [](B& b, Report& report) {
    for (const Shape& shape : {Shape{3, 701}, Shape{2, 5, 3, 7}}) {
      const std::vector<double> values = random_values("x", shape);
      const auto marked = [&](const std::vector<double>& numbers) {
        Tensor<B> x = make_operand(b, "x", shape), mark = make_tensor_of(b, {1}, {7});
        put_values(b, numbers, x);
        ops::mark_not_finite(b, x, mark);
        return values_of(b, mark)[0];
      };
      const double untouched = marked(values);
      report.expect(untouched == 7, "mark is " + number_text(untouched) + ", but must still be 7: all is finite");
      for (const std::size_t place : {std::size_t{0}, values.size() / 2, values.size() - 1}) {
        for (const double value : detail::not_finite) {
          std::vector<double> numbers = values;
          numbers[place] = value;
          const double mark = marked(numbers);
          report.expect(std::isnan(mark), "mark is " + number_text(mark) + ", but must be nan: x[" +
                                              std::to_string(place) + "] is " + number_text(value));
        }
      }
    }
  });
  suite.add("mark_not_finite: a mark stays, and an empty tensor makes none", [](B& b, Report& report) {
    Tensor<B> mark = make_tensor_of(b, {1}, {std::numeric_limits<double>::quiet_NaN()});
    ops::mark_not_finite(b, make_tensor_of(b, {2}, {1, 2}), mark);
    report.expect(std::isnan(values_of(b, mark)[0]), "a mark is gone after a tensor that is finite");
    Tensor<B> empty = make_tensor_of(b, {1}, {7});
    ops::mark_not_finite(b, b.zeros({0, 3}), empty);
    report.expect(values_of(b, empty)[0] == 7, "an empty tensor has marked something");
  });

  suite.operation("adam_step", [] {
    Problems<B, R> problems;
    for (const Shape& shape : detail::parameter_shapes) {
      problems.add({{"g", shape, random_values("g", shape)},
                    {"scale", {1}, {0.75}},
                    {"hyper", {AdamHyper::count}, detail::adam_hyper(0.01, 0.25)}},
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
      {{"g", {1}, {2}}, {"scale", {1}, {0.5}}, {"hyper", {AdamHyper::count}, {0.5, 0.5, 0.75, 5, 0.5, 0.25, 1, 0}}},
      {{"p", {1}, no_write, {1}}, {"m", {1}, no_write, {4}}, {"v", {1}, no_write, {8}}}, {{0.75}, {2.5}, {6.25}},
      [](B& b, const auto& in, const auto& out) { ops::adam_step(b, in[0], in[1], in[2], out[0], out[1], out[2]); });
  // The same step, and 1/4 of p with it: p = 1 - 1/2 (1/2 + 1/4). The moments do not know of the decay.
  suite.by_hand(
      "adam_step: weight decay by hand",
      {{"g", {1}, {2}}, {"scale", {1}, {0.5}}, {"hyper", {AdamHyper::count}, {0.5, 0.5, 0.75, 5, 0.5, 0.25, 1, 0.25}}},
      {{"p", {1}, no_write, {1}}, {"m", {1}, no_write, {4}}, {"v", {1}, no_write, {8}}}, {{0.625}, {2.5}, {6.25}},
      [](B& b, const auto& in, const auto& out) { ops::adam_step(b, in[0], in[1], in[2], out[0], out[1], out[2]); });
  suite.add("adam_step: a scale that is not finite changes nothing", [](B& b, Report& report) {
    for (const double factor : detail::not_finite) {
      const detail::Terms<B> terms(b);
      const std::vector<double> before = terms.values(b);
      const Tensor<B> scale = make_tensor_of(b, {1}, {factor});
      const Tensor<B> hyper = make_tensor_of(b, {AdamHyper::count}, detail::adam_hyper(0.01));
      for (const ParameterTerm<B>& term : terms.all())
        ops::adam_step(b, *term.gradient, scale, hyper, *term.parameter, *term.first, *term.second);
      expect_same_bits(report, "scale " + number_text(factor), "g, p, m, v", terms.values(b), before);
    }
  });
  add_advance_cases(suite);
  add_parameter_list_cases(suite);
}

}  // namespace saccade::testing
