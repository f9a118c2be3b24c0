#pragma once

#include <saccade/ops/policy.hpp>
#include <saccade/testing/suite.hpp>

namespace saccade::inline SACCADE_NAMESPACE::testing {

namespace detail {
inline const Shape draw_shapes[] = {{0, 2}, {1, 1}, {3, 2}, {67, 2}, {5, 31}};
inline constexpr RandomKey draw_key{
    .seed = 0x0123456789abcdef, .stream = RandomStream::location, .counter = (std::uint64_t{1} << 33) + 5, .first = 7};

/// All words 0: the published answer of Philox 4x32-10 is 6627e8d5 e169c58d bc57ac4c 9b00dbd8.
inline constexpr RandomKey zero_key{.seed = 0, .stream = static_cast<RandomStream>(0), .counter = 0, .first = 0};

/// The draws `call(b, key, y)` of a batch, and of its two halves by a key that begins in the middle.
template <class B, class Draw>
void check_division(B& b, Report& report, Index width, Draw draw) {
  constexpr Index batch = 8;
  RandomKey key = draw_key;
  const std::vector<double> whole = draw(b, key, batch);
  const std::vector<double> upper = draw(b, key, batch / 2);
  key.first += static_cast<std::uint32_t>(batch / 2 * width);
  const std::vector<double> lower = draw(b, key, batch / 2);
  std::vector<double> halves = upper;
  halves.insert(halves.end(), lower.begin(), lower.end());
  expect_same_bits(report, "in two halves against one batch", "sample", halves, whole);
}
}  // namespace detail

template <class B, class R>
void add_policy_cases(Suite<B, R>& suite) {
  suite.operation("sample_gaussian", [] {
    Problems<B, R> problems;
    for (const Shape& shape : detail::draw_shapes) {
      problems.add({{"mean", shape, random_values("mean", shape)}}, {{"sample", shape}}, 1,
                   [](auto& b, const auto& in, const auto& out, const Writes&) {
                     ops::sample_gaussian(b, in[0], 0.25, detail::draw_key, out[0]);
                   });
    }
    return problems;
  });
  // With 3347444 and 7386338, the upper 23 bits of the first two words, u = 0.39904648 and v = 0.88052016; then
  // sqrt(-2 ln u) cos(2 pi v) = 0.99113748.
  suite.by_hand("sample_gaussian: the published random words by hand", {{"mean", {1, 1}, {3}}}, {{"sample", {1, 1}}},
                {{3 + 0.5 * 0.9911374751458971}}, [](B& b, const auto& in, const auto& out) {
                  ops::sample_gaussian(b, in[0], 0.5, detail::zero_key, out[0]);
                });
  suite.add("sample_gaussian: mean and deviation are as asked for", [](B& b, Report& report) {
    constexpr Index count = 4096;
    const Tensor<B> mean = make_tensor_of(b, {count, 2}, std::vector<double>(2 * count, 0.5));
    Tensor<B> sample = b.zeros({count, 2});
    ops::sample_gaussian(b, mean, 2, detail::draw_key, sample);
    double sum = 0, squares = 0;
    for (const double value : values_of(b, sample)) {
      sum += value - 0.5;
      squares += (value - 0.5) * (value - 0.5);
    }
    // Five standard errors: 2 / sqrt(n) of the mean, 4 sqrt(2 / n) of the variance.
    const double n = 2 * count;
    expect_values(report, "8192 draws", "mean - 1/2", {sum / n}, {0}, 5 * 2 / std::sqrt(n));
    expect_values(report, "8192 draws", "variance", {squares / n}, {4}, 5 * 4 * std::sqrt(2 / n));
  });
  suite.add("sample_gaussian: a batch may be divided", [](B& b, Report& report) {
    detail::check_division(b, report, 3, [](B& backend, const RandomKey& key, Index batch) {
      const Tensor<B> mean = backend.zeros({batch, 3});
      Tensor<B> sample = backend.zeros({batch, 3});
      ops::sample_gaussian(backend, mean, 0.5, key, sample);
      return values_of(backend, sample);
    });
  });

  suite.operation("sample_uniform", [] {
    Problems<B, R> problems;
    for (const Shape& shape : detail::draw_shapes) {
      problems.add({}, {{"sample", shape}}, 1, [](auto& b, const auto&, const auto& out, const Writes&) {
        ops::sample_uniform(b, -0.5, 1.5, detail::draw_key, out[0]);
      });
    }
    return problems;
  });
  suite.by_hand("sample_uniform: the published random words by hand", {}, {{"sample", {1}}},
                {{-1 + 4 * 0.39904648065567017}},
                [](B& b, const auto&, const auto& out) { ops::sample_uniform(b, -1, 3, detail::zero_key, out[0]); });
  suite.add("sample_uniform: a batch may be divided", [](B& b, Report& report) {
    detail::check_division(b, report, 2, [](B& backend, const RandomKey& key, Index batch) {
      Tensor<B> sample = backend.zeros({batch, 2});
      ops::sample_uniform(backend, -1, 1, key, sample);
      return values_of(backend, sample);
    });
  });

  suite.operation("sample_categorical", [] {
    Problems<B, R> problems;
    for (const Shape& shape : {Shape{0, 2}, Shape{1, 1}, Shape{67, 2}, Shape{131, 7}}) {
      problems.add({{"probabilities", shape, random_probabilities("probabilities", shape)}}, {{"classes", {shape[0]}}},
                   1, [](auto& b, const auto& in, const auto& out, const Writes&) {
                     ops::sample_categorical(b, in[0], detail::draw_key, out[0]);
                   });
    }
    return problems;
  });
  // u = 0.399 again: in the second of 0.25, 0.25, 0.5.
  suite.by_hand(
      "sample_categorical: the published random words by hand", {{"probabilities", {1, 3}, {0.25, 0.25, 0.5}}},
      {{"classes", {1}}}, {{1}},
      [](B& b, const auto& in, const auto& out) { ops::sample_categorical(b, in[0], detail::zero_key, out[0]); });
  suite.by_hand(
      "sample_categorical: an impossible class is never drawn",
      {{"probabilities", {4, 3}, {0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0}}}, {{"classes", {4}}}, {{1, 0, 2, 1}},
      [](B& b, const auto& in, const auto& out) { ops::sample_categorical(b, in[0], detail::draw_key, out[0]); });
}

template <class B, class R>
void add_trainable_policy_cases(Suite<B, R>& suite) {
  suite.operation("gaussian_policy_backward", [] {
    Problems<B, R> problems;
    for (const Shape& shape : detail::draw_shapes) {
      problems.add({{"sample", shape, random_values("sample", shape)},
                    {"mean", shape, random_values("mean", shape)},
                    {"advantage", {shape[0]}, random_values("advantage", {shape[0]})}},
                   {{"d_mean", shape, 0}}, 1, [](auto& b, const auto& in, const auto& out, const Writes& write) {
                     ops::gaussian_policy_backward(b, in[0], in[1], in[2], 0.25, out[0], write[0]);
                   });
    }
    return problems;
  });
  suite.by_hand("gaussian_policy_backward: numbers by hand",
                {{"sample", {2, 2}, {0.5, 0, 1, 1}}, {"mean", {2, 2}, {0.25, 0.5, 1, 2}}, {"advantage", {2}, {2, -1}}},
                {{"d_mean", {2, 2}, 0}}, {{-2, 4, 0, -4}}, [](B& b, const auto& in, const auto& out) {
                  ops::gaussian_policy_backward(b, in[0], in[1], in[2], 0.5, out[0], Write::overwrite);
                });
}

}  // namespace saccade::testing
