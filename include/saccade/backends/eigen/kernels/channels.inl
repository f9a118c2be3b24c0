// Part of kernels.hpp, compiled once for every instruction set.

namespace saccade::inline v0::eigen::SACCADE_ISA {

/// See Kernels::channel_sums.
template <class Scalar>
SACCADE_KERNEL void channel_sums(Index pixels, Index channels, const Scalar* x, Scalar* sums) {
  for (Index pixel = 0; pixel < pixels; ++pixel, x += channels)
    for (Index c = 0; c < channels; c += lanes<Scalar>)
      store<Scalar>(load(sums + c) + load_part(x + c, channels - c), sums + c);
}

/// See Kernels::deviation_sums.
template <class Scalar>
SACCADE_KERNEL void deviation_sums(Index pixels, Index channels, const Scalar* x, const Scalar* centre, Scalar* sums) {
  for (Index pixel = 0; pixel < pixels; ++pixel, x += channels)
    for (Index c = 0; c < channels; c += lanes<Scalar>) {
      const VectorOf<Scalar> deviation = load_part(x + c, channels - c) - load(centre + c);
      store<Scalar>(load(sums + c) + deviation * deviation, sums + c);
    }
}

/// See Kernels::activation_sums.
template <class Scalar>
SACCADE_KERNEL void activation_sums(Index pixels, Index channels, const Scalar* d_y, const Scalar* x,
                                    const ChannelActivation<Scalar>& activation, Scalar* sums, Index sum_stride) {
  using Vector = VectorOf<Scalar>;
  for (Index pixel = 0; pixel < pixels; ++pixel, x += channels, d_y += channels)
    for (Index c = 0; c < channels; c += lanes<Scalar>) {
      const Vector deviation = load_part(x + c, channels - c) - load(activation.centre + c);
      const Vector gradient = load_part(d_y + c, channels - c);
      const Vector value = deviation * load(activation.scale + c) + load(activation.shift + c);
      const Vector d_value = select_positive(value, gradient, gradient * load(activation.slope + c));
      Scalar* const sum = sums + c;
      store<Scalar>(load(sum) + d_value, sum);
      store<Scalar>(load(sum + sum_stride) + d_value * deviation, sum + sum_stride);
      store<Scalar>(load(sum + 2 * sum_stride) + select_positive(value, Vector{}, gradient * value),
                    sum + 2 * sum_stride);
    }
}

/// See Kernels::activation_gradient.
template <class Scalar>
SACCADE_KERNEL void activation_gradient(Index pixels, Index channels, const Scalar* d_y, const Scalar* x,
                                        const ChannelActivation<Scalar>& activation,
                                        const NormalizationTerms<Scalar>& terms, const Scalar* addend1,
                                        const Scalar* addend2, Scalar* d_x) {
  using Vector = VectorOf<Scalar>;
  for (Index i = 0; i < pixels * channels; i += channels)
    for (Index c = 0; c < channels; c += lanes<Scalar>) {
      const Index count = channels - c;
      const Vector deviation = load_part(x + i + c, count) - load(activation.centre + c);
      const Vector gradient = load_part(d_y + i + c, count);
      const Vector scale = load(activation.scale + c);
      const Vector value = deviation * scale + load(activation.shift + c);
      const Vector d_value = select_positive(value, gradient, gradient * load(activation.slope + c));
      Vector result = d_value * scale + (deviation * load(terms.on_deviation + c) + load(terms.constant + c));
      if (addend1) result += load_part(addend1 + i + c, count);
      if (addend2) result += load_part(addend2 + i + c, count);
      store_part<Scalar>(result, count, d_x + i + c);
    }
}

/// See Kernels::max_pool.
template <class Scalar>
SACCADE_KERNEL void max_pool(const Scalar* x, Index channels, Index row_stride, const WindowRange& range, Index window,
                             Scalar* y, Scalar* argmax) {
  using Vector = VectorOf<Scalar>;
  for (Index c = 0; c < channels; c += lanes<Scalar>) {
    const Index count = channels - c;
    Vector largest = load_part(x + range.top * row_stride + range.left * channels + c, count);
    Vector place = broadcast(static_cast<Scalar>(range.top * window + range.left));
    for (Index row = range.top; row < range.bottom; ++row)
      for (Index column = range.left; column < range.right; ++column) {
        const Vector values = load_part(x + row * row_stride + column * channels + c, count);
        const Vector excess = values - largest;
        place = select_positive(excess, broadcast(static_cast<Scalar>(row * window + column)), place);
        largest = select_positive(excess, values, largest);
      }
    store_part<Scalar>(largest, count, y + c);
    store_part<Scalar>(place, count, argmax + c);
  }
}

/// See Kernels::max_pool_backward.
template <class Scalar>
SACCADE_KERNEL void max_pool_backward(const Scalar* d_y, const Scalar* argmax, Index channels, Index row_stride,
                                      const WindowRange& readers, Index reach_down, Index reach_right,
                                      PoolingGeometry geometry, bool accumulate, Scalar* d_x) {
  using Vector = VectorOf<Scalar>;
  for (Index c = 0; c < channels; c += lanes<Scalar>) {
    const Index count = channels - c;
    Vector sum = accumulate ? load_part(d_x + c, count) : Vector{};
    for (Index row = readers.top; row < readers.bottom; ++row)
      for (Index column = readers.left; column < readers.right; ++column) {
        const Index place = row * row_stride + column * channels + c;
        const Index tap =
            (reach_down - row * geometry.stride) * geometry.window + reach_right - column * geometry.stride;
        sum += select_equal(load_part(argmax + place, count), broadcast(static_cast<Scalar>(tap)),
                            load_part(d_y + place, count));
      }
    store_part<Scalar>(sum, count, d_x + c);
  }
}

}  // namespace saccade::inline v0::eigen::SACCADE_ISA
