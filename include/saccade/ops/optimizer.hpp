#pragma once

#include <saccade/core/backend.hpp>
#include <saccade/ops/check.hpp>

#include <concepts>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::ops {

/// y[0] (+)= sum of x^2.
///
/// @param x  any shape
/// @param y  (1)
/// @throws ShapeError
template <OptimizerOps B>
void sum_of_squares(B& b, const Tensor<B>& x, Tensor<B>& y, Write write) {
  expect_shape("sum_of_squares", "y", "(1)", {1}, b.shape(y));
  b.sum_of_squares(x, y, write);
}

/// Clipping by the global norm: scale[0] = min(1, max_norm / sqrt(sum[0])), and 1 if the sum is 0. NaN if the sum is
/// not finite: `adam_step` then leaves the parameters as they are.
///
/// @param sum       (1)  of squares of all gradients
/// @param max_norm  > 0; infinite where nothing is to be clipped
/// @param scale     (1)
/// @throws ShapeError, ConfigError
/// Source: Pascanu et al. 2013.
template <OptimizerOps B>
void clip_scale(B& b, const Tensor<B>& sum, Scalar<B> max_norm, Tensor<B>& scale) {
  detail::expect_argument(max_norm > 0, "clip_scale", "max_norm must be positive", static_cast<double>(max_norm));
  expect_shape("clip_scale", "sum", "(1)", {1}, b.shape(sum));
  expect_shape("clip_scale", "scale", "(1)", {1}, b.shape(scale));
  b.clip_scale(sum, max_norm, scale);
}

/// mark[0] = NaN unless all numbers of x are finite, and stays as it is where they are. Marked in this way, the sum of
/// squares of a gradient brings a step to nothing, by `clip_scale` and `adam_step`, and nobody has to wait for the
/// numbers of x.
///
/// @param x     any shape
/// @param mark  (1), another tensor than x
/// @throws ShapeError
template <OptimizerOps B>
void mark_not_finite(B& b, const Tensor<B>& x, Tensor<B>& mark) {
  expect_shape("mark_not_finite", "mark", "(1)", {1}, b.shape(mark));
  b.mark_not_finite(x, mark);
}

/// One step of Adam with the gradient s g:
///     m = beta1 m + (1 - beta1) s g,  v = beta2 v + (1 - beta2) (s g)^2
///     p -= learning_rate ((m / correction1) / (sqrt(v / correction2) + epsilon) + weight_decay p)
/// Where s is not finite, p, m and v stay as they are: a step that has gone wrong changes no weight, and nobody had to
/// wait for it.
///
/// @param g, p, m, v  one shape, any; g is the gradient, p, m, v are updated
/// @param scale       (1)  s, from `clip_scale`, or 1
/// @param hyper       (8)  in the order of AdamHyper
/// @throws ShapeError
/// Source: Kingma and Ba 2015, algorithm 1; Loshchilov and Hutter 2019, algorithm 2.
template <OptimizerOps B>
void adam_step(B& b, const Tensor<B>& g, const Tensor<B>& scale, const Tensor<B>& hyper, Tensor<B>& p, Tensor<B>& m,
               Tensor<B>& v) {
  expect_shape("adam_step", "scale", "(1)", {1}, b.shape(scale));
  expect_shape("adam_step", "hyper", "(8)", {AdamHyper::count}, b.shape(hyper));
  expect_shape("adam_step", "p", "of the shape of g", b.shape(g), b.shape(p));
  expect_shape("adam_step", "m", "of the shape of g", b.shape(g), b.shape(m));
  expect_shape("adam_step", "v", "of the shape of g", b.shape(g), b.shape(v));
  b.adam_step(g, scale, hyper, p, m, v);
}

/// A backend that counts Adam's steps where it computes: `hyper` is then uploaded only when the host changes it.
/// Optional.
template <class B>
concept AdamAdvance = OptimizerOps<B> && requires(B b, Tensor<B> out) {
  { b.advance_adam(out) } -> std::same_as<void>;  // (hyper (8))
};

/// Begins the next step: step += 1, correction_k = 1 - beta_k^step, as math::advance_adam computes it.
/// @param hyper  (8)  in the order of AdamHyper
/// @throws ShapeError
template <AdamAdvance B>
void advance_adam(B& b, Tensor<B>& hyper) {
  expect_shape("advance_adam", "hyper", "(8)", {AdamHyper::count}, b.shape(hyper));
  b.advance_adam(hyper);
}

/// A backend that treats all parameters in one pass. Optional. Its `ParameterList` remembers where the tensors of the
/// terms are; they stay there.
template <class B>
concept FusedOptimizer = OptimizerOps<B> && std::movable<typename B::ParameterList> &&
    requires(B b, std::span<const ParameterTerm<B>> terms, typename B::ParameterList& list, Tensor<B> out,
             const Tensor<B> in) {
  { b.make_parameter_list(terms) } -> std::same_as<typename B::ParameterList>;
  { b.zero_gradients(list) } -> std::same_as<void>;
  { b.sum_of_squares(list, out) } -> std::same_as<void>;  // (list, y (1)): over all gradients
  { b.adam_step(list, in) } -> std::same_as<void>;        // (list, scale): each term by its own hyper
};

namespace detail {
/// What a backend without FusedOptimizer knows of a list.
struct NoList {};

template <class B>
struct FusedListOf {
  using type = NoList;
};
template <FusedOptimizer B>
struct FusedListOf<B> {
  using type = typename B::ParameterList;
};
}  // namespace detail

/// Parameters of a model, ready for the operations below.
template <OptimizerOps B>
struct ParameterList {
  std::vector<ParameterTerm<B>> terms;
  typename detail::FusedListOf<B>::type fused;  ///< the same, as the backend has them
};

/// The list of `terms`, whose tensors stay where they are while it is used.
/// @throws ShapeError unless the first four tensors of a term have one shape, and its hyper is (8)
template <OptimizerOps B>
[[nodiscard]] ParameterList<B> make_parameter_list(B& b, std::span<const ParameterTerm<B>> terms) {
  for (const ParameterTerm<B>& term : terms) {
    const Shape shape = b.shape(*term.gradient);
    for (const auto& [name, tensor] :
         {std::pair{"the parameter", term.parameter}, std::pair{"the first moment", term.first},
          std::pair{"the second moment", term.second}})
      expect_shape("make_parameter_list", name, "of the shape of its gradient", shape, b.shape(*tensor));
    expect_shape("make_parameter_list", "hyper", "(8)", {AdamHyper::count}, b.shape(*term.hyper));
  }
  if constexpr (FusedOptimizer<B>) {
    return {{terms.begin(), terms.end()}, b.make_parameter_list(terms)};
  } else {
    return {{terms.begin(), terms.end()}, {}};
  }
}

/// Every gradient becomes 0.
template <OptimizerOps B>
void zero_gradients(B& b, ParameterList<B>& list) {
  if constexpr (FusedOptimizer<B>) {
    b.zero_gradients(list.fused);
  } else {
    for (const ParameterTerm<B>& term : list.terms) b.fill(Scalar<B>(0), *term.gradient);
  }
}

/// y[0] = sum of the squares of all gradients.
/// @param y  (1)
/// @throws ShapeError
template <OptimizerOps B>
void sum_of_squares(B& b, ParameterList<B>& list, Tensor<B>& y) {
  expect_shape("sum_of_squares", "y", "(1)", {1}, b.shape(y));
  if constexpr (FusedOptimizer<B>) {
    b.sum_of_squares(list.fused, y);
  } else {
    b.fill(Scalar<B>(0), y);
    for (const ParameterTerm<B>& term : list.terms) b.sum_of_squares(*term.gradient, y, Write::accumulate);
  }
}

/// `adam_step` for every parameter, with its own hyperparameters.
/// @param scale  (1)
/// @throws ShapeError
template <OptimizerOps B>
void adam_step(B& b, ParameterList<B>& list, const Tensor<B>& scale) {
  expect_shape("adam_step", "scale", "(1)", {1}, b.shape(scale));
  if constexpr (FusedOptimizer<B>) {
    b.adam_step(list.fused, scale);
  } else {
    for (const ParameterTerm<B>& term : list.terms)
      b.adam_step(*term.gradient, scale, *term.hyper, *term.parameter, *term.first, *term.second);
  }
}

}  // namespace saccade::ops
