#pragma once

#include <saccade/backends/eigen/channel_sums.hpp>
#include <saccade/math/optimizer.hpp>

#include <algorithm>
#include <cmath>
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
  // In tiles, because a loop with a root in it is not vectorised.
  engine.parallel_ranges(parameter.size(), elementwise_grain / 4, [&](Index begin, Index end, int) {
    for_each_tile(0, begin, end, [&](Index, Index position, Index count) {
      const Scalar* const g = gradient.data() + position;
      Scalar *const p = parameter.data() + position, *const m = first_moment.data() + position,
                    *const v = second_moment.data() + position;
      alignas(64) Scalar first[tile_size], second[tile_size], deviation[tile_size], values[tile_size];
      for (Index i = 0; i < count; ++i) {
        const math::AdamState<Scalar> next = math::adam_moments(factor * g[i], constants, {p[i], m[i], v[i]});
        first[i] = next.first_moment;
        second[i] = next.second_moment;
        deviation[i] = next.second_moment / constants[AdamHyper::correction2];
      }
      for (Index i = 0; i < count; ++i) deviation[i] = std::sqrt(deviation[i]);
      for (Index i = 0; i < count; ++i)
        values[i] = math::adam_parameter({p[i], first[i], second[i]}, deviation[i], constants);
      std::copy_n(values, count, p);
      std::copy_n(first, count, m);
      std::copy_n(second, count, v);
    });
  });
}

}  // namespace saccade::eigen
