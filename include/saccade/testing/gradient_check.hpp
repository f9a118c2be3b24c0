#pragma once

#include <saccade/testing/derivative.hpp>
#include <saccade/testing/laws.hpp>

namespace saccade::inline SACCADE_NAMESPACE::testing {

/// The gradient of `loss` at `values` by central differences: (loss(v + step) - loss(v - step)) / (2 step), one number
/// after the other. Also for losses that are a whole model: `loss` maps a vector of numbers to one number.
template <class Loss>
[[nodiscard]] std::vector<double> numeric_gradient(std::vector<double> values, double step, Loss loss) {
  std::vector<double> gradient(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value = values[i];
    values[i] = value + step;
    const double above = loss(values);
    values[i] = value - step;
    const double below = loss(values);
    values[i] = value;
    gradient[i] = (above - below) / (2 * step);
  }
  return gradient;
}

/// The backward's gradients against central differences of the forward, in the backend's own precision.
template <class B>
void check_gradient(B& b, const Derivative<B>& derivative, double epsilon, Report& report) {
  const Writes writes{Write::overwrite, Write::overwrite};
  const Evaluation<B> result = evaluate(b, derivative);
  const double tolerance = difference_tolerance(epsilon, absolute_dot(result.outputs, result.d_outputs));
  // A power of two, so that the numbers on both sides are hit exactly.
  const double step = std::exp2(std::round(std::log2(difference_step(epsilon))));

  Bound<B> bound(b, derivative.inputs, derivative.outputs);
  for (std::size_t i = 0; i < derivative.wrt.size(); ++i) {
    const Operand& input = derivative.inputs[derivative.wrt[i]];
    const auto upload = [&](const std::vector<double>& values) {
      const std::vector<Scalar<B>> converted(values.begin(), values.end());
      b.upload(std::span<const Scalar<B>>(converted), bound.input_tensor(derivative.wrt[i]));
    };
    const auto loss = [&](const std::vector<double>& values) {
      upload(values);
      bound.fill_outputs(initial_values(derivative.outputs, writes));
      derivative.forward(b, bound.in, bound.out);
      std::vector<std::vector<double>> outputs;
      for (std::size_t k = 0; k < derivative.differentiated; ++k) outputs.push_back(bound.output(k));
      return dot(outputs, result.d_outputs);
    };
    expect_values(report, "against central differences; " + to_string(derivative.inputs), "d_" + input.name,
                  result.d_inputs[i], numeric_gradient(input.values, step, loss), tolerance);
    upload(input.values);
  }
}

}  // namespace saccade::testing
