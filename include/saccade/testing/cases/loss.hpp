#pragma once

#include <saccade/ops/loss.hpp>
#include <saccade/testing/suite.hpp>

namespace saccade::inline SACCADE_NAMESPACE::testing {

namespace detail {
inline const Shape score_shapes[] = {{0, 3}, {1, 1}, {1, 2}, {5, 2}, {3, 7}, {67, 11}};

/// Scores or logits (B, K) and labels (B).
[[nodiscard]] inline std::vector<Operand> loss_operands(const std::string& name, const Shape& shape) {
  const Shape batch{shape[0]};
  return {{name, shape, random_values(name, shape)}, {"labels", batch, random_indices("labels", batch, shape[1])}};
}
}  // namespace detail

template <class B, class R>
void add_loss_cases(Suite<B, R>& suite) {
  suite.operation("softmax", [] {
    Problems<B, R> problems;
    for (const Shape& shape : detail::score_shapes) {
      problems.add({{"logits", shape, random_values("logits", shape)}}, {{"probabilities", shape}}, shape[1],
                   [](auto& b, const auto& in, const auto& out, const Writes&) { ops::softmax(b, in[0], out[0]); });
    }
    return problems;
  });
  const double ln3 = std::log(3.0);
  suite.by_hand("softmax: numbers by hand, and no overflow",
                {{"logits", {5, 2}, {0, ln3, 1000, 1000, -1000, -1000, 1000, 0, -1000, 0}}},
                {{"probabilities", {5, 2}}}, {{0.25, 0.75, 0.5, 0.5, 0.5, 0.5, 1, 0, 0, 1}},
                [](B& b, const auto& in, const auto& out) { ops::softmax(b, in[0], out[0]); });

  suite.operation("softmax_cross_entropy", [] {
    Problems<B, R> problems;
    for (const Shape& shape : detail::score_shapes) {
      problems.add(detail::loss_operands("logits", shape), {{"probabilities", shape}, {"loss", {shape[0]}}}, shape[1],
                   [](auto& b, const auto& in, const auto& out, const Writes&) {
                     ops::softmax_cross_entropy(b, in[0], in[1], out[0], out[1]);
                   });
    }
    return problems;
  });
  suite.by_hand(
      "softmax_cross_entropy: numbers by hand, finite where the probability is not",
      {{"logits", {4, 2}, {0, ln3, 0, ln3, 1000, 0, 1000, 0}}, {"labels", {4}, {0, 1, 0, 1}}},
      {{"probabilities", {4, 2}}, {"loss", {4}}},
      {{0.25, 0.75, 0.25, 0.75, 1, 0, 1, 0}, {1.3862943611198906, 0.2876820724517809, 0, 1000}},
      [](B& b, const auto& in, const auto& out) { ops::softmax_cross_entropy(b, in[0], in[1], out[0], out[1]); });

  suite.operation("most_probable", [] {
    Problems<B, R> problems;
    for (const Shape& shape : detail::score_shapes) {
      problems.add(
          {{"scores", shape, random_indices("scores", shape, 4)}}, {{"classes", {shape[0]}}}, 1,
          [](auto& b, const auto& in, const auto& out, const Writes&) { ops::most_probable(b, in[0], out[0]); });
    }
    return problems;
  });
  suite.by_hand("most_probable: the first of the largest, by hand",
                {{"scores", {3, 3}, {1, 3, 3, -5, -5, -5, 0, -1, 2}}}, {{"classes", {3}}}, {{1, 0, 2}},
                [](B& b, const auto& in, const auto& out) { ops::most_probable(b, in[0], out[0]); });

  suite.operation("correct", [] {
    Problems<B, R> problems;
    for (const Shape& shape : {Shape{0}, Shape{1}, Shape{67}}) {
      problems.add({{"classes", shape, random_indices("classes", shape, 3)},
                    {"labels", shape, random_indices("labels", shape, 3)}},
                   {{"y", shape}}, 1, [](auto& b, const auto& in, const auto& out, const Writes&) {
                     ops::correct(b, in[0], in[1], out[0]);
                   });
    }
    return problems;
  });
  suite.by_hand("correct: numbers by hand", {{"classes", {3}, {1, 2, 0}}, {"labels", {3}, {1, 0, 0}}}, {{"y", {3}}},
                {{1, 0, 1}}, [](B& b, const auto& in, const auto& out) { ops::correct(b, in[0], in[1], out[0]); });
}

template <class B, class R>
void add_trainable_loss_cases(Suite<B, R>& suite) {
  suite.operation("softmax_cross_entropy_backward", [] {
    Problems<B, R> problems;
    for (const Shape& shape : detail::score_shapes) {
      std::vector<Operand> inputs = detail::loss_operands("probabilities", shape);
      inputs[0].values = random_probabilities("probabilities", shape);
      inputs.push_back({"d_loss", {shape[0]}, random_values("d_loss", {shape[0]})});
      problems.add(inputs, {{"d_logits", shape, 0}}, 1,
                   [](auto& b, const auto& in, const auto& out, const Writes& write) {
                     ops::softmax_cross_entropy_backward(b, in[0], in[1], in[2], out[0], write[0]);
                   });
    }
    return problems;
  });
  suite.by_hand("softmax_cross_entropy_backward: numbers by hand",
                {{"probabilities", {2, 2}, {0.25, 0.75, 0.5, 0.5}}, {"labels", {2}, {0, 1}}, {"d_loss", {2}, {2, -1}}},
                {{"d_logits", {2, 2}, 0}}, {{-1.5, 1.5, -0.5, 0.5}}, [](B& b, const auto& in, const auto& out) {
                  ops::softmax_cross_entropy_backward(b, in[0], in[1], in[2], out[0], Write::overwrite);
                });
  suite.gradient("softmax_cross_entropy", [] {
    const Shape shape{4, 3};
    return std::vector<Derivative<B>>{
        {.inputs = detail::loss_operands("logits", shape),
         .outputs = {{"loss", {4}}, {"probabilities", shape}},
         .wrt = {0},
         .forward = [](B& b, const auto& in,
                       const auto& out) { ops::softmax_cross_entropy(b, in[0], in[1], out[1], out[0]); },
         .backward =
             [](B& b, const auto& in, const auto& out, const auto& d_out, const auto& d_in) {
               ops::softmax_cross_entropy_backward(b, out[1], in[1], d_out[0], d_in[0], Write::overwrite);
             }}};
  });
}

}  // namespace saccade::testing
