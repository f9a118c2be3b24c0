// Part of kernels.hpp, compiled once for every instruction set.

namespace saccade::inline SACCADE_NAMESPACE::eigen::SACCADE_ISA {

// One-dimensional transforms of F(4, 3) with the points 0, 1, -1, 2, -2 and infinity (Lavin and Gray 2016). Each is
// applied to the columns of a tile and then to the rows of what comes out.

/// B^T x: 6 inputs.
template <class Scalar, class Vector>
SACCADE_INLINE void transform_input(const Vector (&x)[6], Vector (&y)[6]) {
  const Vector even = x[4] - x[2] * Scalar(4), odd = x[3] - x[1] * Scalar(4);
  const Vector even2 = x[4] - x[2], odd2 = (x[3] - x[1]) * Scalar(2);
  y[0] = x[0] * Scalar(4) - x[2] * Scalar(5) + x[4];
  y[1] = even + odd;
  y[2] = even - odd;
  y[3] = even2 + odd2;
  y[4] = even2 - odd2;
  y[5] = x[1] * Scalar(4) - x[3] * Scalar(5) + x[5];
}

/// A^T x: 6 products to 4 outputs.
template <class Scalar, class Vector>
SACCADE_INLINE void transform_output(const Vector (&x)[6], Vector (&y)[4]) {
  const Vector sum1 = x[1] + x[2], difference1 = x[1] - x[2];
  const Vector sum2 = x[3] + x[4], difference2 = x[3] - x[4];
  y[0] = x[0] + sum1 + sum2;
  y[1] = difference1 + difference2 * Scalar(2);
  y[2] = sum1 + sum2 * Scalar(4);
  y[3] = difference1 + difference2 * Scalar(8) + x[5];
}

/// A x, the transpose of transform_output: 4 gradients.
template <class Scalar, class Vector>
SACCADE_INLINE void transform_gradient(const Vector (&x)[4], Vector (&y)[6]) {
  const Vector even = x[0] + x[2], odd = x[1] + x[3];
  const Vector even2 = x[0] + x[2] * Scalar(4), odd2 = x[1] * Scalar(2) + x[3] * Scalar(8);
  y[0] = x[0];
  y[1] = even + odd;
  y[2] = even - odd;
  y[3] = even2 + odd2;
  y[4] = even2 - odd2;
  y[5] = x[3];
}

/// G x: 3 taps of a filter.
template <class Scalar, class Vector>
SACCADE_INLINE void transform_filter(const Vector (&x)[3], Vector (&y)[6]) {
  constexpr Scalar a = Scalar(1) / 4, b = Scalar(1) / 6, c = Scalar(1) / 24, d = Scalar(1) / 12;
  const Vector outer = (x[0] + x[2]) * -b, middle = x[1] * b;
  const Vector outer2 = x[0] * c + x[2] * b, middle2 = x[1] * d;
  y[0] = x[0] * a;
  y[1] = outer - middle;
  y[2] = outer + middle;
  y[3] = outer2 + middle2;
  y[4] = outer2 - middle2;
  y[5] = x[2];
}

/// G^T x, the transpose of transform_filter: 6 sums to the gradients of 3 taps.
template <class Scalar, class Vector>
SACCADE_INLINE void transform_filter_gradient(const Vector (&x)[6], Vector (&y)[3]) {
  constexpr Scalar a = Scalar(1) / 4, b = Scalar(1) / 6, c = Scalar(1) / 24, d = Scalar(1) / 12;
  const Vector sum1 = (x[1] + x[2]) * b, sum2 = x[3] + x[4];
  y[0] = x[0] * a - sum1 + sum2 * c;
  y[1] = (x[2] - x[1]) * b + (x[3] - x[4]) * d;
  y[2] = sum2 * b - sum1 + x[5];
}

/// The two-dimensional transform of a tile: `read(row, column)` gives its elements, `write(row, column, value)` takes
/// what comes out, `transform` is one of the above.
template <int In, int Out, class Vector, class Transform, class Read, class Write>
SACCADE_INLINE void transform_tile(const Transform& transform, const Read& read, const Write& write) {
  Vector half[Out][In];
#pragma GCC unroll 1
  for (int column = 0; column < In; ++column) {
    Vector x[In], y[Out];
    unroll<In>([&](int row) SACCADE_LAMBDA { x[row] = read(row, column); });
    transform(x, y);
    unroll<Out>([&](int row) SACCADE_LAMBDA { half[row][column] = y[row]; });
  }
#pragma GCC unroll 1
  for (int row = 0; row < Out; ++row) {
    Vector x[In], y[Out];
    unroll<In>([&](int column) SACCADE_LAMBDA { x[column] = half[row][column]; });
    transform(x, y);
    unroll<Out>([&](int column) SACCADE_LAMBDA { write(row, column, y[column]); });
  }
}

/// Where a tile lies in an image, channels c to c + lanes: rows and pixels apart by these strides. Unless it is whole,
/// because it reaches beyond the image or its channels do not fill a vector, the pixels outside of `range` count as 0
/// and `count` channels are read.
template <class Scalar>
struct TileView {
  const Scalar* corner;
  Index row_stride;
  Index pixel_stride;
  WindowRange range;
  Index count;

  template <bool Whole>
  SACCADE_INLINE bool holds([[maybe_unused]] int row, [[maybe_unused]] int column) const {
    if constexpr (Whole) return true;
    return row >= range.top && row < range.bottom && column >= range.left && column < range.right;
  }

  /// A pixel that the image holds.
  template <bool Whole>
  SACCADE_INLINE VectorOf<Scalar> read(int row, int column) const {
    const Scalar* const pixel = corner + row * row_stride + column * pixel_stride;
    if constexpr (Whole) return load(pixel);
    return load_part(pixel, count);
  }
};

template <bool Activated, bool Whole, class Scalar>
SACCADE_KERNEL void transform_input_tile(const TileView<Scalar>& tile, const ChannelActivation<Scalar>* activation,
                                         Index c, Scalar* planes, Index plane_stride) {
  using Vector = VectorOf<Scalar>;
  VectorActivation<Scalar> activate{};
  if constexpr (Activated) activate = load_activation(*activation, c);
  transform_tile<6, 6, Vector>(
      [](const Vector(&in)[6], Vector(&out)[6]) SACCADE_LAMBDA { transform_input<Scalar>(in, out); },
      [&](int row, int column) SACCADE_LAMBDA {
        if (!tile.template holds<Whole>(row, column)) return Vector{};
        const Vector value = tile.template read<Whole>(row, column);
        if constexpr (Activated) return activate(value);
        return value;
      },
      [&](int row, int column, Vector value)
          SACCADE_LAMBDA { store<Scalar>(value, planes + (row * 6 + column) * plane_stride); });
}

/// See Kernels::winograd_input.
template <class Scalar>
SACCADE_KERNEL void winograd_input(const Scalar* x, const TileGrid& grid, Index first, Index last,
                                   const ChannelActivation<Scalar>* activation, const TilePlanes<Scalar>& planes) {
  const Index row_stride = grid.width * grid.channels;
  for (Index t = first; t < last; ++t) {
    const TilePlace place = grid.place(t);
    const Index top = place.row - grid.padding, left = place.column - grid.padding;
    const WindowRange range{-top, grid.height - top, -left, grid.width - left};
    const bool inside = top >= 0 && left >= 0 && range.bottom >= 6 && range.right >= 6;
    const Scalar* const corner = x + (place.image * grid.height + top) * row_stride + left * grid.channels;
    Scalar* const target = planes.data + (t - first) * planes.tile_stride;
    for (Index c = 0; c < grid.channels; c += lanes<Scalar>) {
      const Index count = grid.channels - c;
      const bool whole = inside && count >= lanes<Scalar>;
      const auto transform =
          activation ? (whole ? transform_input_tile<true, true, Scalar> : transform_input_tile<true, false, Scalar>)
                     : (whole ? transform_input_tile<false, true, Scalar> : transform_input_tile<false, false, Scalar>);
      transform({corner + c, row_stride, grid.channels, range, count}, activation, c, target + c, planes.plane_stride);
    }
  }
}

template <bool Whole, class Scalar>
SACCADE_KERNEL void transform_gradient_tile(const TileView<Scalar>& tile, Scalar* planes, Index plane_stride) {
  using Vector = VectorOf<Scalar>;
  transform_tile<4, 6, Vector>(
      [](const Vector(&in)[4], Vector(&out)[6]) SACCADE_LAMBDA { transform_gradient<Scalar>(in, out); },
      [&](int row, int column) SACCADE_LAMBDA {
        return tile.template holds<Whole>(row, column) ? tile.template read<Whole>(row, column) : Vector{};
      },
      [&](int row, int column, Vector value)
          SACCADE_LAMBDA { store<Scalar>(value, planes + (row * 6 + column) * plane_stride); });
}

/// See GradientKernels::winograd_gradient.
template <class Scalar>
SACCADE_KERNEL void winograd_gradient(const Scalar* d_y, const TileGrid& grid, Index first, Index last,
                                      const TilePlanes<Scalar>& planes) {
  const Index row_stride = grid.out_width * grid.outputs;
  for (Index t = first; t < last; ++t) {
    const TilePlace place = grid.place(t);
    const WindowRange range{0, grid.out_height - place.row, 0, grid.out_width - place.column};
    const bool inside = range.bottom >= 4 && range.right >= 4;
    const Scalar* const corner =
        d_y + (place.image * grid.out_height + place.row) * row_stride + place.column * grid.outputs;
    Scalar* const target = planes.data + (t - first) * planes.tile_stride;
    for (Index c = 0; c < grid.outputs; c += lanes<Scalar>) {
      const Index count = grid.outputs - c;
      const bool whole = inside && count >= lanes<Scalar>;
      const auto transform = whole ? transform_gradient_tile<true, Scalar> : transform_gradient_tile<false, Scalar>;
      transform({corner + c, row_stride, grid.outputs, range, count}, target + c, planes.plane_stride);
    }
  }
}

template <class Scalar, class Write>
SACCADE_INLINE void transform_output_tile(const Scalar* planes, Index plane_stride, const Write& write) {
  using Vector = VectorOf<Scalar>;
  transform_tile<6, 4, Vector>(
      [](const Vector(&in)[6], Vector(&out)[4]) SACCADE_LAMBDA { transform_output<Scalar>(in, out); },
      [&](int row, int column) SACCADE_LAMBDA { return load(planes + (row * 6 + column) * plane_stride); }, write);
}

/// See Kernels::winograd_output.
template <class Scalar>
SACCADE_KERNEL void winograd_output(const TilePlanes<Scalar>& planes, const TileGrid& grid, Index first, Index last,
                                    const Scalar* addend, Scalar* y) {
  using Vector = VectorOf<Scalar>;
  const Index row_stride = grid.out_width * grid.outputs;
  for (Index t = first; t < last; ++t) {
    const TilePlace place = grid.place(t);
    const Index rows = grid.out_height - place.row, columns = grid.out_width - place.column;
    const Index corner = (place.image * grid.out_height + place.row) * row_stride + place.column * grid.outputs;
    const Scalar* const source = planes.data + (t - first) * planes.tile_stride;
    for (Index c = 0; c < grid.outputs; c += lanes<Scalar>) {
      const Index count = grid.outputs - c;
      const bool whole = rows >= 4 && columns >= 4 && count >= lanes<Scalar>;
      const auto pixel = [&](Index row, Index column)
                             SACCADE_LAMBDA { return corner + row * row_stride + column * grid.outputs + c; };
      alignas(64) Scalar patch[16 * lanes<Scalar>];  // of a tile that is not
      Scalar* const target = whole ? y + pixel(0, 0) : patch;
      const Index target_row = whole ? row_stride : 4 * lanes<Scalar>;
      const Index target_pixel = whole ? grid.outputs : lanes<Scalar>;
      const bool adds = whole && addend != nullptr;
      transform_output_tile(source + c, planes.plane_stride, [&](int row, int column, Vector value) SACCADE_LAMBDA {
        if (adds) value += load(addend + pixel(row, column));
        store<Scalar>(value, target + row * target_row + column * target_pixel);
      });
      if (whole) continue;
      for (Index row = 0; row < (rows < 4 ? rows : 4); ++row)
        for (Index column = 0; column < (columns < 4 ? columns : 4); ++column) {
          Vector value = load(patch + row * target_row + column * target_pixel);
          if (addend) value += load_part(addend + pixel(row, column), count);
          store_part<Scalar>(value, count, y + pixel(row, column));
        }
    }
  }
}

/// See Kernels::winograd_filter.
template <class Scalar>
SACCADE_KERNEL void winograd_filter(const Scalar* taps, Index tap_stride, Index columns, Index terms, Index term,
                                    Scalar* filter, Index plane_stride) {
  using Vector = VectorOf<Scalar>;
  constexpr Index strip = strip_vectors * lanes<Scalar>;
  const Index padded_columns = (columns + lanes<Scalar> - 1) / lanes<Scalar> * lanes<Scalar>;
  for (Index c = 0; c < padded_columns; c += lanes<Scalar>) {
    const Index strip_begin = c / strip * strip;
    Scalar* const target = filter + strip_begin * terms +
                           term * (padded_columns - strip_begin < strip ? padded_columns - strip_begin : strip) +
                           (c - strip_begin);
    transform_tile<3, 6, Vector>(
        [](const Vector(&in)[3], Vector(&out)[6]) SACCADE_LAMBDA { transform_filter<Scalar>(in, out); },
        [&](int row, int column)
            SACCADE_LAMBDA { return load_part(taps + (row * 3 + column) * tap_stride + c, columns - c); },
        [&](int row, int column, Vector value)
            SACCADE_LAMBDA { store<Scalar>(value, target + (row * 6 + column) * plane_stride); });
  }
}

/// See GradientKernels::winograd_filter_gradient.
template <class Scalar>
SACCADE_KERNEL void winograd_filter_gradient(const Scalar* sums, Index plane_stride, Scalar* taps) {
  using Vector = VectorOf<Scalar>;
  transform_tile<6, 3, Vector>(
      [](const Vector(&in)[6], Vector(&out)[3]) SACCADE_LAMBDA { transform_filter_gradient<Scalar>(in, out); },
      [&](int row, int column) SACCADE_LAMBDA { return load(sums + (row * 6 + column) * plane_stride); },
      [&](int row, int column, Vector value)
          SACCADE_LAMBDA { store<Scalar>(value, taps + (row * 3 + column) * lanes<Scalar>); });
}

}  // namespace saccade::eigen::SACCADE_ISA
