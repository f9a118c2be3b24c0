#pragma once

#include <saccade/ops/glimpse.hpp>
#include <saccade/ops/memory.hpp>
#include <saccade/ops/pointwise.hpp>
#include <saccade/ops/policy.hpp>
#include <saccade/ops/step.hpp>
#include <saccade/testing/cases/glimpse.hpp>
#include <saccade/testing/suite.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::testing {

namespace detail {
/// Counters of the calls of a body: in step, with a gap, and back again after steps that came to nothing.
inline constexpr std::uint64_t step_counters[] = {0, 256, 512, 768, 5120, 768, 1024};

/// What is drawn in a body whose call has this counter.
template <class B>
void draw_all(B& b, std::uint64_t counter, const Tensor<B>& mean, const Tensor<B>& probabilities, Tensor<B>& gaussian,
              Tensor<B>& uniform, Tensor<B>& classes) {
  const auto key = [&](RandomStream stream, std::uint64_t t) { return RandomKey{17, stream, counter + t, 3}; };
  ops::sample_gaussian(b, mean, 0.5, key(RandomStream::location, 1), gaussian);
  ops::sample_uniform(b, -1, 1, key(RandomStream::first_location, 0), uniform);
  ops::sample_categorical(b, probabilities, key(RandomStream::category, 200), classes);
}

/// Two pictures for call number `call`, others each time.
[[nodiscard]] inline std::vector<Picture> pictures_of(int call) {
  return {
      {random_image("first " + std::to_string(call), 19 + call, 23), Symmetry::identity},
      {random_image("second " + std::to_string(call), 17, 31 - call), static_cast<Symmetry>(call % symmetry_count)}};
}
}  // namespace detail

/// Laws of ops::run_step, for a backend that records.
template <class B, class R>
void add_step_cases(Suite<B, R>& suite) {
  if constexpr (ops::RecordedStep<B>) {
    // y += 2 x, then z = x y: with x = 1, 2, 3, ... y is 2, 6, 12, 20, 30, and z is 2, 12, 36, 80, 150.
    suite.add("run_step: a body has its effect in every call", [](B& b, Report& report) {
      Tensor<B> x = b.zeros({3}), y = b.zeros({3}), z = b.zeros({3});
      ops::StepGraph<B> graph;
      double sum = 0;
      for (int call = 1; call <= 5; ++call) {
        ops::fill(b, static_cast<Scalar<B>>(call), x);
        ops::run_step(b, graph, {}, [&] {
          ops::axpy(b, Scalar<B>(2), x, y);
          ops::multiply(b, x, y, z, Write::overwrite);
        });
        sum += 2 * call;
        const std::string where = "call " + std::to_string(call);
        expect_values(report, where, "y", values_of(b, y), {sum, sum, sum}, 0);
        expect_values(report, where, "z", values_of(b, z), {call * sum, call * sum, call * sum}, 0);
      }
    });

    suite.add("run_step: two bodies in turn, and a graph that is moved", [](B& b, Report& report) {
      Tensor<B> x = make_tensor_of(b, {2}, {1, 2}), y = b.zeros({2}), z = b.zeros({2});
      ops::StepGraph<B> first, second;
      for (int call = 1; call <= 5; ++call) {
        ops::run_step(b, first, {}, [&] { ops::axpy(b, Scalar<B>(1), x, y); });
        ops::run_step(b, second, {}, [&] { ops::axpy(b, Scalar<B>(-1), x, z); });
        ops::StepGraph<B> moved = std::move(first);
        first = std::move(moved);
        const double n = call;
        expect_values(report, "call " + std::to_string(call), "y", values_of(b, y), {n, 2 * n}, 0);
        expect_values(report, "call " + std::to_string(call), "z", values_of(b, z), {-n, -2 * n}, 0);
      }
    });

    suite.add("run_step: draws are those of the call's own counter", [](B& b, Report& report) {
      const Index batch = 9;
      const Tensor<B> mean = make_tensor_of(b, {batch, 2}, random_values("mean", {batch, 2}));
      const Tensor<B> probabilities = make_tensor_of(b, {batch, 3}, random_probabilities("probabilities", {batch, 3}));
      Tensor<B> drawn[2][3] = {{b.zeros({batch, 2}), b.zeros({5}), b.zeros({batch})},
                               {b.zeros({batch, 2}), b.zeros({5}), b.zeros({batch})}};
      ops::StepGraph<B> graph;
      for (const std::uint64_t counter : detail::step_counters) {
        const auto draw = [&](Tensor<B>(&into)[3]) {
          detail::draw_all(b, counter, mean, probabilities, into[0], into[1], into[2]);
        };
        ops::run_step(b, graph, {.counter = counter, .stride = 256}, [&] { draw(drawn[0]); });
        draw(drawn[1]);
        for (std::size_t i = 0; i < 3; ++i) {
          expect_same_bits(report, "counter " + std::to_string(counter), "sample", values_of(b, drawn[0][i]),
                           values_of(b, drawn[1][i]));
        }
      }
    });

    suite.add("run_step: a body that throws leaves no recording", [](B& b, Report& report) {
      for (int failing = 1; failing <= 2; ++failing) {
        Tensor<B> x = make_tensor_of(b, {1}, {1}), y = b.zeros({1});
        ops::StepGraph<B> graph;
        for (int call = 1; call <= 5; ++call) {
          const bool fails = call == failing;
          bool thrown = false;
          try {
            ops::run_step(b, graph, {}, [&] {
              ops::axpy(b, Scalar<B>(1), x, x);
              if (fails) throw ConfigError("as intended");
              ops::axpy(b, Scalar<B>(1), x, y);
            });
          } catch (const ConfigError&) {
            thrown = true;
          }
          report.expect(thrown == fails, "the error of a body must come out of run_step, in the call that made it");
          // How far the failed call came is left open.
          ops::fill(b, Scalar<B>(1), x);
        }
        expect_values(report, "four calls of five", "y", values_of(b, y), {8}, 0);
      }
    });

    if (suite.options().allocations) {
      suite.add("run_step: allocates nothing once it is recorded",
                [count = suite.options().allocations](B& b, Report& report) {
                  Tensor<B> x = b.zeros({64}), y = b.zeros({64});
                  ops::StepGraph<B> graph;
                  const auto step = [&] { ops::run_step(b, graph, {}, [&] { ops::axpy(b, Scalar<B>(1), x, y); }); };
                  for (int call = 0; call < 3; ++call) step();
                  b.synchronize();
                  const Index before = count();
                  step();
                  b.synchronize();
                  report.expect(count() == before, "the fourth call must not allocate");
                });
    }

    suite.add("run_step: a backend that records stages images", [](B&, Report& report) {
      report.expect(
          ops::StagedImages<B>,
          "the backend is ops::RecordedStep and must be ops::StagedImages as well: a repetition would look at "
          "the images of the recording");
    });
  }
  if constexpr (ops::RecordedStep<B> && ops::StagedImages<B>) {
    suite.add("run_step: crops look at the images staged last", [](B& b, Report& report) {
      const GlimpseGeometry geometry{.side = 5, .scales = 2};
      const std::vector<double> location{0.25, -0.5, -0.125, 0.75};
      const Tensor<B> at = make_tensor_of(b, {2, 2}, location);
      Tensor<B> patches = b.zeros(ops::glimpse_shape(2, geometry));
      ops::StepGraph<B> graph;
      for (int call = 0; call < 5; ++call) {
        const std::vector<detail::Picture> pictures = detail::pictures_of(call);
        const detail::PictureBatch<B> images(b, pictures);
        const std::vector<double> expected = detail::crop(b, pictures, location, geometry);
        ops::stage_images(b, images.view(), geometry);
        ops::run_step(b, graph, {}, [&] { ops::crop_glimpses(b, images.view(), at, geometry, patches); });
        expect_same_bits(report, "call " + std::to_string(call), "patches", values_of(b, patches), expected);
      }
    });
  }
  if constexpr (ops::StagedImages<B>) {
    suite.add("stage_images: a crop of other images stages them by itself", [](B& b, Report& report) {
      const GlimpseGeometry geometry{.side = 5};
      const std::vector<double> location{0.25, -0.5, -0.125, 0.75};
      const std::vector<detail::Picture> pictures = detail::pictures_of(0), others = detail::pictures_of(1);
      const detail::PictureBatch<B> images(b, others);
      const std::vector<double> expected = detail::crop(b, pictures, location, geometry);
      ops::stage_images(b, images.view(), geometry);
      expect_same_bits(report, "after others were staged", "patches", detail::crop(b, pictures, location, geometry),
                       expected);
    });
  }
  if constexpr (requires { &B::run_step; } && !ops::RecordedStep<B>) {
    suite.add("run_step: with its StepGraph or not at all", [](B&, Report& report) {
      report.fail(
          "the backend has a run_step that is never called: ops::RecordedStep also asks for a StepGraph, and for "
          "the argument list in saccade/ops/step.hpp");
    });
  }
  if constexpr (requires { &B::stage_images; } && !ops::StagedImages<B>) {
    suite.add("stage_images: as it is called", [](B&, Report& report) {
      report.fail(
          "the backend has a stage_images that is never called: ops::StagedImages asks for the argument list in "
          "saccade/ops/glimpse.hpp");
    });
  }
}

}  // namespace saccade::testing
