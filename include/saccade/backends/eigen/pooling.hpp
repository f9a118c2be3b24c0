#pragma once

#include <saccade/backends/eigen/channel_sums.hpp>
#include <saccade/math/cell.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cmath>

/// Pooling, x (B, H, W, C), y and argmax (B, H', W', C).
namespace saccade::inline SACCADE_NAMESPACE::eigen {

/// Rows of `row_size` numbers that make a block of elementwise work.
[[nodiscard]] constexpr Index rows_per_block(Index row_size) {
  return std::max<Index>(1, elementwise_grain / std::max<Index>(1, row_size));
}

/// A half-open range of positions.
struct PositionRange {
  Index begin;
  Index end;
};

/// Positions of a window, of `window` taps beginning at `first`, that lie within [0, extent).
[[nodiscard]] constexpr PositionRange taps_inside(Index first, Index window, Index extent) {
  return {std::max<Index>(0, -first), std::min(window, extent - first)};
}

template <class Scalar>
void max_pool(Engine& engine, const HostTensor<Scalar>& x, PoolingGeometry geometry, HostTensor<Scalar>& y,
              HostTensor<Scalar>& argmax) {
  const Index height = x.shape()[1];
  const Index width = x.shape()[2];
  const Index out_height = y.shape()[1];
  const Index out_width = y.shape()[2];
  const Index channels = y.shape()[3];
  const Kernels<Scalar>& kernels = engine.kernels<Scalar>();
  engine.parallel_ranges(y.shape()[0] * out_height, rows_per_block(out_width * channels),
                         [&](Index begin, Index end, int) {
                           for (Index row = begin; row < end; ++row) {
                             const Index top = row % out_height * geometry.stride - geometry.padding;
                             const PositionRange tap_rows = taps_inside(top, geometry.window, height);
                             const Scalar* const image = x.data() + row / out_height * height * width * channels;
                             for (Index column = 0; column < out_width; ++column) {
                               const Index left = column * geometry.stride - geometry.padding;
                               const PositionRange tap_columns = taps_inside(left, geometry.window, width);
                               const Index out = (row * out_width + column) * channels;
                               kernels.max_pool(image + (top * width + left) * channels, channels, width * channels,
                                                {tap_rows.begin, tap_rows.end, tap_columns.begin, tap_columns.end},
                                                geometry.window, y.data() + out, argmax.data() + out);
                             }
                           }
                         });
}

/// Outputs, on one axis, whose windows hold input position `i`.
[[nodiscard]] constexpr PositionRange windows_over(Index i, PoolingGeometry geometry, Index outputs) {
  const Index reach = i + geometry.padding;
  const Index first = reach < geometry.window ? 0 : (reach - geometry.window) / geometry.stride + 1;
  return {first, std::min(outputs, reach / geometry.stride + 1)};
}

/// Every input gathers from the windows that hold it, so that each is written once, by one thread.
template <class Scalar>
void max_pool_backward(Engine& engine, const HostTensor<Scalar>& d_y, const HostTensor<Scalar>& argmax,
                       PoolingGeometry geometry, HostTensor<Scalar>& d_x, Write write) {
  const Index height = d_x.shape()[1];
  const Index width = d_x.shape()[2];
  const Index out_height = d_y.shape()[1];
  const Index out_width = d_y.shape()[2];
  const Index channels = d_x.shape()[3];
  const GradientKernels<Scalar>& kernels = engine.gradient_kernels<Scalar>();
  engine.parallel_ranges(d_x.shape()[0] * height, rows_per_block(width * channels), [&](Index begin, Index end, int) {
    for (Index row = begin; row < end; ++row) {
      const Index y = row % height;
      const Index image = row / height * out_height * out_width * channels;
      const PositionRange out_rows = windows_over(y, geometry, out_height);
      for (Index x = 0; x < width; ++x) {
        const PositionRange out_columns = windows_over(x, geometry, out_width);
        kernels.max_pool_backward(d_y.data() + image, argmax.data() + image, channels, out_width * channels,
                                  {out_rows.begin, out_rows.end, out_columns.begin, out_columns.end},
                                  y + geometry.padding, x + geometry.padding, geometry, write == Write::accumulate,
                                  d_x.data() + (row * width + x) * channels);
      }
    }
  });
}

template <class Scalar>
void global_average_pool(Engine& engine, const HostTensor<Scalar>& x, HostTensor<Scalar>& y) {
  const Index images = x.shape()[0];
  const Index rows = x.shape()[1] * x.shape()[2];
  const Index channels = x.shape()[3];
  if (y.size() == 0) return;
  const ChannelChunks chunks(images, rows, channels);
  double* const totals = engine.shared<double>((images + chunks.count()) * channels);
  sum_channels<1, Scalar>(engine, chunks, totals + images * channels, totals,
                          [&](Index image, Index position, Index, const auto& add) {
                            add(0, x.data() + image * rows * channels + position);
                          });
  for (Index i = 0; i < y.size(); ++i) y.data()[i] = static_cast<Scalar>(totals[i] / static_cast<double>(rows));
}

template <class Scalar>
void global_average_pool_backward(Engine& engine, const HostTensor<Scalar>& d_y, HostTensor<Scalar>& d_x, Write write) {
  const Index images = d_x.shape()[0];
  const Index rows = d_x.shape()[1] * d_x.shape()[2];
  const Index channels = d_x.shape()[3];
  using Coefficients = ImageCoefficients<Scalar>;
  Coefficients coefficients(images, channels, engine.shared<Scalar>(Coefficients::room(1, images, channels)));
  const auto share = coefficients.make(
      [&](Index image, Index c) { return d_y.data()[image * channels + c] / static_cast<Scalar>(rows); });
  with_write(write, [&](auto accumulate) {
    transform<accumulate>(
        engine, images, rows * channels, d_x.data(), [](Scalar gradient) { return gradient; }, share);
  });
}

/// An image's channels are summed side by side, pixel after pixel, by one thread.
template <class Scalar>
void spatial_softmax(Engine& engine, const HostTensor<Scalar>& x, HostTensor<Scalar>& log_sum,
                     HostTensor<Scalar>& position) {
  using Channels = Eigen::Array<Scalar, Eigen::Dynamic, 1>;
  const Index height = x.shape()[1], width = x.shape()[2], channels = x.shape()[3];
  const auto scratch = engine.per_thread<Scalar>(5 * padded(channels));
  engine.parallel_for(x.shape()[0], [&](Index image, int thread) {
    const Scalar* const pixels = x.data() + image * height * width * channels;
    const auto at = [&](Index p) { return Eigen::Map<const Channels>(pixels + p * channels, channels); };
    const auto room = [&](Index i) { return Eigen::Map<Channels>(scratch(thread) + i * padded(channels), channels); };
    auto largest = room(0), weight = room(1), sum = room(2), across = room(3), down = room(4);
    largest = at(0);
    sum.setZero();
    across.setZero();
    down.setZero();
    for (Index p = 1; p < height * width; ++p) largest = largest.max(at(p));
    for (Index p = 0; p < height * width; ++p) {
      weight = (at(p) - largest).exp();
      sum += weight;
      across += weight * math::cell_centre<Scalar>(p % width, width);
      down += weight * math::cell_centre<Scalar>(p / width, height);
    }
    for (Index c = 0; c < channels; ++c) {
      const Index channel = image * channels + c;
      log_sum.data()[channel] = largest[c] + std::log(sum[c]);
      position.data()[2 * channel] = across[c] / sum[c];
      position.data()[2 * channel + 1] = down[c] / sum[c];
    }
  });
}

template <class Scalar>
void spatial_softmax_backward(Engine& engine, const HostTensor<Scalar>& x, const HostTensor<Scalar>& log_sum,
                              const HostTensor<Scalar>& position, const HostTensor<Scalar>& d_position,
                              HostTensor<Scalar>& d_x, Write write) {
  using Channels = Eigen::Array<Scalar, Eigen::Dynamic, 1>;
  using Pairs = Eigen::Map<const Eigen::Array<Scalar, 2, Eigen::Dynamic>>;
  const Index height = x.shape()[1], width = x.shape()[2], channels = x.shape()[3];
  const auto scratch = engine.per_thread<Scalar>(3 * padded(channels));
  engine.parallel_for(x.shape()[0], [&](Index image, int thread) {
    const auto room = [&](Index i) { return Eigen::Map<Channels>(scratch(thread) + i * padded(channels), channels); };
    const Eigen::Map<const Channels> normalizer(log_sum.data() + image * channels, channels);
    const Pairs middle(position.data() + image * 2 * channels, 2, channels);
    const Pairs gradient(d_position.data() + image * 2 * channels, 2, channels);
    auto across = room(0), down = room(1), constant = room(2);
    across = gradient.row(0).transpose();
    down = gradient.row(1).transpose();
    constant = (gradient * middle).colwise().sum().transpose();
    for (Index p = 0; p < height * width; ++p) {
      const Index place = (image * height * width + p) * channels;
      const auto weight = (Eigen::Map<const Channels>(x.data() + place, channels) - normalizer).exp();
      const auto share = across * math::cell_centre<Scalar>(p % width, width) +
                         down * math::cell_centre<Scalar>(p / width, height) - constant;
      Eigen::Map<Channels> target(d_x.data() + place, channels);
      if (write == Write::accumulate)
        target += weight * share;
      else
        target = weight * share;
    }
  });
}

}  // namespace saccade::eigen
