#pragma once

#include <saccade/testing/problem.hpp>

namespace saccade::inline SACCADE_NAMESPACE::testing {

/// An operation together with its backward, for the laws that need no reference: see adjoint.hpp, gradient_check.hpp.
template <class B>
struct Derivative {
  std::vector<Operand> inputs;
  std::vector<Result> outputs;              ///< of the forward
  std::size_t differentiated = 1;           ///< so many first outputs have a gradient; the others are saved values
  std::vector<std::size_t> wrt;             ///< inputs that have a gradient
  std::vector<std::size_t> linear_in = {};  ///< those of `wrt` in which the forward is linear, the others held fixed

  std::function<void(B&, const Inputs<B>& in, const Outputs<B>& out)> forward;
  /// Overwrites d_in, in the order of `wrt`.
  std::function<void(B&, const Inputs<B>& in, const Inputs<B>& out, const Inputs<B>& d_out, const Outputs<B>& d_in)>
      backward;
};

/// One evaluation of a derivative: the gradients of the loss sum_i <outputs[i], d_out[i]>.
template <class B>
struct Evaluation {
  std::vector<std::vector<double>> outputs;    ///< of the forward, those with a gradient
  std::vector<std::vector<double>> d_outputs;  ///< as many
  std::vector<std::vector<double>> d_inputs;   ///< in the order of `wrt`
};

namespace detail {
/// References to all of `tensors`.
template <class T, class Tensors>
[[nodiscard]] TensorList<T> list_of(Tensors& tensors) {
  TensorList<T> list;
  for (auto& tensor : tensors) list.push_back(tensor);
  return list;
}
}  // namespace detail

/// Runs forward and backward once, with random d_out and gradients that held NaN before.
template <class B>
[[nodiscard]] Evaluation<B> evaluate(B& b, const Derivative<B>& derivative) {
  const Writes writes{Write::overwrite, Write::overwrite};
  Bound<B> bound(b, derivative.inputs, derivative.outputs);
  bound.fill_outputs(initial_values(derivative.outputs, writes));
  derivative.forward(b, bound.in, bound.out);

  Evaluation<B> result;
  std::vector<Tensor<B>> d_out, d_in;
  for (std::size_t i = 0; i < derivative.differentiated; ++i) {
    const Result& output = derivative.outputs[i];
    result.outputs.push_back(bound.output(i));
    result.d_outputs.push_back(random_values("d_" + output.name, output.shape));
    d_out.push_back(make_operand(b, output.name, output.shape));
    put_values(b, result.d_outputs.back(), d_out.back());
  }
  for (const std::size_t i : derivative.wrt) {
    d_in.push_back(make_operand(b, derivative.inputs[i].name, derivative.inputs[i].shape));
    b.fill(std::numeric_limits<Scalar<B>>::quiet_NaN(), d_in.back());
  }
  Inputs<B> saved;
  for (std::size_t i = 0; i < derivative.outputs.size(); ++i) saved.push_back(bound.out[i]);
  derivative.backward(b, bound.in, saved, detail::list_of<const Tensor<B>>(d_out), detail::list_of<Tensor<B>>(d_in));
  for (const Tensor<B>& tensor : d_in) result.d_inputs.push_back(values_of(b, tensor));
  return result;
}

/// sum_i <x[i], y[i]>.
[[nodiscard]] inline double dot(const std::vector<std::vector<double>>& x, const std::vector<std::vector<double>>& y) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t k = 0; k < x[i].size(); ++k) sum += x[i][k] * y[i][k];
  }
  return sum;
}

/// sum_i <|x[i]|, |y[i]|>.
[[nodiscard]] inline double absolute_dot(const std::vector<std::vector<double>>& x,
                                         const std::vector<std::vector<double>>& y) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t k = 0; k < x[i].size(); ++k) sum += std::abs(x[i][k] * y[i][k]);
  }
  return sum;
}

}  // namespace saccade::testing
