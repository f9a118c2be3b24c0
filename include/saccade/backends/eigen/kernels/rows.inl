// Part of kernels.hpp, compiled once for every instruction set.

namespace saccade::inline v0::eigen::SACCADE_ISA {

/// PReLU((x - centre) scale + shift) of the channels from c on.
template <class Scalar>
SACCADE_INLINE VectorOf<Scalar> activate(VectorOf<Scalar> x, const ChannelActivation<Scalar>& activation, Index c) {
  const VectorOf<Scalar> y =
      (x - load(activation.centre + c)) * load(activation.scale + c) + load(activation.shift + c);
  return select_positive(y, y, load(activation.slope + c) * y);
}

/// See Kernels::activate_pixels.
template <class Scalar>
SACCADE_KERNEL void activate_pixels(Index pixels, Index channels, const Scalar* x,
                                    const ChannelActivation<Scalar>& activation, Scalar* y) {
  for (Index pixel = 0; pixel < pixels; ++pixel, x += channels, y += channels)
    for (Index c = 0; c < channels; c += lanes<Scalar>)
      store_part<Scalar>(activate<Scalar>(load_part(x + c, channels - c), activation, c), channels - c, y + c);
}

/// See Kernels::add.
template <class Scalar>
SACCADE_KERNEL void add(Index count, const Scalar* x1, const Scalar* x2, Scalar* y) {
  for (Index i = 0; i < count; i += lanes<Scalar>)
    store_part<Scalar>(load_part(x1 + i, count - i) + load_part(x2 + i, count - i), count - i, y + i);
}

}  // namespace saccade::inline v0::eigen::SACCADE_ISA
