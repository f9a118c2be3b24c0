#include <saccade/backends/eigen/kernels/kernels.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "support/catch.hpp"

// The kernels as AVX-512 has them, vectors of 64 bytes and strips of four, but in instructions of AVX2, so that the
// shapes of their blocks can be tested on processors that have nothing wider.
#if defined(__GNUC__) && defined(__x86_64__)
#define SACCADE_VECTOR_EXTENSIONS 1
#define SACCADE_ALWAYS_INLINE __attribute__((always_inline))
#define SACCADE_NEVER_INLINE __attribute__((noinline))
#define SACCADE_ISA wide
#define SACCADE_KERNEL __attribute__((target("avx2,fma"), no_sanitize("address", "undefined")))
#define SACCADE_VECTOR_BYTES 64
#define SACCADE_STRIP_VECTORS 4
#include <saccade/backends/eigen/kernels/for_one_set.inl>

using namespace saccade;
using eigen::GradientKernels, eigen::Kernels, eigen::TileGrid, eigen::TilePlanes;

namespace {

/// Small whole numbers, for which every sum below is exact in any order.
std::vector<float> whole_numbers(Index count, Index seed) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>((static_cast<Index>(i) * 7 + static_cast<Index>(i) / 5 + seed) % 11 - 5);
  return values;
}

float at(const std::vector<float>& values, Index place) { return values[static_cast<std::size_t>(place)]; }

std::vector<float> zeros(Index count) { return std::vector<float>(static_cast<std::size_t>(count)); }

/// The 36 planes of `tiles` tiles by one of the transforms, for padded channels.
template <class Transform>
std::vector<float> planes(Index tiles, Index channels, const Transform& transform) {
  std::vector<float> values = zeros(36 * tiles * channels);
  transform(TilePlanes<float>{values.data(), tiles * channels, channels});
  return values;
}

}  // namespace

TEST_CASE("products of any shape are exact with 64-byte vectors", "[kernels]") {
  if (!supports(InstructionSet::avx2)) SKIP_TEST("this processor has no AVX2");
  const Kernels<float>& kernels = eigen::wide::kernels<float>;
  for (const Index columns : {8, 16, 20, 24, 32, 40, 48, 60, 64, 72, 80, 112, 120, 128})
    for (const Index terms : {4, 8, 12, 16, 20, 44, 64}) {
      INFO(terms << " terms, " << columns << " columns");
      const Index rows = 12, stride = eigen::round_up(columns, kernels.lanes);
      const auto a = whole_numbers(rows * terms, 1), b = whole_numbers(terms * stride, 2),
                 addend = whole_numbers(rows * columns, 6), shift = whole_numbers(stride, 7);
      std::vector<float> packed, c = zeros(rows * columns + 1), finished = zeros(rows * columns + 1);
      for (Index strip = 0; strip < stride; strip += kernels.strip)
        for (Index term = 0; term < terms; ++term)
          for (Index column = strip; column < std::min(stride, strip + kernels.strip); ++column)
            packed.push_back(column < columns ? at(b, term * stride + column) : 0.0f);
      c.back() = finished.back() = -99.0f;  // nothing is written behind the last column
      kernels.multiply(rows, terms, a.data(), terms, packed.data(), columns, nullptr, nullptr, nullptr, c.data(),
                       columns);
      const eigen::ChannelEpilogue<float> epilogue{.shift = shift.data(), .low = -20, .high = 30};
      kernels.multiply(rows, terms, a.data(), terms, packed.data(), columns, addend.data(), &epilogue, nullptr,
                       finished.data(), columns);
      // The same numbers once more: a (terms, rows)^T b2 (terms, columns), added to what is there.
      const auto a2 = whole_numbers(rows * terms, 3), b2 = whole_numbers(rows * stride, 4);
      auto sums = whole_numbers(terms * stride, 5);
      const auto before = sums;
      eigen::wide::gradient_kernels<float>.multiply_transposed(rows, terms, a2.data(), terms, b2.data(), stride, stride,
                                                               sums.data());
      Index wrong = c.back() != -99.0f || finished.back() != -99.0f ? 1 : 0;
      for (Index column = 0; column < columns; ++column) {
        for (Index row = 0; row < rows; ++row) {
          float sum = 0;
          for (Index k = 0; k < terms; ++k) sum += at(a, row * terms + k) * at(b, k * stride + column);
          wrong += at(c, row * columns + column) != sum;
          const float shifted = sum + at(addend, row * columns + column) + at(shift, column);
          wrong += at(finished, row * columns + column) != std::clamp(shifted, -20.0f, 30.0f);
        }
        for (Index k = 0; k < terms; ++k) {
          float sum = at(before, k * stride + column);
          for (Index row = 0; row < rows; ++row) sum += at(a2, row * terms + k) * at(b2, row * stride + column);
          wrong += at(sums, k * stride + column) != sum;
        }
      }
      CHECK(wrong == 0);
    }
}

TEST_CASE("transposes of any shape are exact with vectors of every width", "[kernels]") {
  const auto check = [](const Kernels<float>& kernels) {
    for (const Index rows : {1, 7, 16, 35})
      for (const Index columns : {1, 5, 16, 33}) {
        INFO(rows << " rows, " << columns << " columns, " << kernels.lanes << " lanes");
        const Index x_stride = columns + 3, y_stride = eigen::round_up(rows, kernels.lanes);
        const auto x = whole_numbers(rows * x_stride, 1), scale = whole_numbers(rows, 2);
        for (const bool scaled : {false, true}) {
          std::vector<float> y(static_cast<std::size_t>(columns * y_stride), -99.0f);
          kernels.transpose(rows, columns, x.data(), x_stride, scaled ? scale.data() : nullptr, x.data(), y.data(),
                            y_stride);
          Index wrong = 0;
          for (Index column = 0; column < columns; ++column)
            for (Index row = 0; row < y_stride; ++row) {
              const float value = row < rows ? at(x, row * x_stride + column) * (scaled ? at(scale, row) : 1.0f) : 0.0f;
              wrong += at(y, column * y_stride + row) != value;
            }
          CHECK(wrong == 0);
        }
      }
  };
  for (const InstructionSet set : {InstructionSet::portable, InstructionSet::avx2, InstructionSet::avx512})
    if (supports(set)) check(eigen::kernels_for<float>(set));
  if (supports(InstructionSet::avx2)) check(eigen::wide::kernels<float>);
}

TEST_CASE("depthwise rows are those of other sets with 64-byte vectors", "[kernels]") {
  if (!supports(InstructionSet::avx2)) SKIP_TEST("this processor has no AVX2");
  const Kernels<float>& wide = eigen::wide::kernels<float>;
  const Kernels<float>& other = eigen::portable::kernels<float>;
  const GradientKernels<float>& wide_gradient = eigen::wide::gradient_kernels<float>;
  const GradientKernels<float>& other_gradient = eigen::portable::gradient_kernels<float>;
  const Index width = 31, rows = 2, padded = 48;
  for (const Index channels : {16, 20, 48})
    for (const Index kernel : {1, 2, 3, 5, 7})
      for (const Index step : {1, 2, 3})
        for (const Index first : {-2, 0}) {
          INFO(channels << " channels, kernel " << kernel << ", step " << step << " from " << first);
          const Index count = (width + 2 - kernel) / step + 1;
          const auto source = whole_numbers(rows * width * channels, 1), addend = whole_numbers(count * channels, 2),
                     shift = whole_numbers(padded, 3), gradient = whole_numbers(count * channels, 4);
          // Taps are padded as the vectors of a set ask for.
          const auto taps = [&](const Kernels<float>& kernels) {
            const Index stride = eigen::round_up(channels, kernels.lanes);
            auto values = zeros(rows * kernel * stride);
            for (Index i = 0; i < rows * kernel * channels; ++i)
              values[static_cast<std::size_t>(i / channels * stride + i % channels)] = static_cast<float>(i % 7 - 3);
            return values;
          };
          const auto run = [&](const Kernels<float>& kernels, auto correlate) {
            const auto packed = taps(kernels);
            auto y = zeros(count * channels);
            const eigen::ChannelEpilogue<float> epilogue{.shift = shift.data(), .low = -20, .high = 30};
            correlate(eigen::DepthwiseRow<float>{.source = source.data(),
                                                 .taps = packed.data(),
                                                 .rows = rows,
                                                 .kernel_width = kernel,
                                                 .channels = channels,
                                                 .width = width,
                                                 .step = step,
                                                 .first_column = first,
                                                 .count = count,
                                                 .target = y.data(),
                                                 .target_stride = channels,
                                                 .addend = addend.data(),
                                                 .epilogue = &epilogue});
            return y;
          };
          CHECK((run(wide, wide.depthwise) == run(other, other.depthwise)));
          CHECK((run(wide, wide_gradient.depthwise_input) == run(other, other.depthwise)));
          const auto sums = [&](const Kernels<float>& kernels, const GradientKernels<float>& gradient_kernels) {
            const Index stride = eigen::round_up(channels, kernels.lanes);
            auto added = taps(kernels);
            gradient_kernels.depthwise_gradient({.source = source.data(),
                                                 .gradient = gradient.data(),
                                                 .rows = rows,
                                                 .kernel_width = kernel,
                                                 .channels = channels,
                                                 .width = width,
                                                 .step = step,
                                                 .first_column = first,
                                                 .count = count,
                                                 .begin = 0,
                                                 .end = channels,
                                                 .sums = added.data()});
            std::vector<float> dense;
            for (Index i = 0; i < rows * kernel * channels; ++i)
              dense.push_back(at(added, i / channels * stride + i % channels));
            return dense;
          };
          CHECK((sums(wide, wide_gradient) == sums(other, other_gradient)));
        }
}

TEST_CASE("transforms of whole and of ragged tiles are those of other sets with 64-byte vectors", "[kernels]") {
  if (!supports(InstructionSet::avx2)) SKIP_TEST("this processor has no AVX2");
  const Kernels<float>& wide = eigen::wide::kernels<float>;
  const Kernels<float>& other = eigen::portable::kernels<float>;
  const GradientKernels<float>& wide_gradient = eigen::wide::gradient_kernels<float>;
  const GradientKernels<float>& other_gradient = eigen::portable::gradient_kernels<float>;
  for (const Index channels : {8, 16, 20, 48}) {
    INFO(channels << " channels");
    const TileGrid grid{9, 14, channels, 9, 14, channels, 1};
    const Index tiles = 2 * grid.per_image(), padded = eigen::round_up(channels, 16), count = 2 * 9 * 14 * channels;
    const auto x = whole_numbers(count, 1), d_y = whole_numbers(count, 2),
               products = whole_numbers(36 * tiles * padded, 3);
    auto coefficients = whole_numbers(4 * padded, 4);
    for (Index i = 0; i < 4 * padded; ++i)
      if (i % padded >= channels) coefficients[static_cast<std::size_t>(i)] = 0;
    const eigen::ChannelActivation<float> activation{channels, coefficients.data(), coefficients.data() + padded,
                                                     coefficients.data() + 2 * padded,
                                                     coefficients.data() + 3 * padded};
    for (const auto* active : {static_cast<const eigen::ChannelActivation<float>*>(nullptr), &activation}) {
      const auto input = [&](const Kernels<float>& kernels) {
        return planes(tiles, padded,
                      [&](const auto& to) { kernels.winograd_input(x.data(), grid, 0, tiles, active, to); });
      };
      CHECK((input(wide) == input(other)));
    }
    const auto gradient = [&](const GradientKernels<float>& kernels) {
      return planes(tiles, padded, [&](const auto& to) { kernels.winograd_gradient(d_y.data(), grid, 0, tiles, to); });
    };
    CHECK((gradient(wide_gradient) == gradient(other_gradient)));
    const auto output = [&](const Kernels<float>& kernels) {
      auto from = products;
      auto y = zeros(count);
      kernels.winograd_output({from.data(), tiles * padded, padded}, grid, 0, tiles, d_y.data(), y.data());
      return y;
    };
    CHECK((output(wide) == output(other)));
    const auto sums = [&](const GradientKernels<float>& kernels) {
      auto totals = zeros(3 * padded);
      kernels.activation_sums(2 * 9 * 14, channels, d_y.data(), x.data(), activation, totals.data(), padded);
      for (Index sum = 0; sum < 3; ++sum)  // what lies in the padding means nothing
        std::fill(totals.begin() + sum * padded + channels, totals.begin() + (sum + 1) * padded, 0.0f);
      return totals;
    };
    CHECK((sums(wide_gradient) == sums(other_gradient)));
  }
}
#endif
