#pragma once

#include <saccade/ops/memory.hpp>
#include <saccade/testing/suite.hpp>

namespace saccade::inline SACCADE_NAMESPACE::testing {

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

  suite.add("memory: a copy in another shape keeps the row-major order", [](B& b, Report& report) {
    for (const auto& [from, to] : {std::pair<Shape, Shape>{{3, 5, 7}, {7, 15}},
                                   {{2, 3, 5, 8}, {6, 40}},
                                   {{6, 40}, {2, 3, 5, 8}},
                                   {{1, 2, 3, 4}, {2, 1, 4, 3}},
                                   {{1}, {}},
                                   {{0, 3}, {5, 0}}}) {
      const std::string where = saccade::to_string(from) + " to " + saccade::to_string(to);
      const std::vector<double> values = random_values("values", from);
      const std::vector<Scalar<B>> numbers(values.begin(), values.end());
      Tensor<B> x = make_map(b, from), y = make_map(b, to), z = b.zeros(to);
      ops::upload(b, std::span<const Scalar<B>>(numbers), x);
      ops::reshape(b, x, y);
      ops::reshape(b, x, z);
      report.expect(b.shape(y) == to, where + ": the copy has shape " + saccade::to_string(b.shape(y)));
      expect_values(report, where, "the copy", values_of(b, y), values, 0);
      expect_values(report, where, "the copy in a tensor that is no map", values_of(b, z), values, 0);
    }
  });

  suite.add("memory: a moved tensor keeps its numbers", [](B& b, Report& report) {
    Tensor<B> x = make_tensor_of(b, {3}, {1, 2, 3}), y = b.zeros({5});
    Tensor<B> moved = std::move(x);
    y = std::move(moved);
    expect_values(report, "moved twice", "y", values_of(b, y), {1, 2, 3}, 0);
  });

  if constexpr (FeatureMaps<B>) {
    suite.add("feature_map: a tensor like others, of numbers of 8 bits at least", [](B& b, Report& report) {
      for (const Shape& shape : {Shape{0}, Shape{0, 4, 4, 2}, Shape{2, 3, 5, 7}, Shape{1, 4, 4, 64}}) {
        const std::size_t count = static_cast<std::size_t>(shape.size());
        const std::vector<double> values = random_values("values", shape);
        // Memory that comes back is cleared, as above.
        for (int round = 0; round < 2; ++round) {
          Tensor<B> map = make_map(b, shape), copy = make_map(b, shape), tensor = b.zeros(shape);
          report.expect(b.shape(map) == shape, "shape() of a map is " + saccade::to_string(b.shape(map)) +
                                                   ", but must be " + saccade::to_string(shape));
          const std::string where = saccade::to_string(shape);
          expect_values(report, where, "a new map", values_of(b, map), std::vector<double>(count), 0);
          const std::vector<Scalar<B>> numbers(values.begin(), values.end());
          ops::upload(b, std::span<const Scalar<B>>(numbers), map);
          ops::copy(b, map, copy);
          ops::copy(b, copy, tensor);
          ops::fill(b, Scalar<B>(0.75), map);
          expect_values(report, where + " after fill", "the map", values_of(b, map), std::vector<double>(count, 0.75),
                        0);
          expect_values(report, where, "its copy", values_of(b, copy), values, 0);
          expect_values(report, where, "the copy's copy in a tensor", values_of(b, tensor), values, 0);
          ops::fill(b, Scalar<B>(0), copy);
          ops::copy(b, tensor, copy);
          expect_values(report, where, "a map copied from a tensor", values_of(b, copy), values, 0);
        }
      }
    });
  }
  if constexpr (requires { &B::feature_map; } && !FeatureMaps<B>) {
    suite.add("feature_map: as it is called", [](B&, Report& report) {
      report.fail(
          "the backend has a feature_map that is never called: FeatureMaps in saccade/core/tensor.hpp asks for a "
          "Tensor of a Shape");
    });
  }
}

}  // namespace saccade::testing
