#pragma once

#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/core/component.hpp>
#include <saccade/core/tensor.hpp>
#include <saccade/training/safetensors.hpp>
#if defined(SACCADE_TEST_CUDA)
#include <saccade/cuda.hpp>
#endif

#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <set>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace saccade_tests {

using namespace saccade;

/// Largest error allowed, relative to the largest magnitude of the tensor expected. The inputs are exact in both types.
/// double: PyTorch sums in another order, nothing else differs. float: a sum of n products is off by at most n * 6e-8
/// of its magnitudes, and n stays below 200 in these files; Winograd convolutions lose up to 5e-6 more.
template <class Scalar>
inline constexpr double golden_tolerance = std::is_same_v<Scalar, double> ? 1e-11 : 2e-5;

/// The backends to test: those of the CPU that a test names, or, in the programs of tests/backends/cuda, CudaBackend.
#if defined(SACCADE_TEST_CUDA)
template <class...>
using TestedBackends = std::tuple<CudaBackend<float>>;
#else
template <class... OfCpu>
using TestedBackends = std::tuple<OfCpu...>;
#endif

/// One file of tests/golden. Its tensors are named "case/operand".
class GoldenFile {
 public:
  explicit GoldenFile(const std::string& name)
      : file_(read_safetensors(std::filesystem::path(SACCADE_SOURCE_DIR) / "tests" / "golden" /
                               (name + ".safetensors"))) {
    REQUIRE(file_.metadata.count("pytorch") == 1);
  }

  /// The cases whose name begins with `prefix`; never none.
  [[nodiscard]] std::vector<std::string> cases(const std::string& prefix = "") const {
    std::vector<std::string> names;
    for (const NamedArray& tensor : file_.tensors) {
      const std::string name = tensor.name.substr(0, tensor.name.find('/'));
      if (name.starts_with(prefix) && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    REQUIRE_FALSE(names.empty());
    return names;
  }

  [[nodiscard]] const SafetensorsFile& content() const { return file_; }

 private:
  SafetensorsFile file_;
};

/// One case on one backend: makes its operands, compares results, and knows which tensors of the file were used.
template <class B>
class GoldenCase {
 public:
  GoldenCase(const GoldenFile& file, std::string name, B& backend)
      : file_(file.content()), name_(std::move(name)), backend_(backend) {}

  [[nodiscard]] const std::string& name() const { return name_; }

  [[nodiscard]] Index integer(const std::string& operand) { return at(operand).template values<std::int64_t>().at(0); }
  [[nodiscard]] bool flag(const std::string& operand) { return integer(operand) != 0; }
  [[nodiscard]] double number(const std::string& operand) { return at(operand).template values<double>().at(0); }

  [[nodiscard]] std::vector<std::uint8_t> bytes(const std::string& operand) {
    return at(operand).template values<std::uint8_t>();
  }

  [[nodiscard]] Shape shape(const std::string& operand) { return shape_of(at(operand)); }

  [[nodiscard]] std::vector<double> numbers(const std::string& operand) { return numbers_of(at(operand)); }

  /// A tensor with the stored values.
  [[nodiscard]] Tensor<B> given(const std::string& operand) {
    const NamedArray& array = at(operand);
    return make_tensor<B, double>(backend_, shape_of(array), numbers_of(array));
  }

  /// A tensor that a result has to overwrite: NaN everywhere.
  [[nodiscard]] Tensor<B> blank(const Shape& shape) {
    Tensor<B> tensor = backend_.zeros(shape);
    backend_.fill(std::numeric_limits<Scalar<B>>::quiet_NaN(), tensor);
    return tensor;
  }
  [[nodiscard]] Tensor<B> blank_like(const std::string& operand) { return blank(shape_of(at(operand))); }

  /// Compares with the stored result.
  void check(const std::string& operand, const Tensor<B>& tensor, double tolerance = golden_tolerance<Scalar<B>>) {
    const NamedArray& array = at(operand);
    INFO(name_ << "/" << operand);
    if (!array.shape.empty()) REQUIRE(to_string(backend_.shape(tensor)) == to_string(shape_of(array)));
    compare(to_vector(backend_, tensor), numbers_of(array), tolerance);
  }

  /// Compares `tensor_of(t)` for every step t of a rollout with the stored result, stacked along its first axis.
  template <class TensorOf>
  void check_steps(const std::string& operand, std::size_t steps, TensorOf tensor_of, double tolerance) {
    INFO(name_ << "/" << operand);
    std::vector<Scalar<B>> stacked;
    for (std::size_t t = 0; t < steps; ++t) {
      const std::vector<Scalar<B>> values = to_vector(backend_, tensor_of(t));
      stacked.insert(stacked.end(), values.begin(), values.end());
    }
    compare(stacked, numbers_of(at(operand)), tolerance);
  }

  /// Puts the stored tensors of a Parameters or Statistics type into `owner`; `kind` is "parameter", say.
  template <class Owner>
  void give_all(const std::string& kind, Owner& owner) {
    for (const auto& named : named_tensors<B>(owner)) {
      const Shape shape = backend_.shape(*named.tensor);
      if (shape.size() == 0) continue;  // statistics that group normalisation does not have
      REQUIRE(to_string(shape) == to_string(this->shape(kind + ":" + named.name)));
      *named.tensor = given(kind + ":" + named.name);
    }
  }

  /// Compares every tensor of `owner` with the stored one of its name.
  template <class Owner>
  void check_all(const std::string& kind, const Owner& owner, double tolerance) {
    for (const auto& named : named_tensors<B>(owner)) {
      if (backend_.shape(*named.tensor).size() != 0) check(kind + ":" + named.name, *named.tensor, tolerance);
    }
  }

  /// To be called at the end of a case: a tensor that nobody looked at is a test that does not test.
  void expect_all_used() const {
    for (const NamedArray& tensor : file_.tensors) {
      if (!tensor.name.starts_with(name_ + "/")) continue;
      INFO(tensor.name);
      CHECK(used_.count(tensor.name) == 1);
    }
  }

 private:
  static void compare(const std::vector<Scalar<B>>& actual, const std::vector<double>& expected, double tolerance) {
    REQUIRE(actual.size() == expected.size());
    double largest = 0;
    for (const double value : expected) largest = std::max(largest, std::abs(value));
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const double error = std::abs(static_cast<double>(actual[i]) - expected[i]);
      if (error <= tolerance * largest) continue;  // not so for NaN
      FAIL_CHECK("element " << i << " of " << expected.size() << " is " << actual[i] << ", but PyTorch has "
                            << expected[i] << "; the largest is " << largest);
      return;
    }
    SUCCEED();
  }

  const NamedArray& at(const std::string& operand) {
    used_.insert(name_ + "/" + operand);
    return file_.at(name_ + "/" + operand);
  }

  [[nodiscard]] static Shape shape_of(const NamedArray& array) {
    const auto& s = array.shape;
    switch (s.size()) {
      case 0:
        return {};
      case 1:
        return {s[0]};
      case 2:
        return {s[0], s[1]};
      case 3:
        return {s[0], s[1], s[2]};
      default:
        return {s.at(0), s.at(1), s.at(2), s.at(3)};
    }
  }

  [[nodiscard]] static std::vector<double> numbers_of(const NamedArray& array) {
    if (array.dtype == DataType::float64) return array.values<double>();
    const std::vector<float> single = array.values<float>();
    return {single.begin(), single.end()};
  }

  const SafetensorsFile& file_;
  std::string name_;
  B& backend_;
  std::set<std::string> used_;
};

/// Calls `body(backend)` with a new backend: EigenBackend once for every instruction set that this processor can run.
template <class B, class Body>
void for_each_backend(Body body) {
  if constexpr (std::is_same_v<B, saccade::EigenBackend<float>>) {
    for (const auto set :
         {saccade::InstructionSet::portable, saccade::InstructionSet::avx2, saccade::InstructionSet::avx512}) {
      if (!saccade::supports(set)) continue;
      INFO(saccade::name(set));
      B backend({.instruction_set = set});
      body(backend);
    }
  } else {
#if defined(SACCADE_TEST_CUDA)
    B backend({.precision = Precision::single});
#else
    B backend;
#endif
    body(backend);
  }
}

/// Runs `test(backend, golden_case)` on every case of a file whose name begins with `prefix`.
template <class B, class Test>
void for_each_golden_case(const std::string& file_name, const std::string& prefix, Test test) {
  const GoldenFile file(file_name);
  for_each_backend<B>([&](B& backend) {
    for (const std::string& name : file.cases(prefix)) {
      GoldenCase<B> golden(file, name, backend);
      test(backend, golden);
      golden.expect_all_used();
    }
  });
}

}  // namespace saccade_tests
