#pragma once

#include <saccade/ops/linear.hpp>
#include <saccade/testing/suite.hpp>

namespace saccade::inline SACCADE_NAMESPACE::testing {

namespace detail {
struct LinearSize {
  Index m, k, n;
};
/// Empty batches, single numbers, primes, and one that fills blocks and threads and leaves remainders.
inline constexpr LinearSize linear_sizes[] = {{0, 3, 2}, {1, 1, 1}, {1, 7, 5}, {3, 5, 4}, {13, 1, 11}, {67, 131, 37}};
inline constexpr LinearSize small_linear_sizes[] = {{1, 1, 1}, {3, 5, 4}, {2, 7, 3}};

inline const Shape bias_shapes[] = {{3}, {0, 4}, {1, 1}, {5, 7}, {2, 3, 5, 11}, {3, 17, 13, 64}};
}  // namespace detail

template <class B, class R>
void add_linear_cases(Suite<B, R>& suite) {
  suite.operation("linear", [] {
    Problems<B, R> problems;
    for (const auto& [m, k, n] : detail::linear_sizes) {
      const Shape x{m, k}, w{n, k}, y{m, n};
      problems.add({{"x", x, random_values("x", x)}, {"w", w, random_values("w", w)}}, {{"y", y, 0}}, k,
                   [](auto& b, const auto& in, const auto& out, const Writes& write) {
                     ops::linear(b, in[0], in[1], out[0], write[0]);
                   });
    }
    return problems;
  });
  suite.by_hand("linear: numbers by hand", {{"x", {3, 2}, {1, 2, 3, 4, 5, 6}}, {"w", {2, 2}, {1, 10, 100, 1000}}},
                {{"y", {3, 2}, 0}}, {{21, 2100, 43, 4300, 65, 6500}},
                [](B& b, const auto& in, const auto& out) { ops::linear(b, in[0], in[1], out[0], Write::overwrite); });

  suite.operation("add_bias", [] {
    Problems<B, R> problems;
    for (const Shape& y : detail::bias_shapes) {
      const Shape bias{y.last()};
      problems.add({{"bias", bias, random_values("bias", bias)}}, {{"y", y, no_write, random_values("y", y)}}, 1,
                   [](auto& b, const auto& in, const auto& out, const Writes&) { ops::add_bias(b, in[0], out[0]); });
    }
    return problems;
  });
  suite.by_hand("add_bias: numbers by hand", {{"bias", {2}, {10, 20}}}, {{"y", {2, 2}, no_write, {1, 2, 3, 4}}},
                {{11, 22, 13, 24}}, [](B& b, const auto& in, const auto& out) { ops::add_bias(b, in[0], out[0]); });
}

template <class B, class R>
void add_trainable_linear_cases(Suite<B, R>& suite) {
  suite.operation("linear_backward_input", [] {
    Problems<B, R> problems;
    for (const auto& [m, k, n] : detail::linear_sizes) {
      const Shape d_y{m, n}, w{n, k}, d_x{m, k};
      problems.add({{"d_y", d_y, random_values("d_y", d_y)}, {"w", w, random_values("w", w)}}, {{"d_x", d_x, 0}}, n,
                   [](auto& b, const auto& in, const auto& out, const Writes& write) {
                     ops::linear_backward_input(b, in[0], in[1], out[0], write[0]);
                   });
    }
    return problems;
  });
  suite.by_hand("linear_backward_input: numbers by hand", {{"d_y", {1, 2}, {1, 2}}, {"w", {2, 3}, {1, 2, 3, 4, 5, 6}}},
                {{"d_x", {1, 3}, 0}}, {{9, 12, 15}}, [](B& b, const auto& in, const auto& out) {
                  ops::linear_backward_input(b, in[0], in[1], out[0], Write::overwrite);
                });

  suite.operation("linear_backward_weight", [] {
    Problems<B, R> problems;
    for (const auto& [m, k, n] : detail::linear_sizes) {
      const Shape d_y{m, n}, x{m, k}, d_w{n, k};
      problems.add({{"d_y", d_y, random_values("d_y", d_y)}, {"x", x, random_values("x", x)}}, {{"d_w", d_w, 0}}, m,
                   [](auto& b, const auto& in, const auto& out, const Writes& write) {
                     ops::linear_backward_weight(b, in[0], in[1], out[0], write[0]);
                   });
    }
    return problems;
  });
  suite.by_hand("linear_backward_weight: numbers by hand",
                {{"d_y", {2, 2}, {1, 2, 3, 4}}, {"x", {2, 3}, {1, 0, 2, 0, 1, 1}}}, {{"d_w", {2, 3}, 0}},
                {{1, 3, 5, 2, 4, 8}}, [](B& b, const auto& in, const auto& out) {
                  ops::linear_backward_weight(b, in[0], in[1], out[0], Write::overwrite);
                });
  suite.by_hand("linear_backward_weight: an empty batch overwrites with 0", {{"d_y", {0, 1}, {}}, {"x", {0, 2}, {}}},
                {{"d_w", {1, 2}, 0}}, {{0, 0}}, [](B& b, const auto& in, const auto& out) {
                  ops::linear_backward_weight(b, in[0], in[1], out[0], Write::overwrite);
                });

  suite.operation("add_bias_backward", [] {
    Problems<B, R> problems;
    for (const Shape& d_y : detail::bias_shapes) {
      const Shape d_bias{d_y.last()};
      problems.add({{"d_y", d_y, random_values("d_y", d_y)}}, {{"d_bias", d_bias, 0}}, d_y.size() / d_y.last(),
                   [](auto& b, const auto& in, const auto& out, const Writes& write) {
                     ops::add_bias_backward(b, in[0], out[0], write[0]);
                   });
    }
    return problems;
  });
  suite.by_hand(
      "add_bias_backward: numbers by hand", {{"d_y", {2, 1, 2}, {1, 2, 3, 4}}}, {{"d_bias", {2}, 0}}, {{4, 6}},
      [](B& b, const auto& in, const auto& out) { ops::add_bias_backward(b, in[0], out[0], Write::overwrite); });

  const auto linear_derivatives = [] {
    std::vector<Derivative<B>> derivatives;
    for (const auto& [m, k, n] : detail::small_linear_sizes) {
      const Shape x{m, k}, w{n, k};
      derivatives.push_back({.inputs = {{"x", x, random_values("x", x)}, {"w", w, random_values("w", w)}},
                             .outputs = {{"y", {m, n}, 0}},
                             .wrt = {0, 1},
                             .linear_in = {0, 1},
                             .forward = [](B& b, const auto& in,
                                           const auto& out) { ops::linear(b, in[0], in[1], out[0], Write::overwrite); },
                             .backward =
                                 [](B& b, const auto& in, const auto&, const auto& d_out, const auto& d_in) {
                                   ops::linear_backward_input(b, d_out[0], in[1], d_in[0], Write::overwrite);
                                   ops::linear_backward_weight(b, d_out[0], in[0], d_in[1], Write::overwrite);
                                 }});
    }
    return derivatives;
  };
  suite.adjoint("linear", linear_derivatives);
  suite.gradient("linear", linear_derivatives);
  const auto add_bias_derivatives = [] {
    return std::vector<Derivative<B>>{
        {.inputs = {{"bias", {5}, random_values("bias", {5})}},
         .outputs = {{"y", {2, 3, 1, 5}, no_write, std::vector<double>(30)}},
         .wrt = {0},
         .linear_in = {0},
         .forward = [](B& b, const auto& in, const auto& out) { ops::add_bias(b, in[0], out[0]); },
         .backward = [](B& b, const auto&, const auto&, const auto& d_out,
                        const auto& d_in) { ops::add_bias_backward(b, d_out[0], d_in[0], Write::overwrite); }}};
  };
  suite.adjoint("add_bias", add_bias_derivatives);
  suite.gradient("add_bias", add_bias_derivatives);
}

}  // namespace saccade::testing
