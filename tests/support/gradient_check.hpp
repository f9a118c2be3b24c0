#pragma once

#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/core/component.hpp>
#include <saccade/math/philox.hpp>
#include <saccade/model/parameters.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

/// Gradients by central differences in double precision, for the tests of components and of the model.
namespace saccade_test {

using Reference = saccade::ReferenceBackend<double>;
using Array = Reference::Tensor;

inline constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// Numbers in (low, high), the same on every machine.
inline void randomize(Array& x, std::uint64_t seed, double low = -1, double high = 1) {
  for (std::size_t i = 0; i < x.values.size(); ++i) {
    const auto block = saccade::math::random_block({.seed = seed}, static_cast<std::uint32_t>(i));
    x.values[i] = low + (high - low) * saccade::math::unit_interval(block.word[0]);
  }
}

inline Array random_array(const saccade::Shape& shape, std::uint64_t seed, double low = -1, double high = 1) {
  Array x = Reference{}.zeros(shape);
  randomize(x, seed, low, high);
  return x;
}

inline Array filled(const saccade::Shape& shape, double value) {
  Array x = Reference{}.zeros(shape);
  std::fill(x.values.begin(), x.values.end(), value);
  return x;
}

inline double dot(const Array& x, const Array& y) {
  double sum = 0;
  for (std::size_t i = 0; i < x.values.size(); ++i) sum += x.values[i] * y.values[i];
  return sum;
}

inline double norm(const Array& x) { return std::sqrt(dot(x, x)); }

inline double worst_difference(const Array& x, const Array& y) {
  REQUIRE(x.shape == y.shape);
  double worst = 0;
  for (std::size_t i = 0; i < x.values.size(); ++i) {
    const double difference = std::abs(x.values[i] - y.values[i]);
    worst = difference <= worst ? worst : difference;  // NaN stays
  }
  return worst;
}

/// Sets the parameters to their start and then away from it, so that no scale is 1 and no shift is 0.
template <class Owner>
void randomize_parameters(Owner& parameters, std::uint64_t seed) {
  Reference b;
  saccade::initialize(b, parameters, seed);
  for (const auto& named : saccade::named_tensors<Reference>(parameters)) {
    const Array noise = random_array(named.tensor->shape, ++seed, -0.2, 0.2);
    for (std::size_t i = 0; i < noise.values.size(); ++i) named.tensor->values[i] += noise.values[i];
  }
}

/// d loss / d x along a direction of length 1, by central differences. x is as before afterwards.
template <class Loss>
double directional_derivative(Array& x, const Array& direction, Loss& loss) {
  constexpr double step = 1e-6;
  const std::vector<double> before = x.values;
  const auto at = [&](double distance) {
    for (std::size_t i = 0; i < before.size(); ++i) x.values[i] = before[i] + distance * direction.values[i];
    return loss();
  };
  const double difference = at(step) - at(-step);
  x.values = before;
  return difference / (2 * step);
}

/// Checks that d_x is the gradient of loss() by x: element by element (up to twelve of them), and along two random
/// directions in which every element takes part.
template <class Loss>
void check_gradient(const std::string& name, Array& x, const Array& d_x, Loss&& loss) {
  INFO(name << " " << to_string(x.shape));
  REQUIRE(x.shape == d_x.shape);
  if (x.values.empty()) return;
  std::vector<Array> directions;
  const std::size_t size = x.values.size();
  for (std::size_t i = 0; i < size; i += std::max<std::size_t>(1, size / 12)) {
    directions.push_back(filled(x.shape, 0));
    directions.back().values[i] = 1;
  }
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    Array direction = random_array(x.shape, 1000 + seed);
    const double length = norm(direction);
    for (double& value : direction.values) value /= length;
    directions.push_back(direction);
  }
  const double scale = std::max(norm(d_x), 1e-2);
  for (const Array& direction : directions) {
    const double expected = directional_derivative(x, direction, loss), actual = dot(d_x, direction);
    CHECK(std::abs(actual - expected) / scale < 1e-6);
  }
}

/// The same for every tensor of a Parameters type.
template <class Owner, class Loss>
void check_gradients(Owner& parameters, Owner& d_parameters, Loss&& loss) {
  const auto values = saccade::named_tensors<Reference>(parameters);
  const auto gradients = saccade::named_tensors<Reference>(d_parameters);
  for (std::size_t i = 0; i < values.size(); ++i)
    check_gradient(values[i].name, *values[i].tensor, *gradients[i].tensor, loss);
}

/// Every element of every tensor, one after another.
template <class Owner>
std::vector<double> all_values(Owner& owner) {
  std::vector<double> all;
  for (const auto& named : saccade::named_tensors<Reference>(owner))
    all.insert(all.end(), named.tensor->values.begin(), named.tensor->values.end());
  return all;
}

/// Checks that `backward`, called once more, doubles the gradients that it has left: they accumulate.
template <class Owner, class Backward>
void check_accumulates(Owner& d_parameters, Backward&& backward) {
  const std::vector<double> once = all_values(d_parameters);
  backward();
  const std::vector<double> twice = all_values(d_parameters);
  double worst = 0;
  for (std::size_t i = 0; i < once.size(); ++i) worst = std::max(worst, std::abs(twice[i] - 2 * once[i]));
  CHECK(worst < 1e-12 * (1 + *std::max_element(once.begin(), once.end())));
}

}  // namespace saccade_test
