#pragma once

#include <saccade/backends/eigen/elementwise.hpp>
#include <saccade/math/activation.hpp>

#include <algorithm>

/// The elementwise part of an LSTM cell in one pass; gates (B, 4H) in the order i, f, g, o, the rest (B, H).
namespace saccade::inline SACCADE_NAMESPACE::eigen {

/// Calls `body(row, column, count)` for the tiles of a (batch, hidden) tensor; blocks are runs of rows.
template <class Body>
void for_each_unit_tile(Engine& engine, Index batch, Index hidden, const Body& body) {
  const Index grain = std::max<Index>(1, elementwise_grain / (8 * std::max<Index>(1, hidden)));
  engine.parallel_ranges(batch, grain, [&](Index begin, Index end, int) {
    for (Index row = begin; row < end; ++row) for_each_tile(row, 0, hidden, body);
  });
}

/// i, f, o = sigmoid, g = tanh of gates_pre; c_next = f c_prev + i g; h_next = o tanh(c_next). All outputs are
/// overwritten; c_next may be c_prev.
template <class Scalar>
void lstm_cell(Engine& engine, const HostTensor<Scalar>& gates_pre, const HostTensor<Scalar>& c_prev,
               HostTensor<Scalar>& gates, HostTensor<Scalar>& c_next, HostTensor<Scalar>& tanh_c,
               HostTensor<Scalar>& h_next) {
  const Index hidden = c_prev.shape()[1];
  for_each_unit_tile(engine, c_prev.shape()[0], hidden, [&](Index row, Index column, Index count) {
    const Index first = row * 4 * hidden + column;
    const Index unit = row * hidden + column;
    SigmoidOf<Scalar> input{gates_pre.data()};
    SigmoidOf<Scalar> forget{gates_pre.data()};
    TanhOf<Scalar> candidate{gates_pre.data()};
    SigmoidOf<Scalar> output{gates_pre.data()};
    const Scalar* const i = input.read(0, first, count);
    const Scalar* const f = forget.read(0, first + hidden, count);
    const Scalar* const g = candidate.read(0, first + 2 * hidden, count);
    const Scalar* const o = output.read(0, first + 3 * hidden, count);
    alignas(64) Scalar cell[tile_size];
    compute_tile(
        count, cell, [](Scalar a, Scalar c, Scalar b, Scalar d) { return a * c + b * d; }, f, c_prev.data() + unit, i,
        g);
    const Scalar* const activated[] = {i, f, g, o};
    for (Index gate = 0; gate < 4; ++gate) std::copy_n(activated[gate], count, gates.data() + first + gate * hidden);
    std::copy_n(cell, count, c_next.data() + unit);
    TanhOf<Scalar> squash{cell};
    const Scalar* const squashed = squash.read(0, 0, count);
    std::copy_n(squashed, count, tanh_c.data() + unit);
    for (Index k = 0; k < count; ++k) h_next.data()[unit + k] = o[k] * squashed[k];
  });
}

/// From the activated gates and tanh(c_next). `d_c_next` arrives from the next step, without the part that comes
/// through h_next. All outputs are overwritten; d_c_prev may be d_c_next.
template <class Scalar>
void lstm_cell_backward(Engine& engine, const HostTensor<Scalar>& gates, const HostTensor<Scalar>& c_prev,
                        const HostTensor<Scalar>& tanh_c, const HostTensor<Scalar>& d_h,
                        const HostTensor<Scalar>& d_c_next, HostTensor<Scalar>& d_gates_pre,
                        HostTensor<Scalar>& d_c_prev) {
  const Index hidden = c_prev.shape()[1];
  for_each_unit_tile(engine, c_prev.shape()[0], hidden, [&](Index row, Index column, Index count) {
    const Index first = row * 4 * hidden + column;
    const Index unit = row * hidden + column;
    const Scalar* const activated = gates.data() + first;
    Scalar* const d_pre = d_gates_pre.data() + first;
    for (Index k = 0; k < count; ++k) {
      const Scalar i = activated[k];
      const Scalar f = activated[hidden + k];
      const Scalar g = activated[2 * hidden + k];
      const Scalar o = activated[3 * hidden + k];
      const Scalar squashed = tanh_c.data()[unit + k];
      const Scalar d_hidden = d_h.data()[unit + k];
      const Scalar d_cell = d_c_next.data()[unit + k] + d_hidden * o * math::tanh_derivative(squashed);
      d_pre[k] = d_cell * g * math::sigmoid_derivative(i);
      d_pre[hidden + k] = d_cell * c_prev.data()[unit + k] * math::sigmoid_derivative(f);
      d_pre[2 * hidden + k] = d_cell * i * math::tanh_derivative(g);
      d_pre[3 * hidden + k] = d_hidden * squashed * math::sigmoid_derivative(o);
      d_c_prev.data()[unit + k] = d_cell * f;
    }
  });
}

}  // namespace saccade::eigen
