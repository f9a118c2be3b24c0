#pragma once

#include <saccade/testing/derivative.hpp>
#include <saccade/testing/laws.hpp>

namespace saccade::inline SACCADE_NAMESPACE::testing {

/// The backward of a linear map J is its adjoint: <J x, d_y> = <x, J^T d_y>, for random x and d_y. No formula, no
/// reference and no step: whatever J is, a backward that belongs to another map fails.
template <class B>
void check_adjoint(B& b, const Derivative<B>& derivative, double epsilon, Report& report) {
  const Evaluation<B> result = evaluate(b, derivative);
  const double forward = dot(result.outputs, result.d_outputs);
  const double total = absolute_dot(result.outputs, result.d_outputs);
  for (std::size_t i = 0; i < derivative.wrt.size(); ++i) {
    const std::size_t input = derivative.wrt[i];
    bool linear = false;
    for (const std::size_t candidate : derivative.linear_in) linear = linear || candidate == input;
    if (!linear) continue;
    const std::vector<double> x = rounded<B>(derivative.inputs[input].values);
    const double backward = dot({x}, {result.d_inputs[i]});
    const double tolerance = adjoint_tolerance(epsilon, total + absolute_dot({x}, {result.d_inputs[i]}));
    if (std::abs(forward - backward) <= tolerance) continue;
    report.fail("<y, d_y> = " + number_text(forward) + ", but <" + derivative.inputs[input].name + ", d_" +
                derivative.inputs[input].name + "> = " + number_text(backward) + ": backward is not the adjoint (" +
                to_string(derivative.inputs) + ")");
  }
}

}  // namespace saccade::testing
