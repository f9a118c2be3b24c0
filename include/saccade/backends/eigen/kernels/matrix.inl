// Part of kernels.hpp, compiled once for every instruction set.

namespace saccade::inline SACCADE_NAMESPACE::eigen::SACCADE_ISA {

/// Registers that the columns of a tile take; see Kernels::strip.
inline constexpr int strip_vectors = SACCADE_STRIP_VECTORS;

/// The lower half of a vector, and what computes with it where columns do not fill more: products with zeros would take
/// as long as others. Short vectors have none.
template <class Scalar>
inline constexpr bool has_halves = SACCADE_VECTOR_EXTENSIONS&& lanes<Scalar> >= 16;

#if SACCADE_VECTOR_EXTENSIONS
template <class Scalar>
struct HalfTypes {
  typedef Scalar Vector __attribute__((vector_size(SACCADE_VECTOR_BYTES / 2)));
};

template <class Scalar>
SACCADE_INLINE typename HalfTypes<Scalar>::Vector load_half(const Scalar* from) {
  typename HalfTypes<Scalar>::Vector half;
  std::memcpy(static_cast<void*>(&half), from, sizeof(half));
  return half;
}

template <class Scalar>
SACCADE_INLINE typename HalfTypes<Scalar>::Vector lower_half(VectorOf<Scalar> vector) {
  return [&]<int... Lanes>(std::integer_sequence<int, Lanes...>) SACCADE_LAMBDA {
    return __builtin_shufflevector(vector, vector, Lanes...);
  }
  (std::make_integer_sequence<int, static_cast<int>(lanes<Scalar> / 2)>());
}

/// With zeros above.
template <class Scalar>
SACCADE_INLINE VectorOf<Scalar> widened(typename HalfTypes<Scalar>::Vector half) {
  return [&]<int... Lanes>(std::integer_sequence<int, Lanes...>) SACCADE_LAMBDA {
    return __builtin_shufflevector(half, typename HalfTypes<Scalar>::Vector{}, Lanes...);
  }
  (std::make_integer_sequence<int, static_cast<int>(lanes<Scalar>)>());
}
#endif

/// c[r, 0 : columns] = sum over k of a[r, k] b[k], plus the same of `addend` unless it is null, for product_rows rows,
/// and then, if Finishes, as `epilogue` says of these columns; b is dense. The columns are those of so many vectors,
/// and of half a one more, if Half; of them `count` are there. What does not fill these is left to `finish`, lest its
/// code take the registers of the sums.
template <int Vectors, bool Half, bool Finishes, class Scalar>
SACCADE_KERNEL void multiply_tile(Index terms, const Scalar* a, Index a_stride, const Scalar* b, const Scalar* addend,
                                  const ChannelEpilogue<Scalar>* epilogue, Index count, Scalar* c, Index c_stride) {
  constexpr int rows = static_cast<int>(product_rows), all = Vectors + (Half ? 1 : 0);
  constexpr Index width = all * lanes<Scalar>, columns = Half ? width - lanes<Scalar> / 2 : width;
  const auto is_half = [](int v) SACCADE_LAMBDA { return Half && v == Vectors; };
  VectorOf<Scalar> sums[rows][all] = {};
  if (addend)  // which will be read in one go at the end
    unroll<rows>([&](int row) SACCADE_LAMBDA {
      unroll<all>([&](int v) SACCADE_LAMBDA { prefetch(addend + row * c_stride + v * lanes<Scalar>); });
    });
  const bool whole = count >= columns;
  if (whole)
    unroll<rows>([&](int row) SACCADE_LAMBDA {
      unroll<all>([&](int v) SACCADE_LAMBDA { prefetch_to_write(c + row * c_stride + v * lanes<Scalar>); });
    });
  const auto multiply = [&](const auto& multiply_half) SACCADE_LAMBDA {
    for (Index k = 0; k < terms; ++k, b += width) {
      VectorOf<Scalar> right[all];
      unroll<Vectors>([&](int v) SACCADE_LAMBDA { right[v] = load(b + v * lanes<Scalar>); });
      unroll<rows>([&](int row) SACCADE_LAMBDA {
        const VectorOf<Scalar> factor = broadcast(a[row * a_stride + k]);
        unroll<Vectors>([&](int v) SACCADE_LAMBDA { sums[row][v] += factor * right[v]; });
        multiply_half(row, factor);
      });
    }
  };
#if SACCADE_VECTOR_EXTENSIONS
  if constexpr (Half) {
    typename HalfTypes<Scalar>::Vector last[rows] = {};
    multiply([&](int row, VectorOf<Scalar> factor)
                 SACCADE_LAMBDA { last[row] += lower_half<Scalar>(factor) * load_half(b + Vectors * lanes<Scalar>); });
    unroll<rows>([&](int row) SACCADE_LAMBDA { sums[row][Vectors] = widened<Scalar>(last[row]); });
  }
#endif
  if constexpr (!Half) multiply([](int, VectorOf<Scalar>) SACCADE_LAMBDA {});
  alignas(64) Scalar tile[rows * width];  // of sums that are not
  Scalar* const target = whole ? c : tile;
  const Index target_stride = whole ? c_stride : width;
  if (whole && addend)
    unroll<rows>([&](int row) SACCADE_LAMBDA {
      unroll<all>([&](int v) SACCADE_LAMBDA {
        const Scalar* const from = addend + row * c_stride + v * lanes<Scalar>;
        sums[row][v] += is_half(v) ? load_part(from, lanes<Scalar> / 2) : load(from);
      });
    });
  if constexpr (Finishes)
    if (whole)
      unroll<all>([&](int v) SACCADE_LAMBDA {
        const VectorOf<Scalar> shift = load(epilogue->shift + v * lanes<Scalar>);
        unroll<rows>([&](int row) SACCADE_LAMBDA {
          sums[row][v] = clamped<Scalar>(sums[row][v] + shift, epilogue->low, epilogue->high);
        });
      });
  unroll<rows>([&](int row) SACCADE_LAMBDA {
    unroll<all>([&](int v) SACCADE_LAMBDA {
      Scalar* const to = target + row * target_stride + v * lanes<Scalar>;
      if (whole && is_half(v))
        store_part<Scalar>(sums[row][v], lanes<Scalar> / 2, to);
      else
        store<Scalar>(sums[row][v], to);
    });
  });
  if (!whole) finish<Scalar>(product_rows, count, tile, width, addend, epilogue, c, c_stride);
}

/// Calls `strip(vectors, first)` for the strips of `columns` padded columns, `vectors` a constant.
template <class Scalar, class Strip>
SACCADE_INLINE void for_strips(Index columns, const Strip& strip) {
  Index first = 0;
  for (; first + strip_vectors * lanes<Scalar> <= columns; first += strip_vectors * lanes<Scalar>)
    strip(std::integral_constant<int, strip_vectors>(), first);
  const Index left = (columns - first) / lanes<Scalar>;
  if (left == 1) strip(std::integral_constant<int, 1>(), first);
  if constexpr (strip_vectors > 2) {
    if (left == 2) strip(std::integral_constant<int, 2>(), first);
    if (left == 3) strip(std::integral_constant<int, 3>(), first);
  }
}

/// See Kernels::multiply.
template <class Scalar>
SACCADE_KERNEL void multiply(Index rows, Index terms, const Scalar* a, Index a_stride, const Scalar* packed,
                             Index columns, const Scalar* addend, const ChannelEpilogue<Scalar>* epilogue,
                             const Scalar* ahead, Scalar* c, Index c_stride) {
  constexpr Index line = 64 / Index{sizeof(Scalar)};
  const auto strip = [&]<int Vectors>(std::integral_constant<int, Vectors>, Index first) SACCADE_LAMBDA {
    const ChannelEpilogue<Scalar> at = epilogue ? epilogue->from(first) : ChannelEpilogue<Scalar>();
    auto tile =
        epilogue ? multiply_tile<Vectors, false, true, Scalar> : multiply_tile<Vectors, false, false, Scalar>;
    if constexpr (has_halves<Scalar> && Vectors < strip_vectors)
      if (columns - first <= Vectors * lanes<Scalar> - lanes<Scalar> / 2)
        tile =
            epilogue ? multiply_tile<Vectors - 1, true, true, Scalar> : multiply_tile<Vectors - 1, true, false, Scalar>;
    for (Index row = 0; row < rows; row += product_rows) {
      if (ahead && first == 0)
        for (Index i = row * terms; i < (row + product_rows) * terms; i += line) prefetch(ahead + i);
      tile(terms, a + row * a_stride, a_stride, packed + first * terms,
           addend ? addend + row * c_stride + first : nullptr, epilogue ? &at : nullptr, columns - first,
           c + row * c_stride + first, c_stride);
    }
  };
  for_strips<Scalar>(round_up(columns, lanes<Scalar>), strip);
}

/// The sum of the lanes, in their order.
template <class Scalar>
SACCADE_INLINE Scalar sum_of_lanes(VectorOf<Scalar> vector) {
  Scalar values[lanes<Scalar>];
  store<Scalar>(vector, values);
  Scalar sum = values[0];
  for (Index i = 1; i < lanes<Scalar>; ++i) sum += values[i];
  return sum;
}

/// c[r, n] (+)= sum over k of a[r, k] b[n, k], for Rows rows and Columns columns.
template <int Rows, int Columns, class Scalar>
SACCADE_KERNEL void dot_tile(Index terms, const Scalar* a, Index a_stride, const Scalar* b, Index b_stride, Write write,
                             Scalar* c, Index c_stride) {
  VectorOf<Scalar> sums[Rows][Columns] = {};
  for (Index k = 0; k < terms; k += lanes<Scalar>) {
    VectorOf<Scalar> right[Columns];
    unroll<Columns>([&](int n) SACCADE_LAMBDA { right[n] = load_part(b + n * b_stride + k, terms - k); });
    unroll<Rows>([&](int row) SACCADE_LAMBDA {
      const VectorOf<Scalar> left = load_part(a + row * a_stride + k, terms - k);
      unroll<Columns>([&](int n) SACCADE_LAMBDA { sums[row][n] += left * right[n]; });
    });
  }
  unroll<Rows>([&](int row) SACCADE_LAMBDA {
    unroll<Columns>([&](int n) SACCADE_LAMBDA {
      Scalar& target = c[row * c_stride + n];
      const Scalar sum = sum_of_lanes<Scalar>(sums[row][n]);
      target = write == Write::accumulate ? target + sum : sum;
    });
  });
}

/// See Kernels::multiply_rows. Each element is summed in the same order in every tile.
template <class Scalar>
SACCADE_KERNEL void multiply_rows(Index rows, Index columns, Index terms, const Scalar* a, Index a_stride,
                                  const Scalar* b, Index b_stride, Write write, Scalar* c, Index c_stride) {
  for (Index row = 0; row < rows;) {
    const Index height = rows - row >= 4 ? 4 : 1;
    for (Index n = 0; n < columns;) {
      const Index width = columns - n >= 4 ? 4 : 1;
      const auto tile = height == 4 ? (width == 4 ? dot_tile<4, 4, Scalar> : dot_tile<4, 1, Scalar>)
                                    : (width == 4 ? dot_tile<1, 4, Scalar> : dot_tile<1, 1, Scalar>);
      tile(terms, a + row * a_stride, a_stride, b + n * b_stride, b_stride, write, c + row * c_stride + n, c_stride);
      n += width;
    }
    row += height;
  }
}

/// sums[k, 0 : Vectors * lanes] += sum over r of a[r, k] b[r, 0 : Vectors * lanes], for Terms terms. The sum over the
/// rows begins with zero, so that nothing waits for `sums`, which are wanted at the end.
template <int Terms, int Vectors, class Scalar>
SACCADE_KERNEL void multiply_transposed_tile(Index rows, const Scalar* a, Index a_stride, const Scalar* b,
                                             Index b_stride, Scalar* sums, Index sums_stride) {
  VectorOf<Scalar> tile[Terms][Vectors] = {};
  unroll<Terms>([&](int k) SACCADE_LAMBDA {
    unroll<Vectors>([&](int v) SACCADE_LAMBDA { prefetch(sums + k * sums_stride + v * lanes<Scalar>); });
  });
  for (Index row = 0; row < rows; ++row, a += a_stride, b += b_stride) {
    VectorOf<Scalar> right[Vectors];
    unroll<Vectors>([&](int v) SACCADE_LAMBDA { right[v] = load(b + v * lanes<Scalar>); });
    unroll<Terms>([&](int k) SACCADE_LAMBDA {
      const VectorOf<Scalar> factor = broadcast(a[k]);
      unroll<Vectors>([&](int v) SACCADE_LAMBDA { tile[k][v] += factor * right[v]; });
    });
  }
  unroll<Terms>([&](int k) SACCADE_LAMBDA {
    Scalar* const target = sums + k * sums_stride;
    unroll<Vectors>([&](int v) SACCADE_LAMBDA {
      store<Scalar>(load(target + v * lanes<Scalar>) + tile[k][v], target + v * lanes<Scalar>);
    });
  });
}

/// See GradientKernels::multiply_transposed. As many terms at a time as `multiply` takes rows, which is what registers have
/// room for; what is left of them is one or two tiles of gradient_terms.
template <class Scalar>
SACCADE_KERNEL void multiply_transposed(Index rows, Index terms, const Scalar* a, Index a_stride, const Scalar* b,
                                        Index b_stride, Index columns, Scalar* sums) {
  constexpr Index most = product_rows, least = gradient_terms;
  static_assert(least < most && most < 2 * least && most % 2 == 0 && least % 2 == 0);
  const auto strip = [&]<int Vectors>(std::integral_constant<int, Vectors>, Index first) SACCADE_LAMBDA {
    for (Index k = 0; k < terms;) {
      const Index left = terms - k;
      const bool large = left != least && left != 2 * least;
      const auto tile =
          large ? multiply_transposed_tile<most, Vectors, Scalar> : multiply_transposed_tile<least, Vectors, Scalar>;
      tile(rows, a + k, a_stride, b + first, b_stride, sums + k * columns + first, columns);
      k += large ? most : least;
    }
  };
  for_strips<Scalar>(columns, strip);
}

}  // namespace saccade::eigen::SACCADE_ISA
