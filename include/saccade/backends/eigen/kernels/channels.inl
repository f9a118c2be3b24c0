// Part of kernels.hpp, compiled once for every instruction set.

namespace saccade::inline SACCADE_NAMESPACE::eigen::SACCADE_ISA {

/// How far ahead of what is read the caches are asked: one stream after another, as the hardware sees them, leaves a
/// fifth of the bandwidth unused.
inline constexpr Index numbers_ahead = 512;

/// Sums over the pixels: sums[s * sum_stride + c] += the values that `terms(i, count, v, out)` puts into out[s], for
/// Sums sums, i the place of a vector of `count` channels.
template <int Sums, int Vectors, class Scalar, class Terms>
SACCADE_INLINE void sum_pixels(Index pixels, Index channels, Index c, Index count, Scalar* sums, Index sum_stride,
                               const Terms& terms) {
  VectorOf<Scalar> totals[Vectors][Sums];
  unroll<Vectors>([&](int v) SACCADE_LAMBDA {
    unroll<Sums>([&](int s) SACCADE_LAMBDA { totals[v][s] = load(sums + s * sum_stride + c + v * lanes<Scalar>); });
  });
  for (Index i = c; i < pixels * channels; i += channels)
    unroll<Vectors>([&](int v) SACCADE_LAMBDA {
      VectorOf<Scalar> values[Sums];
      terms(i + v * lanes<Scalar>, count - v * lanes<Scalar>, v, values);
      unroll<Sums>([&](int s) SACCADE_LAMBDA { totals[v][s] += values[s]; });
    });
  unroll<Vectors>([&](int v) SACCADE_LAMBDA {
    unroll<Sums>([&](int s)
                     SACCADE_LAMBDA { store<Scalar>(totals[v][s], sums + s * sum_stride + c + v * lanes<Scalar>); });
  });
}

/// See Kernels::channel_sums.
template <class Scalar>
SACCADE_KERNEL void channel_sums(Index pixels, Index channels, const Scalar* x, Scalar* sums) {
  for_channel_groups<strip_vectors, Scalar>(
      channels, [&]<int Vectors>(std::integral_constant<int, Vectors>, Index c, Index count) SACCADE_LAMBDA {
        sum_pixels<1, Vectors>(pixels, channels, c, count, sums, 0,
                               [&](Index i, Index left, int, VectorOf<Scalar>(&values)[1]) SACCADE_LAMBDA {
                                 prefetch(x + i + numbers_ahead);
                                 values[0] = load_part(x + i, left);
                               });
      });
}

/// See Kernels::deviation_sums.
template <class Scalar>
SACCADE_KERNEL void deviation_sums(Index pixels, Index channels, const Scalar* x, const Scalar* centre, Scalar* sums) {
  for_channel_groups<strip_vectors, Scalar>(
      channels, [&]<int Vectors>(std::integral_constant<int, Vectors>, Index c, Index count) SACCADE_LAMBDA {
        VectorOf<Scalar> around[Vectors];
        unroll<Vectors>([&](int v) SACCADE_LAMBDA {
          around[v] = load_part(centre + c + v * lanes<Scalar>, count - v * lanes<Scalar>);
        });
        sum_pixels<1, Vectors>(pixels, channels, c, count, sums, 0,
                               [&](Index i, Index left, int v, VectorOf<Scalar>(&values)[1]) SACCADE_LAMBDA {
                                 const VectorOf<Scalar> deviation = load_part(x + i, left) - around[v];
                                 values[0] = deviation * deviation;
                               });
      });
}

/// See GradientKernels::activation_sums.
template <class Scalar>
SACCADE_KERNEL void activation_sums(Index pixels, Index channels, const Scalar* d_y, const Scalar* x,
                                    const ChannelActivation<Scalar>& activation, Scalar* sums, Index sum_stride) {
  using Vector = VectorOf<Scalar>;
  for_channel_groups<2, Scalar>(  // more sums and coefficients would leave the registers
      channels, [&]<int Vectors>(std::integral_constant<int, Vectors>, Index c, Index count) SACCADE_LAMBDA {
        VectorActivation<Scalar> at[Vectors];
        unroll<Vectors>([&](int v) SACCADE_LAMBDA { at[v] = load_activation(activation, c + v * lanes<Scalar>); });
        sum_pixels<3, Vectors>(pixels, channels, c, count, sums, sum_stride,
                               [&](Index i, Index left, int v, Vector(&values)[3]) SACCADE_LAMBDA {
                                 prefetch(x + i + numbers_ahead);
                                 prefetch(d_y + i + numbers_ahead);
                                 const Vector deviation = load_part(x + i, left) - at[v].centre;
                                 const Vector gradient = load_part(d_y + i, left);
                                 const Vector value = deviation * at[v].scale + at[v].shift;
                                 values[0] = select_positive(value, gradient, gradient * at[v].slope);
                                 values[1] = values[0] * deviation;
                                 values[2] = select_positive(value, Vector{}, gradient * value);
                               });
      });
}

/// See GradientKernels::activation_gradient.
template <class Scalar>
SACCADE_KERNEL void activation_gradient(Index pixels, Index channels, const Scalar* d_y, const Scalar* x,
                                        const ChannelActivation<Scalar>& activation,
                                        const NormalizationTerms<Scalar>& terms, const Scalar* addend1,
                                        const Scalar* addend2, Scalar* d_x) {
  using Vector = VectorOf<Scalar>;
  for_channel_groups<strip_vectors, Scalar>(
      channels, [&]<int Vectors>(std::integral_constant<int, Vectors>, Index c, Index count) SACCADE_LAMBDA {
        VectorActivation<Scalar> at[Vectors];
        Vector on_deviation[Vectors], constant[Vectors];
        unroll<Vectors>([&](int v) SACCADE_LAMBDA {
          at[v] = load_activation(activation, c + v * lanes<Scalar>);
          on_deviation[v] = load(terms.on_deviation + c + v * lanes<Scalar>);
          constant[v] = load(terms.constant + c + v * lanes<Scalar>);
        });
        for (Index pixel = c; pixel < pixels * channels; pixel += channels)
          unroll<Vectors>([&](int v) SACCADE_LAMBDA {
            const Index i = pixel + v * lanes<Scalar>, left = count - v * lanes<Scalar>;
            prefetch(x + i + numbers_ahead);
            prefetch(d_y + i + numbers_ahead);
            const Vector deviation = load_part(x + i, left) - at[v].centre;
            const Vector gradient = load_part(d_y + i, left);
            const Vector value = deviation * at[v].scale + at[v].shift;
            const Vector d_value = select_positive(value, gradient, gradient * at[v].slope);
            Vector result = d_value * at[v].scale + (deviation * on_deviation[v] + constant[v]);
            if (addend1) result += load_part(addend1 + i, left);
            if (addend2) result += load_part(addend2 + i, left);
            store_part<Scalar>(result, left, d_x + i);
          });
      });
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

/// See GradientKernels::max_pool_backward.
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

}  // namespace saccade::eigen::SACCADE_ISA
