#pragma once

#include <saccade/ops/mask.hpp>
#include <saccade/testing/suite.hpp>

namespace saccade::inline SACCADE_NAMESPACE::testing {

namespace detail {
inline const Shape mask_shapes[] = {{0, 2, 3, 4}, {1, 1, 1, 1}, {2, 3, 5, 7}, {1, 7, 1, 3}, {3, 28, 17, 16}};

[[nodiscard]] inline std::vector<Operand> mask_operands(const Shape& shape) {
  return {{"trunk", shape, random_values("trunk", shape)}, {"mask_logits", shape, random_values("mask_logits", shape)}};
}
}  // namespace detail

template <class B, class R>
void add_mask_cases(Suite<B, R>& suite) {
  suite.operation("apply_mask", [] {
    Problems<B, R> problems;
    for (const Shape& shape : detail::mask_shapes) {
      problems.add(
          detail::mask_operands(shape), {{"attended", shape}}, 1,
          [](auto& b, const auto& in, const auto& out, const Writes&) { ops::apply_mask(b, in[0], in[1], out[0]); });
    }
    return problems;
  });
  suite.by_hand("apply_mask: numbers by hand, and no overflow",
                {{"trunk", {1, 2, 1, 2}, {2, 4, 3, 5}}, {"mask_logits", {1, 2, 1, 2}, {0, std::log(3.0), 1000, -1000}}},
                {{"attended", {1, 2, 1, 2}}}, {{3, 7, 6, 5}},
                [](B& b, const auto& in, const auto& out) { ops::apply_mask(b, in[0], in[1], out[0]); });

  // Fused or composed, as `ops` chooses.
  suite.operation("attention_pool", [] {
    Problems<B, R> problems;
    for (const Shape& shape : detail::mask_shapes) {
      problems.add(detail::mask_operands(shape), {{"attended", shape}, {"features", {shape[0], shape[3]}}},
                   shape[1] * shape[2], [](auto& b, const auto& in, const auto& out, const Writes&) {
                     // A fused backend leaves the attended map alone, so it is computed here.
                     ops::apply_mask(b, in[0], in[1], out[0]);
                     ops::attention_pool(b, in[0], in[1], out[0], out[1]);
                   });
    }
    return problems;
  });
  suite.by_hand("attention_pool: numbers by hand",
                {{"trunk", {1, 1, 2, 1}, {2, 4}}, {"mask_logits", {1, 1, 2, 1}, {0, std::log(3.0)}}},
                {{"features", {1, 1}}}, {{5}}, [](B& b, const auto& in, const auto& out) {
                  Tensor<B> attended = make_map(b, {1, 1, 2, 1});
                  ops::attention_pool(b, in[0], in[1], attended, out[0]);
                });
  if constexpr (ops::FusedAttentionPool<B>) {
    suite.add("attention_pool: fused agrees with composed", [epsilon = suite.options().epsilon](B& b, Report& report) {
      for (const Shape& shape : detail::mask_shapes) {
        const auto operands = detail::mask_operands(shape);
        const Tensor<B> trunk = make_tensor_of(b, shape, operands[0].values);
        const Tensor<B> mask_logits = make_tensor_of(b, shape, operands[1].values);
        Tensor<B> attended = b.zeros(shape), fused = b.zeros({shape[0], shape[3]}),
                  composed = b.zeros({shape[0], shape[3]});
        b.fill(std::numeric_limits<Scalar<B>>::quiet_NaN(), fused);
        b.attention_pool(trunk, mask_logits, fused);
        ops::apply_mask(b, trunk, mask_logits, attended);
        ops::global_average_pool(b, attended, composed);
        const std::vector<double> expected = values_of(b, composed);
        expect_values(report, saccade::to_string(shape), "features", values_of(b, fused), expected,
                      sum_tolerance(epsilon, shape[1] * shape[2], largest(expected)));
      }
    });
  }
  if constexpr (requires { &B::attention_pool; } && !ops::FusedAttentionPool<B>) {
    suite.add("attention_pool: fused in both directions or in none", [](B&, Report& report) {
      report.fail(
          "the backend has an attention_pool that is never called: ops::FusedAttentionPool also asks for "
          "attention_pool_backward, and for the argument lists in saccade/ops/mask.hpp");
    });
  }
}

template <class B, class R>
void add_trainable_mask_cases(Suite<B, R>& suite) {
  suite.operation("apply_mask_backward", [] {
    Problems<B, R> problems;
    for (const Shape& shape : detail::mask_shapes) {
      std::vector<Operand> inputs = detail::mask_operands(shape);
      inputs.push_back({"d_attended", shape, random_values("d_attended", shape)});
      problems.add(inputs, {{"d_trunk", shape, 0}, {"d_mask_logits", shape, 1}}, 1,
                   [](auto& b, const auto& in, const auto& out, const Writes& write) {
                     ops::apply_mask_backward(b, in[0], in[1], in[2], out[0], write[0], out[1], write[1]);
                   });
    }
    return problems;
  });
  suite.by_hand("apply_mask_backward: numbers by hand",
                {{"trunk", {1, 1, 2, 1}, {2, 4}},
                 {"mask_logits", {1, 1, 2, 1}, {0, std::log(3.0)}},
                 {"d_attended", {1, 1, 2, 1}, {1, 2}}},
                {{"d_trunk", {1, 1, 2, 1}, 0}, {"d_mask_logits", {1, 1, 2, 1}, 1}}, {{1.5, 3.5}, {0.5, 1.5}},
                [](B& b, const auto& in, const auto& out) {
                  ops::apply_mask_backward(b, in[0], in[1], in[2], out[0], Write::overwrite, out[1], Write::overwrite);
                });
  suite.gradient("apply_mask", [] {
    const Shape shape{2, 3, 2, 2};
    return std::vector<Derivative<B>>{
        {.inputs = detail::mask_operands(shape),
         .outputs = {{"attended", shape}},
         .wrt = {0, 1},
         .forward = [](B& b, const auto& in, const auto& out) { ops::apply_mask(b, in[0], in[1], out[0]); },
         .backward =
             [](B& b, const auto& in, const auto&, const auto& d_out, const auto& d_in) {
               ops::apply_mask_backward(b, in[0], in[1], d_out[0], d_in[0], Write::overwrite, d_in[1],
                                        Write::overwrite);
             }}};
  });

  suite.operation("attention_pool_backward", [] {
    Problems<B, R> problems;
    for (const Shape& shape : detail::mask_shapes) {
      const Shape features{shape[0], shape[3]};
      std::vector<Operand> inputs = detail::mask_operands(shape);
      inputs.push_back({"d_features", features, random_values("d_features", features)});
      problems.add(inputs,
                   {{"d_trunk", shape, 0},
                    {"d_mask_logits", shape, 1},
                    {"d_attended", shape, no_write, std::vector<double>(static_cast<std::size_t>(shape.size()))}},
                   1, [](auto& b, const auto& in, const auto& out, const Writes& write) {
                     ops::attention_pool_backward(b, in[0], in[1], in[2], out[2], out[0], write[0], out[1], write[1]);
                     // Scratch, which a fused backend leaves alone.
                     b.fill(0, out[2]);
                   });
    }
    return problems;
  });
  const auto derivatives = [] {
    const Shape shape{2, 3, 2, 2};
    return std::vector<Derivative<B>>{
        {.inputs = detail::mask_operands(shape),
         .outputs = {{"features", {2, 2}}, {"attended", shape, no_write, std::vector<double>(24)}},
         .wrt = {0, 1},
         .linear_in = {0},
         .forward = [](B& b, const auto& in, const auto& out) { ops::attention_pool(b, in[0], in[1], out[1], out[0]); },
         .backward =
             [](B& b, const auto& in, const auto&, const auto& d_out, const auto& d_in) {
               Tensor<B> d_attended = make_map(b, b.shape(in[0]));
               ops::attention_pool_backward(b, in[0], in[1], d_out[0], d_attended, d_in[0], Write::overwrite, d_in[1],
                                            Write::overwrite);
             }}};
  };
  suite.adjoint("attention_pool", derivatives);
  suite.gradient("attention_pool", derivatives);
}

}  // namespace saccade::testing
