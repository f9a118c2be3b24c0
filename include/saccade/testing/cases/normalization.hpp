#pragma once

#include <saccade/ops/normalization.hpp>
#include <saccade/testing/suite.hpp>

namespace saccade::inline SACCADE_NAMESPACE::testing {

namespace detail {
inline const Shape batch_norm_shapes[] = {{4, 3}, {1, 1}, {5, 1, 1, 7}, {2, 3, 5, 4}, {3, 11, 13, 64}};

struct GroupNormSize {
  Shape x;
  Index groups;
};
inline const GroupNormSize group_norm_sizes[] = {{{0, 2, 3, 4}, 2}, {{1, 1, 1, 2}, 1}, {{2, 3, 4, 6}, 3},
                                                 {{3, 5, 2, 4}, 4}, {{2, 1, 7, 5}, 1}, {{2, 11, 9, 32}, 8}};
inline const GroupNormSize small_group_norm_sizes[] = {{{2, 2, 3, 4}, 2}, {{1, 3, 2, 3}, 1}, {{2, 2, 2, 2}, 2}};

inline constexpr double norm_epsilon = 1e-3;

/// x, gamma and beta.
[[nodiscard]] inline std::vector<Operand> norm_operands(const Shape& x) {
  const Shape c{x.last()};
  return {
      {"x", x, random_values("x", x)}, {"gamma", c, random_values("gamma", c)}, {"beta", c, random_values("beta", c)}};
}

template <class B, class R>
[[nodiscard]] Problems<B, R> batch_norm_train_problems() {
  Problems<B, R> problems;
  for (const Shape& x : batch_norm_shapes) {
    const Shape c{x.last()};
    problems.add(norm_operands(x),
                 {{"y", x},
                  {"mean", c},
                  {"rstd", c},
                  {"running_mean", c, no_write, random_values("running_mean", c)},
                  {"running_variance", c, no_write, random_positive_values("running_variance", c)}},
                 x.size() / x.last(), [](auto& b, const auto& in, const auto& out, const Writes&) {
                   ops::batch_norm_train(b, in[0], in[1], in[2], {.epsilon = norm_epsilon, .momentum = 0.125}, out[3],
                                         out[4], out[0], out[1], out[2]);
                 });
  }
  return problems;
}

template <class B, class R>
[[nodiscard]] Problems<B, R> group_norm_problems() {
  Problems<B, R> problems;
  for (const auto& [x, groups] : group_norm_sizes) {
    const Shape statistics{x[0], groups};
    problems.add(norm_operands(x), {{"y", x}, {"mean", statistics}, {"rstd", statistics}}, x[1] * x[2] * x[3] / groups,
                 [groups = groups](auto& b, const auto& in, const auto& out, const Writes&) {
                   ops::group_norm(b, in[0], in[1], in[2], groups, norm_epsilon, out[0], out[1], out[2]);
                 });
  }
  return problems;
}

/// d_y, x, gamma and the statistics that `forward` saves.
template <class B, class R>
[[nodiscard]] std::vector<Operand> norm_backward_operands(const Problem<B, R>& forward) {
  const std::vector<std::vector<double>> saved = reference_outputs(forward);
  const Operand& x = forward.inputs[0];
  return {{"d_y", x.shape, random_values("d_y", x.shape)},
          x,
          forward.inputs[1],
          {"mean", forward.outputs[1].shape, saved[1]},
          {"rstd", forward.outputs[2].shape, saved[2]}};
}

template <class B, class R>
[[nodiscard]] Problems<B, R> batch_norm_backward_problems() {
  Problems<B, R> problems;
  for (const Problem<B, R>& forward : batch_norm_train_problems<B, R>()) {
    const Shape x = forward.inputs[0].shape, c{x.last()};
    problems
        .add(norm_backward_operands(forward), {{"d_x", x, 0}, {"d_gamma", c, 1}, {"d_beta", c, 1}}, x.size() / x.last(),
             [](auto& b, const auto& in, const auto& out, const Writes& write) {
               ops::batch_norm_backward(b, in[0], in[1], in[2], in[3], in[4], out[0], write[0], out[1], out[2],
                                        write[1]);
             })
        .aliases = {{0, 0}};
  }
  return problems;
}
}  // namespace detail

template <class B, class R>
void add_normalization_cases(Suite<B, R>& suite) {
  suite.operation("batch_norm_infer", [] {
    Problems<B, R> problems;
    for (const Shape& x : detail::batch_norm_shapes) {
      const Shape c{x.last()};
      std::vector<Operand> inputs = detail::norm_operands(x);
      inputs.push_back({"running_mean", c, random_values("running_mean", c)});
      inputs.push_back({"running_variance", c, random_positive_values("running_variance", c)});
      problems.add(inputs, {{"y", x}}, 1, [](auto& b, const auto& in, const auto& out, const Writes&) {
        ops::batch_norm_infer(b, in[0], in[1], in[2], in[3], in[4], detail::norm_epsilon, out[0]);
      });
    }
    return problems;
  });
  suite.by_hand("batch_norm_infer: numbers by hand",
                {{"x", {2, 2}, {3, 10, 5, 20}},
                 {"gamma", {2}, {2, 4}},
                 {"beta", {2}, {5, -1}},
                 {"running_mean", {2}, {1, 0}},
                 {"running_variance", {2}, {3, 15}}},
                {{"y", {2, 2}}}, {{7, 9, 9, 19}}, [](B& b, const auto& in, const auto& out) {
                  ops::batch_norm_infer(b, in[0], in[1], in[2], in[3], in[4], 1.0, out[0]);
                });

  suite.operation("group_norm", [] { return detail::group_norm_problems<B, R>(); });
  // Group 0 holds 1, 3, 5, 7: mean 4, variance 5, and with epsilon = 4 rstd is 1/3. Group 1 is the same around 14.
  suite.by_hand(
      "group_norm: numbers by hand",
      {{"x", {1, 1, 2, 4}, {1, 3, 15, 11, 5, 7, 17, 13}}, {"gamma", {4}, {3, 3, 6, 6}}, {"beta", {4}, {0, 1, 2, 3}}},
      {{"y", {1, 1, 2, 4}}, {"mean", {1, 2}}, {"rstd", {1, 2}}},
      {{-3, 0, 4, -3, 1, 4, 8, 1}, {4, 14}, {1.0 / 3, 1.0 / 3}}, [](B& b, const auto& in, const auto& out) {
        ops::group_norm(b, in[0], in[1], in[2], 2, 4.0, out[0], out[1], out[2]);
      });
}

template <class B, class R>
void add_trainable_normalization_cases(Suite<B, R>& suite) {
  suite.operation("batch_norm_train", [] { return detail::batch_norm_train_problems<B, R>(); });
  // 1, 3, 5, 7: mean 4, variance 5 (biased) and 20/3 (unbiased); epsilon = 4, so rstd is 1/3.
  suite.by_hand("batch_norm_train: numbers by hand",
                {{"x", {4, 1}, {1, 3, 5, 7}}, {"gamma", {1}, {3}}, {"beta", {1}, {1}}},
                {{"running_mean", {1}, no_write, {8}},
                 {"running_variance", {1}, no_write, {4}},
                 {"y", {4, 1}},
                 {"mean", {1}},
                 {"rstd", {1}}},
                {{7}, {3 + 5.0 / 3}, {-2, 0, 2, 4}, {4}, {1.0 / 3}}, [](B& b, const auto& in, const auto& out) {
                  ops::batch_norm_train(b, in[0], in[1], in[2], {.epsilon = 4, .momentum = 0.25}, out[0], out[1],
                                        out[2], out[3], out[4]);
                });
  suite.by_hand("batch_norm_train: a single value by hand",
                {{"x", {1, 1}, {5}}, {"gamma", {1}, {3}}, {"beta", {1}, {2}}},
                {{"running_mean", {1}, no_write, {1}},
                 {"running_variance", {1}, no_write, {4}},
                 {"y", {1, 1}},
                 {"mean", {1}},
                 {"rstd", {1}}},
                {{2}, {3}, {2}, {5}, {0.5}}, [](B& b, const auto& in, const auto& out) {
                  ops::batch_norm_train(b, in[0], in[1], in[2], {.epsilon = 4, .momentum = 0.25}, out[0], out[1],
                                        out[2], out[3], out[4]);
                });
  suite.add("batch_norm_train: an empty batch leaves the running statistics alone", [](B& b, Report& report) {
    const Tensor<B> x = b.zeros({0, 2, 2, 1}), gamma = b.zeros({1}), beta = b.zeros({1});
    Tensor<B> running_mean = make_tensor_of(b, {1}, {3}), running_variance = make_tensor_of(b, {1}, {4});
    Tensor<B> y = b.zeros({0, 2, 2, 1}), mean = b.zeros({1}), rstd = b.zeros({1});
    ops::batch_norm_train(b, x, gamma, beta, BatchNormHyper{}, running_mean, running_variance, y, mean, rstd);
    expect_values(report, "empty batch", "running_mean", values_of(b, running_mean), {3}, 0);
    expect_values(report, "empty batch", "running_variance", values_of(b, running_variance), {4}, 0);
  });
  // In single precision the mean of the squares, 10^6, would swallow the variance, 1.
  suite.add("batch_norm_train: a mean much larger than the deviation", [](B& b, Report& report) {
    std::vector<double> values(512), expected(512);
    for (std::size_t i = 0; i < values.size(); ++i) expected[i] = i % 2 == 0 ? -1 : 1;
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = 1000 + expected[i];
    const Tensor<B> x = make_tensor_of(b, {512, 1}, values), gamma = make_tensor_of(b, {1}, {1}), beta = b.zeros({1});
    Tensor<B> running_mean = b.zeros({1}), running_variance = b.zeros({1});
    Tensor<B> y = b.zeros({512, 1}), mean = b.zeros({1}), rstd = b.zeros({1});
    ops::batch_norm_train(b, x, gamma, beta, BatchNormHyper{}, running_mean, running_variance, y, mean, rstd);
    expect_values(report, "1000 +- 1", "y", values_of(b, y), expected, 2e-3);
  });

  suite.operation("batch_norm_backward", [] { return detail::batch_norm_backward_problems<B, R>(); });
  suite.in_place("batch_norm_backward", [] { return detail::batch_norm_backward_problems<B, R>(); });
  suite.by_hand(
      "batch_norm_backward: numbers by hand",
      {{"d_y", {2, 1}, {1, 0}}, {"x", {2, 1}, {1, 3}}, {"gamma", {1}, {2}}, {"mean", {1}, {2}}, {"rstd", {1}, {0.5}}},
      {{"d_x", {2, 1}, 0}, {"d_gamma", {1}, 1}, {"d_beta", {1}, 1}}, {{0.375, -0.375}, {-0.5}, {1}},
      [](B& b, const auto& in, const auto& out) {
        ops::batch_norm_backward(b, in[0], in[1], in[2], in[3], in[4], out[0], Write::overwrite, out[1], out[2],
                                 Write::overwrite);
      });
  suite.add("batch_norm_backward: an empty batch overwrites with 0", [](B& b, Report& report) {
    const Tensor<B> x = b.zeros({0, 3}), c = b.zeros({3});
    Tensor<B> d_x = b.zeros({0, 3}), d_gamma = b.zeros({3}), d_beta = b.zeros({3});
    b.fill(Scalar<B>(7), d_gamma);
    b.fill(Scalar<B>(7), d_beta);
    ops::batch_norm_backward(b, x, x, c, c, c, d_x, Write::overwrite, d_gamma, d_beta, Write::overwrite);
    expect_values(report, "empty batch", "d_gamma", values_of(b, d_gamma), {0, 0, 0}, 0);
    expect_values(report, "empty batch", "d_beta", values_of(b, d_beta), {0, 0, 0}, 0);
  });

  suite.operation("group_norm_backward", [] {
    Problems<B, R> problems;
    for (const Problem<B, R>& forward : detail::group_norm_problems<B, R>()) {
      const Shape x = forward.inputs[0].shape, c{x.last()};
      // The parameters' gradients sum over the batch, the input's over a group.
      problems.add(
          detail::norm_backward_operands(forward), {{"d_x", x, 0}, {"d_gamma", c, 1}, {"d_beta", c, 1}}, x.size(),
          [groups = forward.outputs[1].shape[1]](auto& b, const auto& in, const auto& out, const Writes& write) {
            ops::group_norm_backward(b, in[0], in[1], in[2], groups, in[3], in[4], out[0], write[0], out[1], out[2],
                                     write[1]);
          });
    }
    return problems;
  });

  suite.gradient("batch_norm_train", [] {
    std::vector<Derivative<B>> derivatives;
    for (const Shape& x : {Shape{5, 2}, Shape{2, 2, 3, 3}}) {
      const Shape c{x.last()};
      derivatives.push_back(
          {.inputs = detail::norm_operands(x),
           .outputs = {{"y", x},
                       {"mean", c},
                       {"rstd", c},
                       {"running_mean", c, no_write, random_values("running_mean", c)},
                       {"running_variance", c, no_write, random_positive_values("running_variance", c)}},
           .wrt = {0, 1, 2},
           .forward =
               [](B& b, const auto& in, const auto& out) {
                 ops::batch_norm_train(b, in[0], in[1], in[2], {.epsilon = detail::norm_epsilon, .momentum = 0.125},
                                       out[3], out[4], out[0], out[1], out[2]);
               },
           .backward =
               [](B& b, const auto& in, const auto& out, const auto& d_out, const auto& d_in) {
                 ops::batch_norm_backward(b, d_out[0], in[0], in[1], out[1], out[2], d_in[0], Write::overwrite, d_in[1],
                                          d_in[2], Write::overwrite);
               }});
    }
    return derivatives;
  });
  suite.gradient("group_norm", [] {
    std::vector<Derivative<B>> derivatives;
    for (const auto& [x, groups] : detail::small_group_norm_sizes) {
      const Shape statistics{x[0], groups};
      derivatives.push_back(
          {.inputs = detail::norm_operands(x),
           .outputs = {{"y", x}, {"mean", statistics}, {"rstd", statistics}},
           .wrt = {0, 1, 2},
           .forward =
               [groups = groups](B& b, const auto& in, const auto& out) {
                 ops::group_norm(b, in[0], in[1], in[2], groups, detail::norm_epsilon, out[0], out[1], out[2]);
               },
           .backward =
               [groups = groups](B& b, const auto& in, const auto& out, const auto& d_out, const auto& d_in) {
                 ops::group_norm_backward(b, d_out[0], in[0], in[1], groups, out[1], out[2], d_in[0], Write::overwrite,
                                          d_in[1], d_in[2], Write::overwrite);
               }});
    }
    return derivatives;
  });
}

}  // namespace saccade::testing
