#pragma once

#include <saccade/backends/eigen/channel_sums.hpp>

#include <algorithm>

/// Pooling, x (B, H, W, C), y and argmax (B, H', W', C).
namespace saccade::inline v0::eigen {

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
  const Kernels<Scalar>& kernels = engine.kernels<Scalar>();
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

}  // namespace saccade::inline v0::eigen
