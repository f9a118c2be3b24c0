// Part of kernels.hpp, compiled once for every instruction set.

namespace saccade::inline SACCADE_NAMESPACE::eigen::SACCADE_ISA {

/// What a ChannelEpilogue makes of the sums of the vector of channels from c on.
template <class Scalar>
SACCADE_INLINE VectorOf<Scalar> finished(VectorOf<Scalar> sums, const ChannelEpilogue<Scalar>& epilogue, Index c) {
  return clamped<Scalar>(sums + load(epilogue.shift + c), epilogue.low, epilogue.high);
}

/// The windows [first, first + Pixels) of a row over all channels that fill whole vectors: a pixel of the source is
/// loaded once for each row of taps, and multiplied by all taps under which it lies.
template <int Pixels, int Width, int Step, class Scalar>
SACCADE_KERNEL void depthwise_block(const DepthwiseRow<Scalar>& row, Index first) {
  using Vector = VectorOf<Scalar>;
  constexpr int reach = (Pixels - 1) * Step + Width;
  const Index left = row.first_column + first * Step;
  const Index row_stride = row.width * row.channels;
  const Index tap_stride = round_up(row.channels, lanes<Scalar>);
  const Scalar* const source = row.source + left * row.channels;
  Scalar* const target = row.target + first * row.target_stride;
  const Scalar* const addend = row.addend ? row.addend + first * row.target_stride : nullptr;
  for (Index c = 0; c + lanes<Scalar> <= row.channels; c += lanes<Scalar>) {
    Vector sums[Pixels] = {};
    const Scalar* from = source + c;
    const Scalar* tap = row.taps + c;
    unroll<Pixels>([&](int p) SACCADE_LAMBDA { prefetch_to_write(target + p * row.target_stride + c); });
    for (Index r = 0; r < row.rows; ++r, from += row_stride, tap += Width * tap_stride) {
      Vector taps[Width];
      unroll<Width>([&](int v) SACCADE_LAMBDA { taps[v] = load(tap + v * tap_stride); });
      if (r + Step >= row.rows)  // the rows below these will be wanted for the next row of results
        unroll<Pixels * Step>(
            [&](int p) SACCADE_LAMBDA { prefetch_later(from + Step * row_stride + (Width / 2 + p) * row.channels); });
      unroll<reach>([&](int column) SACCADE_LAMBDA {
        if (left + column < 0 || left + column >= row.width) return;
        const Vector pixel = load(from + column * row.channels);
        unroll<Width>([&](int v) SACCADE_LAMBDA {
          const int place = column - v;
          if (place >= 0 && place % Step == 0 && place / Step < Pixels) sums[place / Step] += pixel * taps[v];
        });
      });
    }
    unroll<Pixels>([&](int p) SACCADE_LAMBDA {
      Vector sum = sums[p];
      if (addend) sum += load(addend + p * row.target_stride + c);
      if (row.epilogue) sum = finished<Scalar>(sum, *row.epilogue, c);
      store<Scalar>(sum, target + p * row.target_stride + c);
    });
  }
}

/// The channels from `first` on of all windows, for kernels of any width and any step.
template <class Scalar>
SACCADE_KERNEL void depthwise_any(const DepthwiseRow<Scalar>& row, Index first) {
  using Vector = VectorOf<Scalar>;
  const Index tap_stride = round_up(row.channels, lanes<Scalar>);
  for (Index window = 0; window < row.count; ++window) {
    const Index left = row.first_column + window * row.step;
    const Index begin = left < 0 ? -left : 0;
    const Index end = row.kernel_width < row.width - left ? row.kernel_width : row.width - left;
    const Index place = window * row.target_stride;
    for (Index c = first; c < row.channels; c += lanes<Scalar>) {
      const Index count = row.channels - c;
      Vector sum{};
      for (Index r = 0; r < row.rows; ++r)
        for (Index v = begin; v < end; ++v)
          sum += load_part(row.source + (r * row.width + left + v) * row.channels + c, count) *
                 load(row.taps + (r * row.kernel_width + v) * tap_stride + c);
      if (row.addend) sum += load_part(row.addend + place + c, count);
      if (row.epilogue) sum = finished<Scalar>(sum, *row.epilogue, c);
      store_part<Scalar>(sum, count, row.target + place + c);
    }
  }
}

template <int Width, int Step, class Scalar>
SACCADE_KERNEL void depthwise_windows(const DepthwiseRow<Scalar>& row) {
  Index first = 0;
  for (; first + 8 <= row.count; first += 8) depthwise_block<8, Width, Step>(row, first);
  for (; first + 4 <= row.count; first += 4) depthwise_block<4, Width, Step>(row, first);
  for (; first < row.count; ++first) depthwise_block<1, Width, Step>(row, first);
}

/// A kernel's width and the step from window to window.
template <int Width, int Step>
struct DepthwiseSize {
  static constexpr int width = Width;
  static constexpr int step = Step;
};

/// All windows; the sizes are compiled for, others are slower.
template <class... Sizes, class Scalar>
SACCADE_KERNEL void depthwise_sized(const DepthwiseRow<Scalar>& row) {
  const Index whole = row.channels / lanes<Scalar> * lanes<Scalar>;
  const auto is = [&]<class Size>(Size)
                      SACCADE_LAMBDA { return row.kernel_width == Size::width && row.step == Size::step; };
  const auto compute = [&]<class Size>(Size) SACCADE_LAMBDA {
    depthwise_windows<Size::width, Size::step>(row);
    return true;
  };
  const bool known = ((is(Sizes()) && compute(Sizes())) || ...);
  if (!known || whole < row.channels) depthwise_any(row, known ? whole : 0);
}

/// See Kernels::depthwise.
template <class Scalar>
SACCADE_KERNEL void depthwise(const DepthwiseRow<Scalar>& row) {
  depthwise_sized<DepthwiseSize<3, 1>, DepthwiseSize<5, 1>, DepthwiseSize<3, 2>, DepthwiseSize<5, 2>>(row);
}

/// See GradientKernels::depthwise_input.
template <class Scalar>
SACCADE_KERNEL void depthwise_input(const DepthwiseRow<Scalar>& row) {
  depthwise_sized<DepthwiseSize<3, 1>, DepthwiseSize<5, 1>, DepthwiseSize<2, 1>, DepthwiseSize<1, 1>>(row);
}

/// Rows taps of one row of gradients, for one vector of channels: sums stay in registers while the row passes by.
template <int Rows, int Width, int Step, class Scalar>
SACCADE_KERNEL void depthwise_gradient_rows(const DepthwiseGradientRow<Scalar>& row, Index r, Index c) {
  using Vector = VectorOf<Scalar>;
  const Index row_stride = row.width * row.channels;
  const Index tap_stride = round_up(row.channels, lanes<Scalar>);
  const Scalar* const source = row.source + r * row_stride + c;
  Vector sums[Rows][Width] = {};
  const auto add = [&]<int Pixels>(std::integral_constant<int, Pixels>, Index first) SACCADE_LAMBDA {
    constexpr int reach = (Pixels - 1) * Step + Width;
    const Index left = row.first_column + first * Step;
    const Scalar* const from = source + left * row.channels;
    Vector gradients[Pixels];
    unroll<Pixels>([&](int p) SACCADE_LAMBDA { gradients[p] = load(row.gradient + (first + p) * row.channels + c); });
    if (r + Rows >= row.rows) {  // what the next row of gradients will want
      unroll<Pixels>([&](int p) SACCADE_LAMBDA {
        prefetch_later(row.gradient + (row.count + first + p) * row.channels + c);
        unroll<Step>([&](int k) SACCADE_LAMBDA {
          unroll<Step>([&](int s) SACCADE_LAMBDA {
            prefetch_later(from + (Rows + k) * row_stride + (Width / 2 + p * Step + s) * row.channels);
          });
        });
      });
    }
    unroll<reach>([&](int column) SACCADE_LAMBDA {
      if (left + column < 0 || left + column >= row.width) return;
      unroll<Rows>([&](int k) SACCADE_LAMBDA {
        const Vector pixel = load(from + k * row_stride + column * row.channels);
        unroll<Width>([&](int v) SACCADE_LAMBDA {
          const int place = column - v;
          if (place >= 0 && place % Step == 0 && place / Step < Pixels) sums[k][v] += pixel * gradients[place / Step];
        });
      });
    });
  };
  Index first = 0;
  for (; first + 4 <= row.count; first += 4) add(std::integral_constant<int, 4>(), first);
  for (; first < row.count; ++first) add(std::integral_constant<int, 1>(), first);
  unroll<Rows>([&](int k) SACCADE_LAMBDA {
    unroll<Width>([&](int v) SACCADE_LAMBDA {
      Scalar* const target = row.sums + ((r + k) * Width + v) * tap_stride + c;
      store<Scalar>(load(target) + sums[k][v], target);
    });
  });
}

template <int Rows, int Width, int Step, class Scalar>
SACCADE_KERNEL void depthwise_gradient_windows(const DepthwiseGradientRow<Scalar>& row, Index end) {
  for (Index c = row.begin; c < end; c += lanes<Scalar>) {
    Index r = 0;
    for (; r + Rows <= row.rows; r += Rows) depthwise_gradient_rows<Rows, Width, Step>(row, r, c);
    for (; r < row.rows; ++r) depthwise_gradient_rows<1, Width, Step>(row, r, c);
  }
}

/// The channels from `begin` on, for kernels of any width and any step.
template <class Scalar>
SACCADE_KERNEL void depthwise_gradient_any(const DepthwiseGradientRow<Scalar>& row, Index begin) {
  const Index tap_stride = round_up(row.channels, lanes<Scalar>);
  for (Index c = begin; c < row.end; c += lanes<Scalar>) {
    const Index count = row.channels - c;
    for (Index r = 0; r < row.rows; ++r)
      for (Index v = 0; v < row.kernel_width; ++v) {
        VectorOf<Scalar> sum{};
        for (Index window = 0; window < row.count; ++window) {
          const Index column = row.first_column + window * row.step + v;
          if (column < 0 || column >= row.width) continue;
          sum += load_part(row.source + (r * row.width + column) * row.channels + c, count) *
                 load_part(row.gradient + window * row.channels + c, count);
        }
        Scalar* const target = row.sums + (r * row.kernel_width + v) * tap_stride + c;
        store<Scalar>(load(target) + sum, target);
      }
  }
}

/// See GradientKernels::depthwise_gradient.
template <class Scalar>
SACCADE_KERNEL void depthwise_gradient(const DepthwiseGradientRow<Scalar>& row) {
  const Index all_whole = row.channels / lanes<Scalar> * lanes<Scalar>;
  const Index whole = row.end < all_whole ? row.end : all_whole;
  const auto is = [&](Index width, Index step)
                      SACCADE_LAMBDA { return row.kernel_width == width && row.step == step; };
  if (is(3, 1))
    depthwise_gradient_windows<3, 3, 1>(row, whole);
  else if (is(3, 2))
    depthwise_gradient_windows<3, 3, 2>(row, whole);
  else if (is(5, 1))
    depthwise_gradient_windows<2, 5, 1>(row, whole);
  else if (is(5, 2))
    depthwise_gradient_windows<2, 5, 2>(row, whole);
  else
    return depthwise_gradient_any(row, row.begin);
  if (whole < row.end) depthwise_gradient_any(row, whole);
}

/// See Kernels::finish.
template <class Scalar>
SACCADE_NOINLINE void finish(Index rows, Index channels, const Scalar* sums, Index sums_stride, const Scalar* addend,
                             const ChannelEpilogue<Scalar>* epilogue, Scalar* y, Index y_stride) {
  for (Index row = 0; row < rows; ++row)
    for (Index c = 0; c < channels; c += lanes<Scalar>) {
      const Index count = channels - c, place = row * y_stride + c;
      VectorOf<Scalar> value = load_part(sums + row * sums_stride + c, count);
      if (epilogue && epilogue->scale) value = value * load(epilogue->scale + c);
      if (addend) value += load_part(addend + place, count);
      if (epilogue) value = finished<Scalar>(value, *epilogue, c);
      store_part<Scalar>(value, count, y + place);
    }
}

}  // namespace saccade::eigen::SACCADE_ISA
