// Part of kernels.hpp, compiled once for every instruction set.

namespace saccade::inline SACCADE_NAMESPACE::eigen::SACCADE_ISA {

/// Numbers in a vector register.
template <class Scalar>
inline constexpr Index lanes = SACCADE_VECTOR_BYTES / static_cast<Index>(sizeof(Scalar));

#if SACCADE_VECTOR_EXTENSIONS
template <class Scalar>
struct VectorTypes {
  typedef Scalar Vector __attribute__((vector_size(SACCADE_VECTOR_BYTES)));
};
template <class Scalar>
using VectorOf = typename VectorTypes<Scalar>::Vector;

/// Lane by lane: value > 0 ? positive : other.
template <class Vector>
SACCADE_INLINE Vector select_positive(Vector value, Vector positive, Vector other) {
  return value > Vector{} ? positive : other;
}

/// Lane by lane: a == b ? value : 0.
template <class Vector>
SACCADE_INLINE Vector select_equal(Vector a, Vector b, Vector value) {
  return a == b ? value : Vector{};
}

/// Lane by lane: a < b ? value : other.
template <class Vector>
SACCADE_INLINE Vector select_less(Vector a, Vector b, Vector value, Vector other) {
  return a < b ? value : other;
}
#else
template <class Scalar>
using VectorOf = LaneArray<Scalar, lanes<Scalar> >;
#endif

template <class Scalar>
SACCADE_INLINE VectorOf<Scalar> load(const Scalar* from) {
  VectorOf<Scalar> vector;
  std::memcpy(static_cast<void*>(&vector), from, sizeof(vector));
  return vector;
}

template <class Scalar>
SACCADE_INLINE void store(VectorOf<Scalar> vector, Scalar* to) {
  std::memcpy(to, &vector, sizeof(vector));
}

/// The first `count` lanes; the others become 0.
template <class Scalar>
SACCADE_INLINE VectorOf<Scalar> load_part(const Scalar* from, Index count) {
  if (count >= lanes<Scalar>) return load(from);
  Scalar values[lanes<Scalar>] = {};
  for (Index i = 0; i < count; ++i) values[i] = from[i];
  return load(values);
}

/// The first `count` lanes. The vector comes by value: one whose address is taken cannot stay in a register.
template <class Scalar>
SACCADE_INLINE void store_part(VectorOf<Scalar> vector, Index count, Scalar* to) {
  if (count >= lanes<Scalar>) return store(vector, to);
  Scalar values[lanes<Scalar>];
  store(vector, values);
  for (Index i = 0; i < count; ++i) to[i] = values[i];
}

/// The same number in every lane.
template <class Scalar>
SACCADE_INLINE VectorOf<Scalar> broadcast(Scalar value) {
  return value - VectorOf<Scalar>{};  // "+" would keep an addition, for the sake of -0
}

/// Lane by lane: min(max(x, low), high); NaN stays.
template <class Scalar>
SACCADE_INLINE VectorOf<Scalar> clamped(VectorOf<Scalar> x, Scalar low, Scalar high) {
  const VectorOf<Scalar> smallest = broadcast(low), largest = broadcast(high);
  x = select_less(x, smallest, smallest, x);
  return select_less(largest, x, largest, x);
}

/// Asks for a cache line that will be read soon.
template <class Scalar>
SACCADE_INLINE void prefetch([[maybe_unused]] const Scalar* from) {
#if SACCADE_VECTOR_EXTENSIONS
  __builtin_prefetch(from);
#endif
}

/// Asks for a cache line that will be read a while later: it goes to the second-level cache.
template <class Scalar>
SACCADE_INLINE void prefetch_later([[maybe_unused]] const Scalar* from) {
#if SACCADE_VECTOR_EXTENSIONS
  __builtin_prefetch(from, 0, 2);
#endif
}

/// Asks for a cache line that will be written soon, so that the store need not wait for what it replaces.
template <class Scalar>
SACCADE_INLINE void prefetch_to_write([[maybe_unused]] const Scalar* from) {
#if SACCADE_VECTOR_EXTENSIONS
  __builtin_prefetch(from, 1);
#endif
}

/// Calls `body` with the constants 0 to Count - 1. A loop would be left to the compiler, which unrolls this one at -O3
/// only, and without that the sums of a tile are not in registers.
template <int Count, class Body>
SACCADE_INLINE void unroll(const Body& body) {
  [&]<int... I>(std::integer_sequence<int, I...>) SACCADE_LAMBDA { (body(I), ...); }
  (std::make_integer_sequence<int, Count>());
}

}  // namespace saccade::eigen::SACCADE_ISA
