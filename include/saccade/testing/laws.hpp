#pragma once

#include <saccade/testing/problem.hpp>
#include <saccade/testing/report.hpp>
#include <saccade/testing/tolerance.hpp>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>

/// Laws that every operation obeys, whatever it computes.
namespace saccade::inline SACCADE_NAMESPACE::testing {

/// "0.25": as few digits as tell the number from every other.
[[nodiscard]] inline std::string number_text(double value) {
  char text[40];
  return std::string(text, std::to_chars(text, text + sizeof text, value).ptr);
}

/// "y[3] is 1, but must be 2 within 1e-06 (linear by hand)"; NaN equals nothing.
inline void expect_values(Report& report, std::string_view where, std::string_view name,
                          const std::vector<double>& actual, const std::vector<double>& expected, double tolerance) {
  if (actual.size() != expected.size()) {
    report.fail(std::string(name) + " has " + std::to_string(actual.size()) + " numbers, but must have " +
                std::to_string(expected.size()) + " (" + std::string(where) + ")");
    return;
  }
  for (std::size_t i = 0; i < actual.size(); ++i) {
    if (actual[i] == expected[i] || std::abs(actual[i] - expected[i]) <= tolerance) continue;
    report.fail(std::string(name) + "[" + std::to_string(i) + "] is " + number_text(actual[i]) + ", but must be " +
                number_text(expected[i]) + " within " + number_text(tolerance) + " (" + std::string(where) + ")");
  }
}

/// The same bits, NaN and the sign of 0 included.
inline void expect_same_bits(Report& report, std::string_view where, std::string_view name,
                             const std::vector<double>& actual, const std::vector<double>& expected) {
  for (std::size_t i = 0; i < actual.size(); ++i) {
    if (std::bit_cast<std::uint64_t>(actual[i]) == std::bit_cast<std::uint64_t>(expected[i])) continue;
    report.fail(std::string(name) + "[" + std::to_string(i) + "] is " + number_text(actual[i]) + " and was " +
                number_text(expected[i]) + " (" + std::string(where) + ")");
  }
}

/// The largest absolute value.
[[nodiscard]] inline double largest(const std::vector<double>& values) {
  double result = 0;
  for (const double value : values) result = std::max(result, std::abs(value));
  return result;
}

/// Every combination of the writes that a problem knows.
[[nodiscard]] inline std::vector<Writes> all_writes(const std::vector<Result>& outputs) {
  int count = 0;
  for (const Result& output : outputs) count = std::max(count, output.write + 1);
  std::vector<Writes> combinations;
  for (const Write first : {Write::overwrite, Write::accumulate}) {
    for (const Write second : {Write::overwrite, Write::accumulate}) {
      if (count < 2 && second == Write::accumulate) continue;
      if (count < 1 && first == Write::accumulate) continue;
      combinations.push_back({first, second});
    }
  }
  return combinations;
}

/// The same numbers as the reference, from outputs that held NaN or were accumulated into; inputs are left alone.
template <class B, class R>
void check_agreement(B& b, const Problem<B, R>& problem, double epsilon, Report& report) {
  const std::string where = to_string(problem.inputs);
  R reference{};
  for (const Writes& writes : all_writes(problem.outputs)) {
    auto before = initial_values(problem.outputs, writes);
    Bound<B> mine(b, problem.inputs, problem.outputs);
    mine.fill_outputs(before);
    // The reference is given what the backend holds: a map may have fewer digits.
    std::vector<Operand> inputs = problem.inputs;
    for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i].values = mine.input(i);
    for (std::size_t i = 0; i < before.size(); ++i) before[i] = mine.output(i);
    Bound<R> theirs(reference, inputs, problem.outputs);
    theirs.fill_outputs(before);
    problem.on_backend(b, mine.in, mine.out, writes);
    problem.on_reference(reference, theirs.in, theirs.out, writes);
    for (std::size_t i = 0; i < problem.outputs.size(); ++i) {
      const std::vector<double> expected = theirs.output(i);
      expect_values(report, where, problem.outputs[i].name, mine.output(i), expected,
                    sum_tolerance(epsilon, problem.depth, largest(expected)));
    }
    for (std::size_t i = 0; i < problem.inputs.size(); ++i) {
      expect_same_bits(report, "an input after the call; " + where, problem.inputs[i].name, mine.input(i),
                       inputs[i].values);
    }
  }
}

/// Overwriting replaces NaN by finite numbers v; accumulating once gives s + v, and twice s + 2 v.
template <class B, class R>
void check_writes(B& b, const Problem<B, R>& problem, double epsilon, Report& report) {
  const std::string where = to_string(problem.inputs);
  const Writes overwrite{Write::overwrite, Write::overwrite}, accumulate{Write::accumulate, Write::accumulate};
  Bound<B> written(b, problem.inputs, problem.outputs), added(b, problem.inputs, problem.outputs);
  written.fill_outputs(initial_values(problem.outputs, overwrite));
  problem.on_backend(b, written.in, written.out, overwrite);
  const auto before = initial_values(problem.outputs, accumulate);
  added.fill_outputs(before);
  for (int times = 1; times <= 2; ++times) {
    problem.on_backend(b, added.in, added.out, accumulate);
    for (std::size_t i = 0; i < problem.outputs.size(); ++i) {
      const Result& output = problem.outputs[i];
      const std::vector<double> value = written.output(i);
      for (std::size_t k = 0; k < value.size(); ++k) {
        if (!std::isfinite(value[k])) {
          report.fail(output.name + "[" + std::to_string(k) + "] is not finite after overwriting (" + where + ")");
          return;
        }
      }
      if (output.write == no_write || !output.initial.empty()) continue;
      std::vector<double> expected = before[i];
      for (std::size_t k = 0; k < expected.size(); ++k) expected[k] += times * value[k];
      expect_values(report, "accumulated " + std::to_string(times) + " times; " + where, output.name, added.output(i),
                    expected, sum_tolerance(epsilon, problem.depth, largest(value) + largest(before[i])));
    }
  }
}

/// The outputs of one overwriting call.
template <class B, class R>
[[nodiscard]] std::vector<std::vector<double>> run_once(B& b, const Problem<B, R>& problem) {
  const Writes writes{Write::overwrite, Write::overwrite};
  Bound<B> bound(b, problem.inputs, problem.outputs);
  bound.fill_outputs(initial_values(problem.outputs, writes));
  problem.on_backend(b, bound.in, bound.out, writes);
  std::vector<std::vector<double>> values;
  for (std::size_t i = 0; i < problem.outputs.size(); ++i) values.push_back(bound.output(i));
  return values;
}

/// The same bits again, on this backend and on `other`.
template <class B, class R>
void check_repeats(B& b, B& other, const Problem<B, R>& problem, Report& report) {
  const std::string where = to_string(problem.inputs);
  const auto first = run_once(b, problem), again = run_once(b, problem), elsewhere = run_once(other, problem);
  for (std::size_t i = 0; i < first.size(); ++i) {
    expect_same_bits(report, "the second time; " + where, problem.outputs[i].name, again[i], first[i]);
    expect_same_bits(report, "on another backend object; " + where, problem.outputs[i].name, elsewhere[i], first[i]);
  }
}

/// The same numbers where an output is the same tensor as an input.
template <class B, class R>
void check_in_place(B& b, const Problem<B, R>& problem, double epsilon, Report& report) {
  const Writes writes{Write::overwrite, Write::overwrite};
  const auto expected = run_once(b, problem);
  for (const auto& [input, output] : problem.aliases) {
    Bound<B> bound(b, problem.inputs, problem.outputs);
    bound.fill_outputs(initial_values(problem.outputs, writes));
    bound.out.replace(output, bound.input_tensor(input));
    problem.on_backend(b, bound.in, bound.out, writes);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const std::vector<double> actual = i == output ? bound.input(input) : bound.output(i);
      expect_values(report,
                    problem.outputs[output].name + " is the tensor " + problem.inputs[input].name + "; " +
                        to_string(problem.inputs),
                    problem.outputs[i].name, actual, expected[i],
                    sum_tolerance(epsilon, problem.depth, largest(expected[i])));
    }
  }
}

/// A second call allocates nothing; `allocations` counts them since the program began.
template <class B, class R>
void check_allocations(B& b, const Problem<B, R>& problem, const std::function<Index()>& allocations, Report& report) {
  const Writes writes{Write::overwrite, Write::overwrite};
  Bound<B> bound(b, problem.inputs, problem.outputs);
  bound.fill_outputs(initial_values(problem.outputs, writes));
  problem.on_backend(b, bound.in, bound.out, writes);
  b.synchronize();
  const Index before = allocations();
  problem.on_backend(b, bound.in, bound.out, writes);
  b.synchronize();
  const Index count = allocations() - before;
  if (count != 0) {
    report.fail("the second call allocates " + std::to_string(count) + " times, but must not (" +
                to_string(problem.inputs) + ")");
  }
}

}  // namespace saccade::testing
