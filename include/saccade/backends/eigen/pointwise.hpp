#pragma once

#include <saccade/backends/eigen/channel_sums.hpp>
#include <saccade/math/activation.hpp>
#include <saccade/math/elementary.hpp>

#include <algorithm>

/// Elementwise operations, where y may be the same tensor as x; and rows and columns, where it may not.
namespace saccade::inline SACCADE_NAMESPACE::eigen {

template <class Scalar>
[[nodiscard]] Dense<Scalar> dense(const HostTensor<Scalar>& tensor) {
  return {tensor.data()};
}

template <class Scalar>
void relu(Engine& engine, const HostTensor<Scalar>& x, HostTensor<Scalar>& y) {
  transform(
      engine, y.size(), y.data(), [](Scalar value) { return math::relu(value); }, dense(x));
}

template <class Scalar>
void relu_backward(Engine& engine, const HostTensor<Scalar>& y, const HostTensor<Scalar>& d_y, HostTensor<Scalar>& d_x,
                   Write write) {
  with_write(write, [&](auto accumulate) {
    transform<accumulate>(
        engine, d_x.size(), d_x.data(),
        [](Scalar value, Scalar gradient) { return gradient * math::relu_derivative(value); }, dense(y), dense(d_y));
  });
}

template <class Scalar>
void relu6(Engine& engine, const HostTensor<Scalar>& x, HostTensor<Scalar>& y) {
  engine.parallel_ranges(y.size(), elementwise_grain, [&](Index begin, Index end, int) {
    engine.kernels<Scalar>().clamp(end - begin, x.data() + begin, Scalar(0), Scalar(6), y.data() + begin);
  });
}

template <class Scalar>
void relu6_backward(Engine& engine, const HostTensor<Scalar>& y, const HostTensor<Scalar>& d_y, HostTensor<Scalar>& d_x,
                    Write write) {
  engine.parallel_ranges(d_x.size(), elementwise_grain, [&](Index begin, Index end, int) {
    engine.gradient_kernels<Scalar>().clamp_backward(
        end - begin, y.data() + begin, d_y.data() + begin, Scalar(0), Scalar(6),
        write == Write::accumulate ? d_x.data() + begin : nullptr, d_x.data() + begin);
  });
}

/// The slope, one for all channels or one for each, as an operand.
template <class Scalar>
[[nodiscard]] PerChannel<Scalar> prelu_slope(const HostTensor<Scalar>& slope, Scalar* memory) {
  return repeat_channels(slope.size(), memory, [&](Index c) { return slope.data()[c]; });
}

template <class Scalar>
void prelu(Engine& engine, const HostTensor<Scalar>& x, const HostTensor<Scalar>& slope, HostTensor<Scalar>& y) {
  const auto repeated = prelu_slope(slope, engine.shared<Scalar>(repeated_size(slope.size())));
  // The same bits as math::prelu, which compilers turn into a branch at -O2, taken at random.
  transform(
      engine, y.size(), y.data(),
      [](Scalar value, Scalar factor) { return value * math::prelu_derivative(value, factor); }, dense(x), repeated);
}

template <class Scalar>
void prelu_backward(Engine& engine, const HostTensor<Scalar>& x, const HostTensor<Scalar>& slope,
                    const HostTensor<Scalar>& d_y, HostTensor<Scalar>& d_x, Write write_x, HostTensor<Scalar>& d_slope,
                    Write write_slope) {
  const Index channels = slope.size();  // 1 where the slope is shared: all elements then belong to one channel
  if (channels == 0) return;
  const ChannelChunks chunks(1, x.size() / channels, channels);
  double* const totals = engine.shared<double>(channels * (1 + chunks.count()) + repeated_size(channels));
  double* const partial_sums = totals + channels;
  const auto repeated = prelu_slope(slope, reinterpret_cast<Scalar*>(partial_sums + channels * chunks.count()));
  with_write(write_x, [&](auto accumulate) {
    sum_channels<1, Scalar>(
        engine, chunks, partial_sums, totals, [&](Index image, Index position, Index count, const auto& add) {
          alignas(64) Scalar values[tile_size];
          const Scalar* const input = x.data() + position;
          const Scalar* const gradient = d_y.data() + position;
          compute_tile(
              count, values, [](Scalar value, Scalar g) { return g * math::prelu_slope_derivative(value); }, input,
              gradient);
          add(0, values);
          compute_tile(
              count, values,
              [](Scalar value, Scalar g, Scalar factor) { return g * math::prelu_derivative(value, factor); }, input,
              gradient, repeated.read(image, position, count));
          write_tile<accumulate>(count, values, d_x.data() + position);
        });
  });
  write_totals(channels, totals, d_slope.data(), write_slope);
}

template <class Scalar>
void sigmoid(Engine& engine, const HostTensor<Scalar>& x, HostTensor<Scalar>& y) {
  transform(
      engine, y.size(), y.data(), [](Scalar value) { return value; }, SigmoidOf<Scalar>{x.data()});
}

template <class Scalar>
void sigmoid_backward(Engine& engine, const HostTensor<Scalar>& y, const HostTensor<Scalar>& d_y,
                      HostTensor<Scalar>& d_x, Write write) {
  with_write(write, [&](auto accumulate) {
    transform<accumulate>(
        engine, d_x.size(), d_x.data(),
        [](Scalar value, Scalar gradient) { return gradient * math::sigmoid_derivative(value); }, dense(y), dense(d_y));
  });
}

template <class Scalar>
void tanh(Engine& engine, const HostTensor<Scalar>& x, HostTensor<Scalar>& y) {
  transform(
      engine, y.size(), y.data(), [](Scalar value) { return value; }, TanhOf<Scalar>{x.data()});
}

template <class Scalar>
void tanh_backward(Engine& engine, const HostTensor<Scalar>& y, const HostTensor<Scalar>& d_y, HostTensor<Scalar>& d_x,
                   Write write) {
  with_write(write, [&](auto accumulate) {
    transform<accumulate>(
        engine, d_x.size(), d_x.data(),
        [](Scalar value, Scalar gradient) { return gradient * math::tanh_derivative(value); }, dense(y), dense(d_y));
  });
}

template <class Scalar>
void exp(Engine& engine, const HostTensor<Scalar>& x, HostTensor<Scalar>& y) {
  // Eigen's vector exponential never becomes infinite.
  transform(
      engine, y.size(), y.data(), [](Scalar value) { return math::exp(value); }, dense(x));
}

template <class Scalar>
void log(Engine& engine, const HostTensor<Scalar>& x, HostTensor<Scalar>& y) {
  transform(
      engine, y.size(), y.data(), [](Scalar value) { return math::log(value); }, dense(x));
}

template <class Scalar>
void rsqrt(Engine& engine, const HostTensor<Scalar>& x, HostTensor<Scalar>& y) {
  transform(
      engine, y.size(), y.data(), [](Scalar value) { return math::rsqrt(value); }, dense(x));
}

template <class Scalar>
void clamp(Engine& engine, const HostTensor<Scalar>& x, Scalar low, Scalar high, HostTensor<Scalar>& y) {
  transform(
      engine, y.size(), y.data(), [low, high](Scalar value) { return value < low    ? low
                                                                     : value > high ? high
                                                                                    : value; },
      dense(x));
}

template <class Scalar>
void add(Engine& engine, const HostTensor<Scalar>& x1, const HostTensor<Scalar>& x2, HostTensor<Scalar>& y) {
  transform(
      engine, y.size(), y.data(), [](Scalar a, Scalar b) { return a + b; }, dense(x1), dense(x2));
}

template <class Scalar>
void multiply(Engine& engine, const HostTensor<Scalar>& x1, const HostTensor<Scalar>& x2, HostTensor<Scalar>& y,
              Write write) {
  with_write(write, [&](auto accumulate) {
    transform<accumulate>(
        engine, y.size(), y.data(), [](Scalar a, Scalar b) { return a * b; }, dense(x1), dense(x2));
  });
}

template <class Scalar>
void axpy(Engine& engine, Scalar alpha, const HostTensor<Scalar>& x, HostTensor<Scalar>& y) {
  transform<true>(
      engine, y.size(), y.data(), [alpha](Scalar value) { return alpha * value; }, dense(x));
}

/// The last axis of (..., K); a column (M) has one.
[[nodiscard]] inline Index columns_of(const Shape& shape) { return shape.rank() == 1 ? 1 : shape.last(); }

/// Calls `body(first, last)` for some rows of `columns` numbers at a time.
template <class Body>
void for_row_ranges(Engine& engine, Index rows, Index columns, const Body& body) {
  const Index grain = std::max<Index>(1, elementwise_grain / std::max<Index>(1, columns));
  engine.parallel_ranges(rows, grain, [&](Index first, Index last, int) { body(first, last); });
}

template <class Scalar>
void row_sums(Engine& engine, const HostTensor<Scalar>& x, HostTensor<Scalar>& y, Write write) {
  const Index columns = x.shape()[1];
  for_row_ranges(engine, y.size(), columns, [&](Index first, Index last) {
    for (Index row = first; row < last; ++row) {
      double sum = write == Write::accumulate ? static_cast<double>(y.data()[row]) : 0.0;
      for (Index i = 0; i < columns; ++i) sum += static_cast<double>(x.data()[row * columns + i]);
      y.data()[row] = static_cast<Scalar>(sum);
    }
  });
}

template <class Scalar>
void row_sums_backward(Engine& engine, const HostTensor<Scalar>& d_y, HostTensor<Scalar>& d_x, Write write) {
  const Index columns = d_x.shape()[1];
  for_row_ranges(engine, d_y.size(), columns, [&](Index first, Index last) {
    for (Index row = first; row < last; ++row) {
      const Scalar value = d_y.data()[row];
      Scalar* const to = d_x.data() + row * columns;
      if (write == Write::overwrite)
        std::fill_n(to, columns, value);
      else
        for (Index i = 0; i < columns; ++i) to[i] += value;
    }
  });
}

template <class Scalar>
void take_rows(Engine& engine, const HostTensor<Scalar>& table, const HostTensor<Scalar>& rows, HostTensor<Scalar>& y) {
  const Index columns = y.shape()[1];
  for_row_ranges(engine, rows.size(), columns, [&](Index first, Index last) {
    for (Index row = first; row < last; ++row)
      std::copy_n(table.data() + static_cast<Index>(rows.data()[row]) * columns, columns, y.data() + row * columns);
  });
}

/// to[row, 0 : count] (+)= from[row, 0 : count], for row beginnings `from_stride` and `to_stride` apart.
template <class Scalar>
void copy_columns(Engine& engine, Index rows, Index count, const Scalar* from, Index from_stride, Scalar* to,
                  Index to_stride, Write write) {
  for_row_ranges(engine, rows, count, [&](Index first, Index last) {
    for (Index row = first; row < last; ++row) {
      if (write == Write::overwrite)
        std::copy_n(from + row * from_stride, count, to + row * to_stride);
      else
        for (Index i = 0; i < count; ++i) to[row * to_stride + i] += from[row * from_stride + i];
    }
  });
}

template <class Scalar>
void read_columns(Engine& engine, const HostTensor<Scalar>& x, Index first, HostTensor<Scalar>& y, Write write) {
  const Index wide = columns_of(x.shape()), narrow = columns_of(y.shape());
  if (wide == 0) return;
  copy_columns(engine, x.size() / wide, narrow, x.data() + first, wide, y.data(), narrow, write);
}

template <class Scalar>
void write_columns(Engine& engine, const HostTensor<Scalar>& x, Index first, HostTensor<Scalar>& y, Write write) {
  const Index narrow = columns_of(x.shape()), wide = columns_of(y.shape());
  if (wide == 0) return;
  copy_columns(engine, y.size() / wide, narrow, x.data(), narrow, y.data() + first, wide, write);
}

}  // namespace saccade::eigen
