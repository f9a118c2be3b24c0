#pragma once

#include <saccade/backends/eigen/channel_sums.hpp>
#include <saccade/math/optimizer.hpp>

#include <limits>

/// Clipping and Adam; gradient, parameter and moments of one shape, scale (1), hyper (8) as AdamHyper orders it.
namespace saccade::inline SACCADE_NAMESPACE::eigen {

template <class Scalar>
void sum_of_squares(Engine& engine, const HostTensor<Scalar>& x, HostTensor<Scalar>& y, Write write) {
  const ChannelChunks chunks(1, x.size(), 1);
  double* const totals = engine.shared<double>(1 + chunks.count());
  sum_channels<1, Scalar>(engine, chunks, totals + 1, totals, [&](Index, Index position, Index count, const auto& add) {
    alignas(64) Scalar squares[tile_size];
    compute_tile(
        count, squares, [](Scalar value) { return value * value; }, x.data() + position);
    add(0, squares);
  });
  write_totals(1, totals, y.data(), write);
}

template <class Scalar>
void clip_scale(const HostTensor<Scalar>& sum, Scalar max_norm, HostTensor<Scalar>& scale) {
  scale.data()[0] = math::clip_scale(sum.data()[0], max_norm);
}

template <class Scalar>
void mark_not_finite(const HostTensor<Scalar>& x, HostTensor<Scalar>& mark) {
  bool finite = true;
  for (Index i = 0; i < x.size(); ++i) finite &= math::is_finite(x.data()[i]);
  if (!finite) mark.data()[0] = std::numeric_limits<Scalar>::quiet_NaN();
}

template <class Scalar>
void adam_step(Engine& engine, const HostTensor<Scalar>& gradient, const HostTensor<Scalar>& scale,
               const HostTensor<Scalar>& hyper, HostTensor<Scalar>& parameter, HostTensor<Scalar>& first_moment,
               HostTensor<Scalar>& second_moment) {
  const Scalar factor = scale.data()[0];
  if (!math::is_finite(factor)) return;
  Scalar constants[AdamHyper::count];
  std::copy_n(hyper.data(), Index{AdamHyper::count}, constants);
  engine.parallel_ranges(parameter.size(), elementwise_grain / 4, [&](Index begin, Index end, int) {
    for (Index i = begin; i < end; ++i) {
      const math::AdamState<Scalar> next =
          math::adam_step(factor * gradient.data()[i], constants,
                          {parameter.data()[i], first_moment.data()[i], second_moment.data()[i]});
      parameter.data()[i] = next.parameter;
      first_moment.data()[i] = next.first_moment;
      second_moment.data()[i] = next.second_moment;
    }
  });
}

}  // namespace saccade::eigen
