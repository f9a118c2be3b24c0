#pragma once

#include <saccade/backends/eigen/channel_sums.hpp>
#include <saccade/backends/eigen/vector.hpp>

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
  engine.parallel_ranges(
      y.shape()[0] * out_height, rows_per_block(out_width * channels), [&](Index begin, Index end, int) {
        for (Index row = begin; row < end; ++row) {
          const Index top = row % out_height * geometry.stride - geometry.padding;
          const PositionRange tap_rows = taps_inside(top, geometry.window, height);
          const Scalar* const image = x.data() + row / out_height * height * width * channels;
          for (Index column = 0; column < out_width; ++column) {
            const Index left = column * geometry.stride - geometry.padding;
            const PositionRange tap_columns = taps_inside(left, geometry.window, width);
            const Index out = (row * out_width + column) * channels;
            for (Index first = 0; first < channels; first += lanes<Scalar>) {
              const Index count = channels - first;
              const Scalar* const window = image + (top * width + left) * channels + first;
              VectorOf<Scalar> largest{};
              VectorOf<Scalar> place{};
              bool empty = true;
              for (Index i = tap_rows.begin; i < tap_rows.end; ++i) {
                for (Index j = tap_columns.begin; j < tap_columns.end; ++j) {
                  const VectorOf<Scalar> values = load_part(window + (i * width + j) * channels, count);
                  const VectorOf<Scalar> tap = broadcast(static_cast<Scalar>(i * geometry.window + j));
                  const auto larger = values > largest;
                  largest = empty ? values : larger ? values : largest;
                  place = empty ? tap : larger ? tap : place;
                  empty = false;
                }
              }
              store_part(largest, count, y.data() + out + first);
              store_part(place, count, argmax.data() + out + first);
            }
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
  with_write(write, [&](auto accumulate) {
    engine.parallel_ranges(d_x.shape()[0] * height, rows_per_block(width * channels), [&](Index begin, Index end, int) {
      for (Index row = begin; row < end; ++row) {
        const Index image = row / height;
        const Index y = row % height;
        const PositionRange out_rows = windows_over(y, geometry, out_height);
        for (Index x = 0; x < width; ++x) {
          const PositionRange out_columns = windows_over(x, geometry, out_width);
          for (Index first = 0; first < channels; first += lanes<Scalar>) {
            const Index count = channels - first;
            VectorOf<Scalar> sum{};
            for (Index i = out_rows.begin; i < out_rows.end; ++i) {
              for (Index j = out_columns.begin; j < out_columns.end; ++j) {
                const Index out = ((image * out_height + i) * out_width + j) * channels + first;
                const VectorOf<Scalar> tap =
                    broadcast(static_cast<Scalar>((y + geometry.padding - i * geometry.stride) * geometry.window + x +
                                                  geometry.padding - j * geometry.stride));
                const VectorOf<Scalar> gradient = load_part(d_y.data() + out, count);
                sum += load_part(argmax.data() + out, count) == tap ? gradient : VectorOf<Scalar>{};
              }
            }
            Scalar* const target = d_x.data() + (row * width + x) * channels + first;
            if (accumulate) sum += load_part(target, count);
            store_part(sum, count, target);
          }
        }
      }
    });
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
