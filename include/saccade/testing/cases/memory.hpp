#pragma once

#include <saccade/ops/memory.hpp>
#include <saccade/testing/suite.hpp>

namespace saccade::inline v0::testing {

template <class B, class R>
void add_memory_cases(Suite<B, R>& suite) {
  suite.add("memory: a tensor has its shape and begins with zeros", [](B& b, Report& report) {
    for (const Shape& shape :
         {Shape{}, Shape{1}, Shape{0}, Shape{7}, Shape{3, 5}, Shape{0, 4, 4, 2}, Shape{2, 3, 5, 7}}) {
      // Memory that comes back from a tensor that held something else is cleared as well.
      for (int round = 0; round < 2; ++round) {
        Tensor<B> tensor = b.zeros(shape);
        report.expect(b.shape(tensor) == shape, "shape() is " + saccade::to_string(b.shape(tensor)) + ", but must be " +
                                                    saccade::to_string(shape));
        expect_values(report, saccade::to_string(shape), "zeros", values_of(b, tensor),
                      std::vector<double>(static_cast<std::size_t>(shape.size())), 0);
        ops::fill(b, std::numeric_limits<Scalar<B>>::quiet_NaN(), tensor);
      }
    }
  });

  suite.add("memory: upload, copy, fill and download are exact", [](B& b, Report& report) {
    const Shape shape{3, 5, 7};
    const std::vector<double> values = random_values("values", shape);
    Tensor<B> x = make_tensor_of(b, shape, values), y = b.zeros(shape);
    ops::copy(b, x, y);
    expect_values(report, "after copy", "y", values_of(b, y), values, 0);
    ops::fill(b, Scalar<B>(0.75), x);
    expect_values(report, "after fill", "x", values_of(b, x), std::vector<double>(values.size(), 0.75), 0);
    expect_values(report, "after x was filled: a copy has memory of its own", "y", values_of(b, y), values, 0);
  });

  suite.add("memory: a moved tensor keeps its numbers", [](B& b, Report& report) {
    Tensor<B> x = make_tensor_of(b, {3}, {1, 2, 3}), y = b.zeros({5});
    Tensor<B> moved = std::move(x);
    y = std::move(moved);
    expect_values(report, "moved twice", "y", values_of(b, y), {1, 2, 3}, 0);
  });
}

}  // namespace saccade::inline v0::testing
