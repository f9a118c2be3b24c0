#pragma once

#include <saccade/testing/adjoint.hpp>
#include <saccade/testing/gradient_check.hpp>
#include <saccade/testing/laws.hpp>

#include <exception>
#include <limits>
#include <type_traits>

namespace saccade::inline SACCADE_NAMESPACE::testing {

/// What the kit cannot know of a backend.
template <class B>
struct ConformanceOptions {
  /// Makes another backend that has to give the same bits, with another number of threads, say.
  std::function<B()> make_another = {};
  /// Allocations since the program began, on the host or a device. With it, second calls must not allocate.
  std::function<Index()> allocations = {};
  /// Relative spacing of the numbers the backend multiplies: larger than that of Scalar where it uses a shorter format.
  double epsilon = static_cast<double>(std::numeric_limits<Scalar<B>>::epsilon());
};

/// The cases of a backend under construction. Each case makes a backend of its own and catches what it throws.
template <class B, class R>
class Suite {
 public:
  Suite(std::function<B()> make, ConformanceOptions<B> options)
      : make_(std::move(make)), options_(std::move(options)) {}

  /// A law that is written out: `check(b, report)`.
  template <class Check>
  void add(std::string name, Check check) {
    cases_.push_back({std::move(name), [make = make_, check] {
                        Report report;
                        try {
                          B b = make();
                          check(b, report);
                        } catch (const std::exception& error) {
                          report.fail(std::string("throws: ") + error.what());
                        }
                        return report;
                      }});
  }

  /// All the laws of laws.hpp for an operation. `problems()` returns a Problems<B, R>; it is called when a case runs.
  template <class MakeProblems>
  void operation(const std::string& name, MakeProblems problems) {
    operation_with_setup(name, problems);
    if (!options_.allocations) return;
    each_problem(name + ": allocates nothing the second time", problems,
                 [count = options_.allocations](B& b, const auto& problem, Report& report) {
                   check_allocations(b, problem, count, report);
                 });
  }

  /// The same for a call that also makes what it needs, so that allocations have to be counted elsewhere.
  template <class MakeProblems>
  void operation_with_setup(const std::string& name, MakeProblems problems) {
    const double epsilon = options_.epsilon;
    each_problem(name + ": agrees with the reference", problems, [epsilon](B& b, const auto& problem, Report& report) {
      check_agreement(b, problem, epsilon, report);
    });
    each_problem(name + ": overwrites and accumulates", problems,
                 [epsilon](B& b, const auto& problem, Report& report) { check_writes(b, problem, epsilon, report); });
    each_problem(
        name + ": repeats bit for bit", problems,
        [make = options_.make_another ? options_.make_another : make_](B& b, const auto& problem, Report& report) {
          B other = make();
          check_repeats(b, other, problem, report);
        });
  }

  /// That an output may be the same tensor as an input, where the problems name such pairs.
  template <class MakeProblems>
  void in_place(const std::string& name, MakeProblems problems) {
    each_problem(name + ": works in place", problems,
                 [epsilon = options_.epsilon](B& b, const auto& problem, Report& report) {
                   check_in_place(b, problem, epsilon, report);
                 });
  }

  /// That a backward is the adjoint, for forwards that are linear in something. `derivatives()` returns a
  /// std::vector<Derivative<B>>.
  template <class MakeDerivatives>
  void adjoint(const std::string& name, MakeDerivatives derivatives) {
    add(name + ": backward is the adjoint", [derivatives, epsilon = options_.epsilon](B& b, Report& report) {
      for (const Derivative<B>& derivative : derivatives()) check_adjoint(b, derivative, epsilon, report);
    });
  }

  /// That a backward agrees with central differences.
  template <class MakeDerivatives>
  void gradient(const std::string& name, MakeDerivatives derivatives) {
    if (options_.epsilon > coarsest_epsilon) return;
    add(name + ": backward agrees with central differences",
        [derivatives, epsilon = options_.epsilon](B& b, Report& report) {
          for (const Derivative<B>& derivative : derivatives()) check_gradient(b, derivative, epsilon, report);
        });
  }

  /// Numbers worked out by hand: after `call(b, in, out)`, which overwrites, the outputs hold `expected`.
  template <class HandCall>
  void by_hand(const std::string& name, std::vector<Operand> inputs, std::vector<Result> outputs,
               std::vector<std::vector<double>> expected, HandCall call) {
    add(name, [=, epsilon = options_.epsilon](B& b, Report& report) {
      Bound<B> bound(b, inputs, outputs);
      bound.fill_outputs(initial_values(outputs, {Write::overwrite, Write::overwrite}));
      call(b, bound.in, bound.out);
      for (std::size_t i = 0; i < outputs.size(); ++i) {
        expect_values(report, "by hand", outputs[i].name, bound.output(i), expected[i],
                      sum_tolerance(epsilon, 1, largest(expected[i])));
      }
    });
  }

  [[nodiscard]] const ConformanceOptions<B>& options() const { return options_; }
  [[nodiscard]] std::vector<Case>& cases() { return cases_; }

 private:
  /// Coarser numbers have no meaningful differences.
  static constexpr double coarsest_epsilon = 1e-6;

  template <class MakeProblems, class Check>
  void each_problem(std::string name, MakeProblems problems, Check check) {
    add(std::move(name), [problems, check](B& b, Report& report) {
      for (const Problem<B, R>& problem : problems()) check(b, problem, report);
    });
  }

  std::function<B()> make_;
  ConformanceOptions<B> options_;
  std::vector<Case> cases_;
};

}  // namespace saccade::testing
