#include <saccade/backends/eigen/bf16_convolution.hpp>
#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/ops/convolution.hpp>
#include <saccade/testing/random_tensor.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include "emulated_tiles.hpp"
#include "support/catch.hpp"

using namespace saccade;
using eigen::Bf16;
using eigen::Bf16Kernels;

namespace {

struct Unit {
  std::string name;
  const Bf16Kernels& kernels;
};

/// What can be run here, and AMX without its instructions.
std::vector<Unit> units() {
  std::vector<Unit> found = {{"portable", eigen::bf16_portable::kernels}, {"emulated AMX", emulated_amx}};
  for (const Bf16Unit unit : {Bf16Unit::avx512_bf16, Bf16Unit::amx})
    if (supports(unit)) found.push_back({name(unit), eigen::bf16_kernels(unit)});
  return found;
}

std::vector<Bf16> rounded(const Bf16Kernels& unit, const std::vector<float>& values) {
  std::vector<Bf16> result(values.size());
  unit.round(static_cast<Index>(values.size()), values.data(), result.data());
  return result;
}

/// a (rows, terms) b (terms, columns), by a unit; sizes are multiples of what it asks for.
std::vector<float> product(const Bf16Kernels& unit, Index rows, Index terms, Index columns, const std::vector<float>& a,
                           const std::vector<float>& b) {
  std::vector<Bf16> packed;
  for (Index strip = 0; strip < columns; strip += unit.strip)
    for (Index term = 0; term < terms; term += 2)
      for (Index column = strip; column < std::min(columns, strip + unit.strip); ++column)
        for (const Index half : {0, 1})
          packed.push_back(eigen::round_to_bf16(b[static_cast<std::size_t>((term + half) * columns + column)]));
  std::vector<float> c(static_cast<std::size_t>(rows * columns), std::nanf(""));
  unit.multiply(rows, terms, rounded(unit, a).data(), packed.data(), columns, c.data());
  return c;
}

std::vector<float> random_floats(const char* name, Index count, double unit) {
  std::vector<float> values;
  for (const double value : testing::random_values(name, {count})) values.push_back(static_cast<float>(value * unit));
  return values;
}

struct Problem {
  Shape x, w;
  ConvolutionGeometry geometry;
};

/// 1 x 1, 3 x 3 and 7 x 7 kernels; strides, and windows with gaps between them; padding wider than the kernel's reach;
/// channels that fill vectors and tiles and some that do not; images that take several blocks; outputs of every kind of
/// strip; an empty batch.
const Problem problems[] = {
    {{2, 5, 7, 32}, {64, 1, 1, 32}, {1, 0}},     {{3, 9, 8, 6}, {5, 1, 1, 6}, {1, 0}},
    {{2, 9, 8, 5}, {17, 1, 1, 5}, {3, 0}},       {{2, 19, 23, 3}, {16, 7, 7, 3}, {2, 3}},
    {{2, 11, 14, 20}, {33, 3, 3, 20}, {2, 1}},   {{1, 40, 37, 16}, {48, 3, 3, 16}, {1, 1}},
    {{1, 4, 5, 3}, {8, 2, 2, 3}, {1, 4}},        {{2, 30, 31, 70}, {80, 2, 3, 70}, {4, 1}},
    {{2, 3, 3, 600}, {20, 3, 3, 600}, {1, 1}},   {{1, 70, 90, 32}, {16, 3, 3, 32}, {2, 0}},
    {{0, 9, 7, 6}, {5, 3, 3, 6}, {2, 1}},        {{1, 1, 1, 1}, {1, 1, 1, 1}, {1, 0}},
    {{1, 130, 120, 24}, {24, 1, 1, 24}, {1, 0}},
};

Shape output_shape(const Problem& p) { return ops::convolution_shape(p.x, p.w, p.geometry); }

/// Convolution of the numbers f(x) and f(w) in double precision.
template <class Function>
std::vector<double> exact(const Problem& p, const std::vector<float>& x, const std::vector<float>& w, Function f) {
  using R = ReferenceBackend<double>;
  R r;
  const auto tensor = [&](const Shape& shape, const std::vector<float>& values) {
    std::vector<double> mapped;
    for (const float value : values) mapped.push_back(f(value));
    return make_tensor<R, double>(r, shape, mapped);
  };
  auto y = r.zeros(output_shape(p));
  r.convolve(tensor(p.x, x), tensor(p.w, w), p.geometry, y);
  return to_vector(r, y);
}

std::vector<float> convolved(const Bf16Kernels& unit, int threads, const Problem& p, const std::vector<float>& x,
                             const std::vector<float>& w) {
  eigen::Engine engine(threads, best_instruction_set(), &unit);
  eigen::HostTensor<float> source(p.x), weights(p.w), y(output_shape(p));
  std::copy(x.begin(), x.end(), source.data());
  std::copy(w.begin(), w.end(), weights.data());
  std::fill_n(y.data(), y.size(), std::nanf(""));
  eigen::convolve_bf16(engine, unit, {eigen::image_block(std::as_const(source))}, weights, p.geometry, y, nullptr);
  return {y.values().begin(), y.values().end()};
}

constexpr double roundoff = 1.0 / 256;  // of bf16
constexpr double float_roundoff = 1.0 / (1 << 24);

}  // namespace

TEST_CASE("bf16 keeps 8 significant bits, rounded to the nearest, ties to even", "[eigen][bf16]") {
  const auto up = [](float x) { return to_float(eigen::round_to_bf16(x)); };
  CHECK(up(1.0f) == 1.0f);
  CHECK(up(-0.15625f) == -0.15625f);
  CHECK(up(1.0f + 1.0f / 256) == 1.0f);               // halfway to 1 + 2/256
  CHECK(up(1.0f + 3.0f / 256) == 1.0f + 4.0f / 256);  // halfway from 1 + 2/256
  CHECK(up(std::nextafter(1.0f + 1.0f / 256, 2.0f)) == 1.0f + 2.0f / 256);
  CHECK(up(std::nextafter(1.0f + 3.0f / 256, 0.0f)) == 1.0f + 2.0f / 256);
  CHECK(up(255.5f) == 256.0f);
  CHECK(up(std::numeric_limits<float>::max()) == std::numeric_limits<float>::infinity());
  CHECK(up(-std::numeric_limits<float>::infinity()) == -std::numeric_limits<float>::infinity());
  CHECK(std::isnan(up(std::nanf(""))));
  CHECK(std::isnan(up(std::bit_cast<float>(0x7f800001u))));  // its upper half alone is infinity
  CHECK(up(std::numeric_limits<float>::min()) == std::numeric_limits<float>::min());
  CHECK(up(std::numeric_limits<float>::min() / 2) == 0.0f);
  CHECK(std::signbit(up(-std::numeric_limits<float>::denorm_min())));
}

TEST_CASE("every unit rounds to the same bits", "[eigen][bf16]") {
  std::vector<float> values;
  for (std::uint32_t upper = 0; upper < 65536; ++upper)
    for (const std::uint32_t lower : {0x0000u, 0x0001u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu, 0x1234u})
      values.push_back(std::bit_cast<float>(upper << 16 | lower));
  values.resize(values.size() - 5);  // no multiple of a vector
  for (const auto& [name, unit] : units()) {
    const std::vector<Bf16> found = rounded(unit, values);
    Index wrong = 0;
    for (std::size_t i = 0; i < values.size(); ++i) wrong += found[i].bits != eigen::round_to_bf16(values[i]).bits;
    INFO(name);
    CHECK(wrong == 0);
  }
}

TEST_CASE("products of whole numbers are exact on every unit", "[eigen][bf16]") {
  // Sums below 2^24 of whole numbers that bf16 holds: no order of sums and no unit may round.
  for (const auto& [name, unit] : units()) {
    for (const Index rows : {1, 2, 3, 5}) {
      for (const Index terms : {1, 2, 5}) {
        for (const Index columns : {16, 32, 48, 64, 80, 112, 144}) {
          const Index m = rows * unit.rows, k = terms * unit.terms;
          const std::vector<float> a = random_floats("a", m * k, 64), b = random_floats("b", k * columns, 64);
          const std::vector<float> c = product(unit, m, k, columns, a, b);
          Index wrong = 0;
          for (Index row = 0; row < m; ++row) {
            for (Index column = 0; column < columns; ++column) {
              std::int64_t sum = 0;
              for (Index term = 0; term < k; ++term)
                sum += static_cast<std::int64_t>(a[static_cast<std::size_t>(row * k + term)]) *
                       static_cast<std::int64_t>(b[static_cast<std::size_t>(term * columns + column)]);
              wrong += c[static_cast<std::size_t>(row * columns + column)] != static_cast<float>(sum);
            }
          }
          INFO(name << ": (" << m << ", " << k << ", " << columns << ")");
          CHECK(wrong == 0);
        }
      }
    }
  }
}

TEST_CASE("a unit of the processor gives the bits of its specification", "[eigen][bf16]") {
  const auto check_same = [](const Bf16Kernels& unit, const Bf16Kernels& specification) {
    const Index rows = 96, terms = 320, columns = 112;
    std::vector<float> a = random_floats("a", rows * terms, 1), b = random_floats("b", terms * columns, 1);
    for (std::size_t i = 0; i < a.size(); ++i) a[i] *= std::ldexp(1.0f / 3, static_cast<int>(i % 13) - 6);
    for (std::size_t i = 0; i < b.size(); ++i) b[i] *= std::ldexp(1.0f / 7, static_cast<int>(i % 11) - 5);
    CHECK(product(unit, rows, terms, columns, a, b) == product(specification, rows, terms, columns, a, b));
  };
  if (supports(Bf16Unit::avx512_bf16))
    check_same(eigen::bf16_kernels(Bf16Unit::avx512_bf16), eigen::bf16_portable::kernels);
  else
    WARN("this processor has no AVX512_BF16: not tested");
  if (supports(Bf16Unit::amx))
    check_same(eigen::bf16_kernels(Bf16Unit::amx), emulated_amx);
  else
    WARN("this processor has no AMX: not tested");
}

TEST_CASE("a bf16 convolution is within the bound that its rounding allows", "[eigen][bf16]") {
  // Each operand is off by a factor of 1 + e, |e| <= u = 2^-8, so each product by at most (2 u + u^2) |x| |w|; and the
  // sum of n products in single precision by at most n 2^-24 of the sum of their absolute values, to first order.
  for (const Problem& p : problems) {
    std::vector<float> x = random_floats("x", p.x.size(), 1.0 / 3), w = random_floats("w", p.w.size(), 1.0 / 7);
    const auto expected = exact(p, x, w, [](float value) { return static_cast<double>(value); });
    const auto magnitudes = exact(p, x, w, [](float value) { return std::abs(static_cast<double>(value)); });
    const auto from_bf16 =
        exact(p, x, w, [](float value) { return static_cast<double>(to_float(eigen::round_to_bf16(value))); });
    const double terms = static_cast<double>(p.w[1] * p.w[2] * p.w[3]);
    const double summing = (terms + 1) * float_roundoff * 1.02;
    for (const auto& [name, unit] : units()) {
      const auto y = convolved(unit, 2, p, x, w);
      REQUIRE(y.size() == expected.size());
      Index beyond = 0, beyond_summing = 0;
      for (std::size_t i = 0; i < y.size(); ++i) {
        const auto found = static_cast<double>(y[i]);
        const double rounding = 2 * roundoff + roundoff * roundoff;
        beyond += !(std::abs(found - expected[i]) <= (rounding + summing) * magnitudes[i]);
        // Of operands that are rounded already, only the sum is rounded.
        beyond_summing += !(std::abs(found - from_bf16[i]) <= summing * magnitudes[i] * (1 + rounding));
      }
      INFO(name << ": x " << to_string(p.x) << ", w " << to_string(p.w));
      CHECK(beyond == 0);
      CHECK(beyond_summing == 0);
    }
  }
}

TEST_CASE("a bf16 convolution has the same bits for any number of threads", "[eigen][bf16]") {
  for (const Problem& p : problems) {
    const auto x = random_floats("x", p.x.size(), 1.0 / 3), w = random_floats("w", p.w.size(), 1.0 / 7);
    for (const auto& [name, unit] : units()) {
      const auto one = convolved(unit, 1, p, x, w);
      INFO(name << ": x " << to_string(p.x) << ", w " << to_string(p.w));
      CHECK(convolved(unit, 2, p, x, w) == one);
      CHECK(convolved(unit, 4, p, x, w) == one);
    }
  }
}

TEST_CASE("bf16 rounds what the activation gives, and adds the residual in single precision", "[eigen][bf16]") {
  // PReLU(2 (x - 1) + 1/2) with slope 1/2. x = 1 + 2^-10 gives 1/2 + 2^-9, which rounds to 1/2, and x = 0 gives -3/4;
  // the padding is 0. Were x rounded first, it would be 1, which gives 1/2 as well, so 1 + 5 2^-10 tells: it would be
  // 1 + 2^-7 and give 1/2 + 2^-6, but 1/2 + 5 2^-9 rounds to 1/2 + 4 2^-9.
  using B = EigenBackend<>;
  B b({.threads = 1, .precision = Precision::bf16, .bf16_unit = Bf16Unit::portable});
  const auto one = [&](float value) {
    auto tensor = b.zeros({1});
    b.fill(value, tensor);
    return tensor;
  };
  const auto gamma = one(4), beta = one(0.5f), mean = one(1), rstd = one(0.5f), slope = one(0.5f);
  auto x = b.zeros({1, 1, 3, 1});
  b.upload(std::vector<float>{1 + 1.0f / 1024, 0, 1 + 5.0f / 1024}, x);
  auto w = b.zeros({1, 1, 3, 1});
  b.upload(std::vector<float>{1, 64, 4096}, w);
  auto y = b.zeros({1, 3, 3, 1});
  const float residual = 1.0f / 4096;
  b.fill(residual, y);
  b.convolve_activated(x, {gamma, beta, mean, rstd, slope}, w, {.stride = 1, .padding = 1}, &y, y);
  const float first = 0.5f, last = 0.5f + 4.0f / 512;
  const std::vector<float> row = {64 * first - 4096 * 0.75f + residual, first - 64 * 0.75f + 4096 * last + residual,
                                  -0.75f + 64 * last + residual};
  const std::vector<float> outside(3, residual);
  const auto found = to_vector(b, y);
  CHECK(std::vector<float>(found.begin(), found.begin() + 3) == outside);
  CHECK(std::vector<float>(found.begin() + 3, found.begin() + 6) == row);
  CHECK(std::vector<float>(found.begin() + 6, found.end()) == outside);
}

TEST_CASE("bf16 touches forward convolutions only, and those of 3 x 3 only where it is faster", "[eigen][bf16]") {
  using B = EigenBackend<>;
  const auto run = [](const EigenOptions& options, Shape x_shape, Shape w_shape, ConvolutionGeometry geometry) {
    B b(options);
    const auto tensor = [&](const char* name, const Shape& shape) {
      auto result = b.zeros(shape);
      b.upload(random_floats(name, shape.size(), 1.0 / 3), result);
      return result;
    };
    const auto x = tensor("x", x_shape), w = tensor("w", w_shape);
    const auto d_y = tensor("d_y", output_shape({x_shape, w_shape, geometry}));
    auto y = b.zeros(d_y.shape()), d_x = b.zeros(x_shape), d_w = b.zeros(w_shape);
    b.convolve(x, w, geometry, y);
    b.convolve_backward_input(d_y, w, geometry, d_x, Write::overwrite);
    b.convolve_backward_weight(d_y, x, geometry, d_w, Write::overwrite);
    const auto left = tensor("left", {5, 40}), right = tensor("right", {7, 40});
    auto dense = b.zeros({5, 7});
    b.linear(left, right, dense, Write::overwrite);
    return std::vector{to_vector(b, y), to_vector(b, d_x), to_vector(b, d_w), to_vector(b, dense)};
  };
  const EigenOptions single{.threads = 1};
  const Shape x{2, 9, 8, 16}, pointwise{16, 1, 1, 16}, square{16, 3, 3, 16};
  for (const Bf16Unit unit : {Bf16Unit::portable, Bf16Unit::avx512_bf16, Bf16Unit::amx}) {
    if (!supports(unit)) continue;
    const EigenOptions bf16{.threads = 1, .precision = Precision::bf16, .bf16_unit = unit};
    for (const Shape& w : {pointwise, square}) {
      const auto expected = run(single, x, w, {1, 0}), found = run(bf16, x, w, {1, 0});
      INFO(name(unit) << ", " << to_string(w));
      CHECK((found[0] == expected[0]) == (unit == Bf16Unit::avx512_bf16 && w == square));
      for (const std::size_t other : {1u, 2u, 3u}) CHECK(found[other] == expected[other]);
    }
  }
}

TEST_CASE("a backend says which unit it has, and what it cannot have", "[eigen][bf16]") {
  const EigenBackend<> single(1);
  CHECK(single.precision() == Precision::single);
  CHECK(single.bf16_unit() == std::nullopt);
  const EigenBackend<> emulated({.threads = 1, .precision = Precision::bf16, .bf16_unit = Bf16Unit::portable});
  CHECK(emulated.precision() == Precision::bf16);
  CHECK(emulated.bf16_unit() == Bf16Unit::portable);

  if (const auto best = best_bf16_unit()) {
    CHECK(*best != Bf16Unit::portable);
    CHECK(EigenBackend<>({.threads = 1, .precision = Precision::bf16}).bf16_unit() == best);
  } else {
    CHECK_THROWS_WITH(EigenBackend<>({.threads = 1, .precision = Precision::bf16}),
                      contains("bf16 needs a processor with AMX or AVX512_BF16"));
  }
  for (const Bf16Unit unit : {Bf16Unit::avx512_bf16, Bf16Unit::amx}) {
    if (supports(unit)) continue;
    CHECK_THROWS_WITH(EigenBackend<>({.threads = 1, .precision = Precision::bf16, .bf16_unit = unit}),
                      "EigenBackend: this processor cannot multiply bf16 with " + name(unit));
  }
  CHECK_THROWS_AS(EigenBackend<double>({.threads = 1, .precision = Precision::bf16, .bf16_unit = Bf16Unit::portable}),
                  ConfigError);
  CHECK_THROWS_WITH(EigenBackend<>({.threads = 1, .precision = Precision::tf32}),
                    "EigenBackend: a processor has no tf32");
}
