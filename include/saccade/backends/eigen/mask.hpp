#pragma once

#include <saccade/backends/eigen/pointwise.hpp>

/// Soft attention, eq. 1: a = (1 + sigmoid(m)) * t, all (B, H, W, C), alone and together with its global average.
namespace saccade::inline SACCADE_NAMESPACE::eigen {

/// (1 + mask) * trunk. A type, not a function: loops that are handed its value inline it.
struct Attend {
  template <class Scalar>
  Scalar operator()(Scalar trunk, Scalar mask) const {
    return (Scalar(1) + mask) * trunk;
  }
};

template <class Scalar>
void apply_mask(Engine& engine, const HostTensor<Scalar>& trunk, const HostTensor<Scalar>& mask_logits,
                HostTensor<Scalar>& attended) {
  transform(engine, attended.size(), attended.data(), Attend{}, dense(trunk), SigmoidOf<Scalar>{mask_logits.data()});
}

/// Both derivatives, for a gradient given as an operand over (images, size).
template <class Scalar, class Gradient>
void mask_backward(Engine& engine, Index images, Index size, const HostTensor<Scalar>& trunk,
                   const HostTensor<Scalar>& mask_logits, const Gradient& d_attended, HostTensor<Scalar>& d_trunk,
                   Write write_trunk, HostTensor<Scalar>& d_mask_logits, Write write_logits) {
  const Index ranges = (size + elementwise_grain - 1) / elementwise_grain;
  with_write(write_trunk, [&](auto accumulate_trunk) {
    with_write(write_logits, [&](auto accumulate_logits) {
      engine.parallel_for(images * ranges, [&](Index block, int) {
        const Index begin = block % ranges * elementwise_grain;
        SigmoidOf<Scalar> sigmoid{mask_logits.data(), size};
        alignas(64) Scalar to_trunk[tile_size];
        alignas(64) Scalar to_logits[tile_size];
        for_each_tile(block / ranges, begin, std::min(size, begin + elementwise_grain),
                      [&](Index image, Index position, Index count) {
                        const Index place = image * size + position;
                        const Scalar* const mask = sigmoid.read(image, position, count);
                        const Scalar* const gradient = d_attended.read(image, position, count);
                        compute_tile(
                            count, to_trunk, [](Scalar g, Scalar m) { return g * (Scalar(1) + m); }, gradient, mask);
                        compute_tile(
                            count, to_logits,
                            [](Scalar g, Scalar m, Scalar t) { return g * t * math::sigmoid_derivative(m); }, gradient,
                            mask, trunk.data() + place);
                        write_tile<accumulate_trunk>(count, to_trunk, d_trunk.data() + place);
                        write_tile<accumulate_logits>(count, to_logits, d_mask_logits.data() + place);
                      });
      });
    });
  });
}

template <class Scalar>
void apply_mask_backward(Engine& engine, const HostTensor<Scalar>& trunk, const HostTensor<Scalar>& mask_logits,
                         const HostTensor<Scalar>& d_attended, HostTensor<Scalar>& d_trunk, Write write_trunk,
                         HostTensor<Scalar>& d_mask_logits, Write write_logits) {
  mask_backward(engine, 1, trunk.size(), trunk, mask_logits, dense(d_attended), d_trunk, write_trunk, d_mask_logits,
                write_logits);
}

/// features (B, C) = average over the pixels of (1 + sigmoid(mask_logits)) * trunk, which is never stored.
template <class Scalar>
void attention_pool(Engine& engine, const HostTensor<Scalar>& trunk, const HostTensor<Scalar>& mask_logits,
                    HostTensor<Scalar>& features) {
  const Index images = trunk.shape()[0];
  const Index rows = trunk.shape()[1] * trunk.shape()[2];
  const Index channels = trunk.shape()[3];
  if (features.size() == 0) return;
  const ChannelChunks chunks(images, rows, channels);
  double* const totals = engine.shared<double>((images + chunks.count()) * channels);
  sum_channels<1, Scalar>(engine, chunks, totals + images * channels, totals,
                          [&](Index image, Index position, Index count, const auto& add) {
                            const Index place = image * rows * channels + position;
                            SigmoidOf<Scalar> mask{mask_logits.data()};
                            alignas(64) Scalar values[tile_size];
                            compute_tile(count, values, Attend{}, trunk.data() + place, mask.read(0, place, count));
                            add(0, values);
                          });
  for (Index i = 0; i < features.size(); ++i)
    features.data()[i] = static_cast<Scalar>(totals[i] / static_cast<double>(rows));
}

/// From d_features (B, C); the sigmoid is computed anew.
template <class Scalar>
void attention_pool_backward(Engine& engine, const HostTensor<Scalar>& trunk, const HostTensor<Scalar>& mask_logits,
                             const HostTensor<Scalar>& d_features, HostTensor<Scalar>& d_trunk, Write write_trunk,
                             HostTensor<Scalar>& d_mask_logits, Write write_logits) {
  const Index images = trunk.shape()[0];
  const Index rows = trunk.shape()[1] * trunk.shape()[2];
  const Index channels = trunk.shape()[3];
  using Coefficients = ImageCoefficients<Scalar>;
  Coefficients coefficients(images, channels, engine.shared<Scalar>(Coefficients::room(1, images, channels)));
  const auto share = coefficients.make(
      [&](Index image, Index c) { return d_features.data()[image * channels + c] / static_cast<Scalar>(rows); });
  mask_backward(engine, images, rows * channels, trunk, mask_logits, share, d_trunk, write_trunk, d_mask_logits,
                write_logits);
}

}  // namespace saccade::eigen
