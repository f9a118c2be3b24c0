#pragma once

#include <saccade/backends/eigen/channel_sums.hpp>
#include <saccade/backends/eigen/gemm.hpp>

#include <algorithm>

/// Dense layers: x (M, K), w (N, K), y (M, N), bias (N).
namespace saccade::inline SACCADE_NAMESPACE::eigen {

/// Each element is a dot product of two rows as they lie. Unlike a blocked product this needs no copies, which would
/// cost more than the product of a small batch, and a row of y has the same bits in a batch of any size.
template <class Scalar>
void linear(Engine& engine, const HostTensor<Scalar>& x, const HostTensor<Scalar>& w, HostTensor<Scalar>& y,
            Write write) {
  const Kernels<Scalar>& kernels = engine.kernels<Scalar>();
  const Index rows = x.shape()[0];
  const Index terms = x.shape()[1];
  const Index columns = w.shape()[0];
  const Index grain = std::max<Index>(4, (Index{1} << 17) / std::max<Index>(1, rows * terms));
  engine.parallel_ranges(columns, grain, [&](Index begin, Index end, int) {
    kernels.multiply_rows(rows, end - begin, terms, x.data(), terms, w.data() + begin * terms, terms, write,
                          y.data() + begin, columns);
  });
}

template <class Scalar>
void linear_backward_input(Engine& engine, const HostTensor<Scalar>& d_y, const HostTensor<Scalar>& w,
                           HostTensor<Scalar>& d_x, Write write) {
  parallel_gemm<Layout::plain>(engine, d_y.shape()[0], w.shape()[1], w.shape()[0], d_y.data(), w.data(), d_x.data(),
                               write);
}

template <class Scalar>
void linear_backward_weight(Engine& engine, const HostTensor<Scalar>& d_y, const HostTensor<Scalar>& x,
                            HostTensor<Scalar>& d_w, Write write) {
  parallel_gemm<Layout::transposed>(engine, d_y.shape()[1], x.shape()[1], x.shape()[0], d_y.data(), x.data(),
                                    d_w.data(), write);
}

template <class Scalar>
void add_bias(Engine& engine, const HostTensor<Scalar>& bias, HostTensor<Scalar>& y) {
  const Index channels = bias.size();
  const auto repeated = repeat_channels(channels, engine.shared<Scalar>(repeated_size(channels)),
                                        [&](Index c) { return bias.data()[c]; });
  transform<true>(
      engine, y.size(), y.data(), [](Scalar value) { return value; }, repeated);
}

template <class Scalar>
void add_bias_backward(Engine& engine, const HostTensor<Scalar>& d_y, HostTensor<Scalar>& d_bias, Write write) {
  const Index channels = d_bias.size();
  if (channels == 0) return;
  const ChannelChunks chunks(1, d_y.size() / channels, channels);
  double* const totals = engine.shared<double>((1 + chunks.count()) * channels);
  sum_channels<1, Scalar>(engine, chunks, totals + channels, totals,
                          [&](Index, Index position, Index, const auto& add) { add(0, d_y.data() + position); });
  write_totals(channels, totals, d_bias.data(), write);
}

}  // namespace saccade::eigen
