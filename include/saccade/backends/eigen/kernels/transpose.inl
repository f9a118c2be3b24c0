// Part of kernels.hpp, compiled once for every instruction set.

namespace saccade::inline SACCADE_NAMESPACE::eigen::SACCADE_ISA {

#if SACCADE_VECTOR_EXTENSIONS
/// Lane j of the result is a[j] where bit `Step` of j is as `Second` says, else what the other vector has `Step` lanes
/// away: a step of a transposition that exchanges blocks of Step x Step off the diagonal.
template <int Step, bool Second, class Vector, int... Lanes>
SACCADE_INLINE Vector exchanged(Vector a, Vector b, std::integer_sequence<int, Lanes...>) {
  constexpr int count = static_cast<int>(sizeof...(Lanes));
  if constexpr (Second)
    return __builtin_shufflevector(a, b, ((Lanes & Step) == 0 ? Lanes + Step : count + Lanes)...);
  else
    return __builtin_shufflevector(a, b, ((Lanes & Step) == 0 ? Lanes : count + Lanes - Step)...);
}

template <int Step, class Scalar>
SACCADE_INLINE void transpose_blocks(VectorOf<Scalar> (&rows)[lanes<Scalar>]) {
  constexpr int count = static_cast<int>(lanes<Scalar>);
  if constexpr (Step < count) {
    constexpr std::make_integer_sequence<int, count> all{};
    unroll<count>([&](int i) SACCADE_LAMBDA {
      if ((i & Step) != 0) return;
      const VectorOf<Scalar> first = rows[i], second = rows[i + Step];
      rows[i] = exchanged<Step, false>(first, second, all);
      rows[i + Step] = exchanged<Step, true>(first, second, all);
    });
    transpose_blocks<2 * Step, Scalar>(rows);
  }
}

/// As many rows as a vector has lanes become columns.
template <class Scalar>
SACCADE_INLINE void transpose_rows(VectorOf<Scalar> (&rows)[lanes<Scalar>]) {
  transpose_blocks<1, Scalar>(rows);
}
#else
template <class Scalar>
void transpose_rows(VectorOf<Scalar> (&rows)[lanes<Scalar>]) {
  for (Index i = 0; i < lanes<Scalar>; ++i)
    for (Index j = 0; j < i; ++j) std::swap(rows[i].values[j], rows[j].values[i]);
}
#endif

/// See Kernels::transpose.
template <class Scalar>
SACCADE_KERNEL void transpose(Index rows, Index columns, const Scalar* x, Index x_stride, const Scalar* scale,
                              const Scalar* ahead, Scalar* y, Index y_stride) {
  using Vector = VectorOf<Scalar>;
  constexpr int count = static_cast<int>(lanes<Scalar>);
  for (Index row = 0; row < rows; row += count)
    for (Index column = 0; column < columns; column += count) {
      const Scalar* const from = x + row * x_stride + column;
      Vector block[count] = {};
      unroll<count>([&](int i) SACCADE_LAMBDA {
        if (row + i >= rows) return;
        prefetch(ahead + (row + i) * x_stride + column);
        block[i] = load_part(from + i * x_stride, columns - column);
        if (scale) block[i] = block[i] * scale[row + i];
      });
      transpose_rows<Scalar>(block);
      unroll<count>([&](int j) SACCADE_LAMBDA {
        if (column + j < columns) store<Scalar>(block[j], y + (column + j) * y_stride + row);
      });
    }
}

}  // namespace saccade::eigen::SACCADE_ISA
