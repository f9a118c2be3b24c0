#pragma once

#include <saccade/backends/eigen/kernels/bf16.hpp>

#include <cstring>
#include <type_traits>
#include <utility>

#if defined(__GNUC__) && defined(__x86_64__)

/// AVX512_BF16: one instruction adds the products of 16 pairs to 16 sums, twice the work of a multiply-add of floats.
/// The instructions are written out for the reason given in amx.hpp. As in for_one_set.inl, a lambda has to repeat the
/// attribute of the function around it.
namespace saccade::inline SACCADE_NAMESPACE::eigen::bf16_avx512 {

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"  // g++ means every index of an array of vectors

#define SACCADE_BF16 __attribute__((target("avx512f,avx512bw,avx512bf16")))
#define SACCADE_BF16_LAMBDA SACCADE_BF16 __attribute__((always_inline))

typedef float Floats __attribute__((vector_size(64)));
typedef std::int32_t Pairs __attribute__((vector_size(64)));      ///< 16 pairs of bf16
typedef std::int32_t HalfPairs __attribute__((vector_size(32)));  ///< 8 pairs

SACCADE_BF16_LAMBDA inline Pairs load(const Bf16* from) {
  Pairs vector;
  std::memcpy(&vector, from, sizeof(vector));
  return vector;
}

SACCADE_BF16_LAMBDA inline Pairs broadcast_pair(const Bf16* from) {
  std::int32_t pair;
  std::memcpy(&pair, from, sizeof(pair));
  return pair - Pairs{};
}

/// sums += left * right: the second products of the pairs, then the first ones.
SACCADE_BF16_LAMBDA inline void multiply_add(Pairs left, Pairs right, Floats& sums) {
  asm("vdpbf16ps %2, %1, %0" : "+v"(sums) : "v"(left), "v"(right));
}

template <int Count, class Body>
SACCADE_BF16_LAMBDA inline void unroll(const Body& body) {
  [&]<int... I>(std::integer_sequence<int, I...>) SACCADE_BF16_LAMBDA { (body(I), ...); }
  (std::make_integer_sequence<int, Count>());
}

inline constexpr int tile_rows = 6;
inline constexpr int tile_vectors = 4;

SACCADE_BF16 inline void round(Index count, const float* x, Bf16* y) {
  Index i = 0;
  for (; i + 16 <= count; i += 16) {
    Floats values;
    std::memcpy(&values, x + i, sizeof(values));
    HalfPairs rounded;
    asm("vcvtneps2bf16 %1, %0" : "=v"(rounded) : "v"(values));
    std::memcpy(y + i, &rounded, sizeof(rounded));
  }
  for (; i < count; ++i) y[i] = round_to_bf16(x[i]);
}

/// c (tile_rows, Vectors * 16) = a b; b is one strip.
template <int Vectors>
SACCADE_BF16 void multiply_tile(Index terms, const Bf16* a, const Bf16* b, float* c, Index c_stride) {
  Floats sums[tile_rows][Vectors] = {};
  for (Index term = 0; term < terms; term += 2, b += Vectors * 32) {
    Pairs right[Vectors];
    unroll<Vectors>([&](int v) SACCADE_BF16_LAMBDA { right[v] = load(b + v * 32); });
    unroll<tile_rows>([&](int row) SACCADE_BF16_LAMBDA {
      const Pairs left = broadcast_pair(a + row * terms + term);
      unroll<Vectors>([&](int v) SACCADE_BF16_LAMBDA { multiply_add(left, right[v], sums[row][v]); });
    });
  }
  unroll<tile_rows>([&](int row) SACCADE_BF16_LAMBDA {
    unroll<Vectors>(
        [&](int v) SACCADE_BF16_LAMBDA { std::memcpy(c + row * c_stride + v * 16, &sums[row][v], sizeof(Floats)); });
  });
}

/// See Bf16Kernels::multiply.
SACCADE_BF16 inline void multiply(Index rows, Index terms, const Bf16* a, const Bf16* packed, Index columns, float* c) {
  const auto strip = [&]<int Vectors>(std::integral_constant<int, Vectors>, Index first) SACCADE_BF16 {
    for (Index row = 0; row < rows; row += tile_rows)
      multiply_tile<Vectors>(terms, a + row * terms, packed + first * terms, c + row * columns + first, columns);
  };
  Index first = 0;
  for (; first + tile_vectors * 16 <= columns; first += tile_vectors * 16)
    strip(std::integral_constant<int, tile_vectors>(), first);
  const Index left = (columns - first) / 16;
  if (left == 1) strip(std::integral_constant<int, 1>(), first);
  if (left == 2) strip(std::integral_constant<int, 2>(), first);
  if (left == 3) strip(std::integral_constant<int, 3>(), first);
}

inline constexpr Bf16Kernels kernels{.unit = Bf16Unit::avx512_bf16,
                                     .rows = tile_rows,
                                     .terms = 2,
                                     .strip = tile_vectors * 16,
                                     .round = round,
                                     .multiply = multiply};

#undef SACCADE_BF16_LAMBDA
#undef SACCADE_BF16

#pragma GCC diagnostic pop

}  // namespace saccade::eigen::bf16_avx512

#endif
