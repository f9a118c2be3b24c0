#pragma once

#include <saccade/ops/recurrent.hpp>
#include <saccade/testing/suite.hpp>

namespace saccade::inline SACCADE_NAMESPACE::testing {

namespace detail {
struct LstmSize {
  Index batch, hidden;
};
inline constexpr LstmSize lstm_sizes[] = {{0, 3}, {1, 1}, {2, 5}, {7, 3}, {33, 65}};

/// Scratch for the composed cell, whatever the backend offers.
template <class B>
[[nodiscard]] ops::LstmScratch<B> composed_scratch(B& b, Index batch, Index hidden) {
  return {b.zeros({batch, hidden}), b.zeros({batch, hidden}), b.zeros({batch, hidden})};
}

template <class B, class R>
[[nodiscard]] Problems<B, R> lstm_problems() {
  Problems<B, R> problems;
  for (const auto& [batch, hidden] : lstm_sizes) {
    const Shape wide{batch, 4 * hidden}, state{batch, hidden};
    problems.add(
        {{"gates_pre", wide, random_values("gates_pre", wide)}, {"c_prev", state, random_values("c_prev", state)}},
        {{"gates", wide}, {"c_next", state}, {"tanh_c", state}, {"h_next", state}}, 1,
        [batch = batch, hidden = hidden](auto& b, const auto& in, const auto& out, const Writes&) {
          auto scratch = ops::make_lstm_scratch(b, batch, hidden);
          ops::lstm_cell(b, in[0], in[1], out[0], out[1], out[2], out[3], scratch);
        });
  }
  return problems;
}

/// The problems of the backward of each of `lstm_problems`.
template <class B, class R>
[[nodiscard]] Problems<B, R> lstm_backward_problems() {
  Problems<B, R> problems;
  for (const Problem<B, R>& forward : lstm_problems<B, R>()) {
    const Shape wide = forward.inputs[0].shape, state = forward.inputs[1].shape;
    const std::vector<std::vector<double>> saved = reference_outputs(forward);
    problems.add({{"gates", wide, saved[0]},
                  forward.inputs[1],
                  {"tanh_c", state, saved[2]},
                  {"d_h", state, random_values("d_h", state)},
                  {"d_c_next", state, random_values("d_c_next", state)}},
                 {{"d_gates_pre", wide}, {"d_c_prev", state}}, 1,
                 [state](auto& b, const auto& in, const auto& out, const Writes&) {
                   auto scratch = ops::make_lstm_scratch(b, state[0], state[1]);
                   ops::lstm_cell_backward(b, in[0], in[1], in[2], in[3], in[4], out[0], out[1], scratch);
                 });
  }
  return problems;
}
}  // namespace detail

template <class B, class R>
void add_recurrent_cases(Suite<B, R>& suite) {
  suite.operation_with_setup("lstm_cell", [] { return detail::lstm_problems<B, R>(); });
  // Unit 0: i = 1/2, f = 3/4, g = 1/2, o = 1/2 and c = 1. Unit 1: i = 3/4, f = 1/2, g = 0, o = 3/4 and c = 2.
  const double ln3 = std::log(3.0), tanh1 = 0.7615941559557649;
  suite.by_hand("lstm_cell: numbers by hand",
                {{"gates_pre", {1, 8}, {0, ln3, ln3, 0, ln3 / 2, 0, 0, ln3}}, {"c_prev", {1, 2}, {1, 2}}},
                {{"gates", {1, 8}}, {"c_next", {1, 2}}, {"tanh_c", {1, 2}}, {"h_next", {1, 2}}},
                {{0.5, 0.75, 0.75, 0.5, 0.5, 0, 0.5, 0.75}, {1, 1}, {tanh1, tanh1}, {tanh1 / 2, tanh1 * 0.75}},
                [](B& b, const auto& in, const auto& out) {
                  auto scratch = ops::make_lstm_scratch(b, 1, 2);
                  ops::lstm_cell(b, in[0], in[1], out[0], out[1], out[2], out[3], scratch);
                });
  if constexpr (ops::FusedLstmCell<B>) {
    suite.add("lstm_cell: fused agrees with composed", [epsilon = suite.options().epsilon](B& b, Report& report) {
      for (const Problem<B, R>& problem : detail::lstm_problems<B, R>()) {
        const Shape state = problem.inputs[1].shape;
        auto scratch = detail::composed_scratch(b, state[0], state[1]);
        Bound<B> composed(b, problem.inputs, problem.outputs);
        ops::detail::compose_lstm_cell(b, composed.in[0], composed.in[1], composed.out[0], composed.out[1],
                                       composed.out[2], composed.out[3], scratch);
        const auto fused = run_once(b, problem);
        for (std::size_t i = 0; i < fused.size(); ++i) {
          expect_values(report, to_string(problem.inputs), problem.outputs[i].name, fused[i], composed.output(i),
                        sum_tolerance(epsilon, 1, largest(fused[i])));
        }
      }
    });
  }
  if constexpr (requires { &B::lstm_cell; } && !ops::FusedLstmCell<B>) {
    suite.add("lstm_cell: fused in both directions or in none", [](B&, Report& report) {
      report.fail(
          "the backend has an lstm_cell that is never called: ops::FusedLstmCell also asks for lstm_cell_backward, and "
          "for the argument lists in saccade/ops/recurrent.hpp");
    });
  }
  if (suite.options().allocations) {
    suite.add("lstm_cell: allocates nothing the second time",
              [count = suite.options().allocations](B& b, Report& report) {
                auto scratch = ops::make_lstm_scratch(b, 3, 5);
                const Tensor<B> gates_pre = b.zeros({3, 20}), c_prev = b.zeros({3, 5});
                Tensor<B> gates = b.zeros({3, 20}), c = b.zeros({3, 5}), tanh_c = b.zeros({3, 5}), h = b.zeros({3, 5});
                ops::lstm_cell(b, gates_pre, c_prev, gates, c, tanh_c, h, scratch);
                b.synchronize();
                const Index before = count();
                ops::lstm_cell(b, gates_pre, c_prev, gates, c, tanh_c, h, scratch);
                b.synchronize();
                const Index made = count() - before;  // before the sentence, which allocates
                report.expect(made == 0, "the second call allocates " + std::to_string(made) + " times, but must not");
              });
  }
}

template <class B, class R>
void add_trainable_recurrent_cases(Suite<B, R>& suite) {
  suite.operation_with_setup("lstm_cell_backward", [] { return detail::lstm_backward_problems<B, R>(); });
  if constexpr (ops::FusedLstmCell<B>) {
    suite.add(
        "lstm_cell_backward: fused agrees with composed", [epsilon = suite.options().epsilon](B& b, Report& report) {
          for (const Problem<B, R>& problem : detail::lstm_backward_problems<B, R>()) {
            const Shape state = problem.inputs[1].shape;
            auto scratch = detail::composed_scratch(b, state[0], state[1]);
            Bound<B> composed(b, problem.inputs, problem.outputs);
            ops::detail::compose_lstm_cell_backward(b, composed.in[0], composed.in[1], composed.in[2], composed.in[3],
                                                    composed.in[4], composed.out[0], composed.out[1], scratch);
            const auto fused = run_once(b, problem);
            for (std::size_t i = 0; i < fused.size(); ++i) {
              expect_values(report, to_string(problem.inputs), problem.outputs[i].name, fused[i], composed.output(i),
                            sum_tolerance(epsilon, 1, largest(fused[i])));
            }
          }
        });
  }
  suite.gradient("lstm_cell", [] {
    const Index batch = 2, hidden = 3;
    const Shape wide{batch, 4 * hidden}, state{batch, hidden};
    return std::vector<Derivative<B>>{
        {.inputs = {{"gates_pre", wide, random_values("gates_pre", wide)},
                    {"c_prev", state, random_values("c_prev", state)}},
         .outputs = {{"h_next", state}, {"c_next", state}, {"tanh_c", state}, {"gates", wide}},
         .differentiated = 2,
         .wrt = {0, 1},
         .forward =
             [](B& b, const auto& in, const auto& out) {
               auto scratch = ops::make_lstm_scratch(b, batch, hidden);
               ops::lstm_cell(b, in[0], in[1], out[3], out[1], out[2], out[0], scratch);
             },
         .backward =
             [](B& b, const auto& in, const auto& out, const auto& d_out, const auto& d_in) {
               auto scratch = ops::make_lstm_scratch(b, batch, hidden);
               ops::lstm_cell_backward(b, out[3], in[1], out[2], d_out[0], d_out[1], d_in[0], d_in[1], scratch);
             }}};
  });
}

}  // namespace saccade::testing
