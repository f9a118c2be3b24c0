#pragma once

#include <saccade/core/shape.hpp>

#include <cstring>

/// Vectors of the compiler (GCC and clang), as wide as the processor it compiles for. Eigen's own packets are not a
/// public interface.
namespace saccade::inline v0::eigen {

#if defined(__AVX512F__)
inline constexpr int vector_bytes = 64;
inline constexpr int vector_registers = 32;
#elif defined(__AVX__)
inline constexpr int vector_bytes = 32;
inline constexpr int vector_registers = 16;
#else
inline constexpr int vector_bytes = 16;
inline constexpr int vector_registers = 16;
#endif

template <class Scalar>
struct VectorTypes;
template <>
struct VectorTypes<float> {
  typedef float Vector __attribute__((vector_size(vector_bytes)));
};
template <>
struct VectorTypes<double> {
  typedef double Vector __attribute__((vector_size(vector_bytes)));
};

template <class Scalar>
using VectorOf = typename VectorTypes<Scalar>::Vector;

template <class Scalar>
[[nodiscard]] inline VectorOf<Scalar> load_vector(const Scalar* from) {
  VectorOf<Scalar> vector;
  std::memcpy(&vector, from, sizeof(vector));
  return vector;
}

template <class Vector, class Scalar>
void store_vector(Vector vector, Scalar* to) {
  std::memcpy(to, &vector, sizeof(vector));
}

/// Numbers in a vector register.
template <class Scalar>
inline constexpr Index lanes = vector_bytes / static_cast<Index>(sizeof(Scalar));

/// `columns` rounded up to whole vectors.
template <class Scalar>
[[nodiscard]] constexpr Index padded_columns(Index columns) {
  return (columns + lanes<Scalar> - 1) / lanes<Scalar> * lanes<Scalar>;
}

/// The same number in every lane.
template <class Scalar>
[[nodiscard]] inline VectorOf<Scalar> broadcast(Scalar value) {
  return value - VectorOf<Scalar>{};  // "+" would keep an addition, for the sake of -0
}

/// The first `count` lanes only; the others become 0.
template <class Scalar>
[[nodiscard]] inline VectorOf<Scalar> load_part(const Scalar* from, Index count) {
  if (count >= lanes<Scalar>) return load_vector(from);
  Scalar values[lanes<Scalar>] = {};
  for (Index i = 0; i < count; ++i) values[i] = from[i];
  return load_vector(values);
}

/// The first `count` lanes only. The vector comes by value: one whose address is taken cannot stay in a register.
template <class Scalar>
void store_part(VectorOf<Scalar> vector, Index count, Scalar* to) {
  if (count >= lanes<Scalar>) return store_vector(vector, to);
  Scalar values[lanes<Scalar>];
  store_vector(vector, values);
  for (Index i = 0; i < count; ++i) to[i] = values[i];
}

}  // namespace saccade::inline v0::eigen
