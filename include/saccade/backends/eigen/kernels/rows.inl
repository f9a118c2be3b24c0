// Part of kernels.hpp, compiled once for every instruction set.

namespace saccade::inline SACCADE_NAMESPACE::eigen::SACCADE_ISA {

/// Calls `body(vectors, c, count)` for groups of channels, `vectors` a constant: so many whole vectors at a time, then
/// single ones, the last of which may have fewer than `lanes` of the `count` channels that are left. A group's
/// coefficients and sums stay in registers while its pixels pass by.
template <int Vectors, class Scalar, class Body>
SACCADE_INLINE void for_channel_groups(Index channels, const Body& body) {
  Index c = 0;
  for (; c + Vectors * lanes<Scalar> <= channels; c += Vectors * lanes<Scalar>)
    body(std::integral_constant<int, Vectors>(), c, channels - c);
  for (; c < channels; c += lanes<Scalar>) body(std::integral_constant<int, 1>(), c, channels - c);
}

/// Coefficients of one vector of channels.
template <class Scalar>
struct VectorActivation {
  VectorOf<Scalar> centre, scale, shift, slope;

  SACCADE_INLINE VectorOf<Scalar> operator()(VectorOf<Scalar> x) const {
    const VectorOf<Scalar> y = (x - centre) * scale + shift;
    return select_positive(y, y, slope * y);
  }
};

template <class Scalar>
SACCADE_INLINE VectorActivation<Scalar> load_activation(const ChannelActivation<Scalar>& activation, Index c) {
  return {load(activation.centre + c), load(activation.scale + c), load(activation.shift + c),
          load(activation.slope + c)};
}

/// See Kernels::activate_pixels.
template <class Scalar>
SACCADE_KERNEL void activate_pixels(Index pixels, Index channels, const Scalar* x,
                                    const ChannelActivation<Scalar>& activation, Scalar* y) {
  for_channel_groups<strip_vectors, Scalar>(channels, [&]<int Vectors>(std::integral_constant<int, Vectors>, Index c,
                                                                       Index count) SACCADE_LAMBDA {
    VectorActivation<Scalar> activate[Vectors];
    unroll<Vectors>([&](int v) SACCADE_LAMBDA { activate[v] = load_activation(activation, c + v * lanes<Scalar>); });
    for (Index i = c; i < pixels * channels; i += channels)
      unroll<Vectors>([&](int v) SACCADE_LAMBDA {
        const Index left = count - v * lanes<Scalar>;
        store_part<Scalar>(activate[v](load_part(x + i + v * lanes<Scalar>, left)), left, y + i + v * lanes<Scalar>);
      });
  });
}

/// See Kernels::clamp.
template <class Scalar>
SACCADE_KERNEL void clamp(Index count, const Scalar* x, Scalar low, Scalar high, Scalar* y) {
  for (Index i = 0; i < count; i += lanes<Scalar>)
    store_part<Scalar>(clamped<Scalar>(load_part(x + i, count - i), low, high), count - i, y + i);
}

/// See GradientKernels::clamp_backward.
template <class Scalar>
SACCADE_KERNEL void clamp_backward(Index count, const Scalar* y, const Scalar* d_y, Scalar low, Scalar high,
                                   const Scalar* addend, Scalar* d_x) {
  using Vector = VectorOf<Scalar>;
  const Vector above = broadcast(low), below = broadcast(high);
  for (Index i = 0; i < count; i += lanes<Scalar>) {
    const Vector value = load_part(y + i, count - i);
    const Vector gradient = select_less(above, value, load_part(d_y + i, count - i), Vector{});
    Vector result = select_less(value, below, gradient, Vector{});
    if (addend) result += load_part(addend + i, count - i);
    store_part<Scalar>(result, count - i, d_x + i);
  }
}

/// See Kernels::add.
template <class Scalar>
SACCADE_KERNEL void add(Index count, const Scalar* x1, const Scalar* x2, Scalar* y) {
  for (Index i = 0; i < count; i += lanes<Scalar>)
    store_part<Scalar>(load_part(x1 + i, count - i) + load_part(x2 + i, count - i), count - i, y + i);
}

}  // namespace saccade::eigen::SACCADE_ISA
