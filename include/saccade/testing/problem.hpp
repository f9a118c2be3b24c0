#pragma once

#include <saccade/core/backend.hpp>
#include <saccade/testing/random_tensor.hpp>

#include <array>
#include <cstddef>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// An operation at one size: named inputs, named outputs and a call, the same for every backend. The laws in laws.hpp
/// need no more than this.
namespace saccade::inline SACCADE_NAMESPACE::testing {

/// An input with its numbers.
struct Operand {
  std::string name;
  Shape shape;
  std::vector<double> values;
};

/// Which of a call's `Write`s governs an output.
inline constexpr int no_write = -1;

/// An output. `initial` is for one that is updated in place: what is in it before the call. All others hold NaN before
/// they are overwritten, and random numbers before they are accumulated into.
struct Result {
  std::string name;
  Shape shape;
  int write = no_write;
  std::vector<double> initial = {};
};

/// Both writes of a call; most need the first only.
using Writes = std::array<Write, 2>;

/// Tensors in the order of the operands, as references: `in[0]`. An output may be the same tensor as an input.
template <class T>
class TensorList {
 public:
  void push_back(T& tensor) { tensors_.push_back(&tensor); }
  void replace(std::size_t i, T& tensor) { tensors_[i] = &tensor; }
  [[nodiscard]] T& operator[](std::size_t i) const { return *tensors_[i]; }

 private:
  std::vector<T*> tensors_;
};
template <class B>
using Inputs = TensorList<const Tensor<B>>;
template <class B>
using Outputs = TensorList<Tensor<B>>;

/// The call of an operation on one backend.
template <class B>
using Call = std::function<void(B&, const Inputs<B>&, const Outputs<B>&, const Writes&)>;

/// An operation at one size, for a backend `B` and the reference `R`.
template <class B, class R>
struct Problem {
  std::vector<Operand> inputs;
  std::vector<Result> outputs;
  Index depth = 1;                                           ///< numbers summed up for one output; sets the tolerance
  std::vector<std::pair<std::size_t, std::size_t>> aliases;  ///< input and output that may be one tensor
  Call<B> on_backend;
  Call<R> on_reference;
};

/// The nearest numbers that the backend can hold: then the reference is given the same ones.
template <class B>
[[nodiscard]] std::vector<double> rounded(std::vector<double> values) {
  for (double& value : values) value = static_cast<double>(static_cast<Scalar<B>>(value));
  return values;
}

/// Problems under construction; `call(b, in, out, write)` is generic in the backend.
template <class B, class R>
class Problems {
 public:
  template <class GenericCall>
  Problem<B, R>& add(std::vector<Operand> inputs, std::vector<Result> outputs, Index depth, GenericCall call) {
    for (Operand& input : inputs) input.values = rounded<B>(std::move(input.values));
    for (Result& output : outputs) output.initial = rounded<B>(std::move(output.initial));
    problems_.push_back({std::move(inputs), std::move(outputs), depth, {}, call, call});
    return problems_.back();
  }

  [[nodiscard]] auto begin() const { return problems_.begin(); }
  [[nodiscard]] auto end() const { return problems_.end(); }

 private:
  std::vector<Problem<B, R>> problems_;
};

/// "x (3, 5), w (4, 5)": which problem it was.
[[nodiscard]] inline std::string to_string(const std::vector<Operand>& operands) {
  std::string text;
  for (const Operand& operand : operands) {
    text += (text.empty() ? "" : ", ") + operand.name + " " + saccade::to_string(operand.shape);
  }
  return text;
}

/// A tensor of the given numbers.
template <class B>
[[nodiscard]] Tensor<B> make_tensor_of(B& b, const Shape& shape, const std::vector<double>& values) {
  return make_tensor(b, shape, std::span<const double>(values));
}

/// A tensor of zeros for an operand, as components make it: a map where it is shaped like an image and is no weight.
template <class B>
[[nodiscard]] Tensor<B> make_operand(B& b, std::string_view name, const Shape& shape) {
  return shape.rank() == 4 && name != "w" && name != "d_w" ? make_map(b, shape) : b.zeros(shape);
}

/// Puts numbers into a tensor.
template <class B>
void put_values(B& b, const std::vector<double>& values, Tensor<B>& tensor) {
  const std::vector<Scalar<B>> converted(values.begin(), values.end());
  b.upload(std::span<const Scalar<B>>(converted), tensor);
}

/// A tensor's numbers, as double.
template <class B>
[[nodiscard]] std::vector<double> values_of(B& b, const Tensor<B>& tensor) {
  const std::vector<Scalar<B>> values = to_vector(b, tensor);
  return std::vector<double>(values.begin(), values.end());
}

/// What stands in the outputs before the call.
[[nodiscard]] inline std::vector<std::vector<double>> initial_values(const std::vector<Result>& outputs,
                                                                     const Writes& writes) {
  std::vector<std::vector<double>> values;
  for (const Result& output : outputs) {
    const std::size_t size = static_cast<std::size_t>(output.shape.size());
    if (!output.initial.empty()) {
      values.push_back(output.initial);
    } else if (output.write != no_write && writes[static_cast<std::size_t>(output.write)] == Write::accumulate) {
      values.push_back(random_values("before " + output.name, output.shape));
    } else {
      values.emplace_back(size, std::numeric_limits<double>::quiet_NaN());
    }
  }
  return values;
}

/// The tensors of a problem on one backend.
template <class B>
class Bound {
 public:
  /// `in` and `out` point into this object.
  Bound(const Bound&) = delete;
  Bound& operator=(const Bound&) = delete;

  Bound(B& b, const std::vector<Operand>& inputs, const std::vector<Result>& outputs) : b_(b) {
    for (const Operand& input : inputs) {
      in_tensors_.push_back(make_operand(b, input.name, input.shape));
      put_values(b, input.values, in_tensors_.back());
    }
    for (const Result& output : outputs) out_tensors_.push_back(make_operand(b, output.name, output.shape));
    for (const Tensor<B>& tensor : in_tensors_) in.push_back(tensor);
    for (Tensor<B>& tensor : out_tensors_) out.push_back(tensor);
  }

  /// Puts numbers into the outputs.
  void fill_outputs(const std::vector<std::vector<double>>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) put_values(b_, values[i], out_tensors_[i]);
  }

  [[nodiscard]] std::vector<double> input(std::size_t i) { return values_of(b_, in_tensors_[i]); }
  [[nodiscard]] std::vector<double> output(std::size_t i) { return values_of(b_, out_tensors_[i]); }
  [[nodiscard]] Tensor<B>& input_tensor(std::size_t i) { return in_tensors_[i]; }

  Inputs<B> in;
  Outputs<B> out;

 private:
  B& b_;
  std::vector<Tensor<B>> in_tensors_;
  std::vector<Tensor<B>> out_tensors_;
};

/// The outputs of a problem as the reference computes them, in the backend's precision: saved values for a backward.
template <class B, class R>
[[nodiscard]] std::vector<std::vector<double>> reference_outputs(const Problem<B, R>& problem) {
  R reference{};
  Bound<R> bound(reference, problem.inputs, problem.outputs);
  const Writes writes{Write::overwrite, Write::overwrite};
  bound.fill_outputs(initial_values(problem.outputs, writes));
  problem.on_reference(reference, bound.in, bound.out, writes);
  std::vector<std::vector<double>> values;
  for (std::size_t i = 0; i < problem.outputs.size(); ++i) values.push_back(rounded<B>(bound.output(i)));
  return values;
}

}  // namespace saccade::testing
