#pragma once

#include <saccade/backends/eigen/pooling.hpp>
#include <saccade/math/bilinear.hpp>

/// Bilinear upsampling, x (B, h, w, C), y (B, H, W, C), one axis after the other: rows are blended as they lie, long
/// and without gaps, then the pixels of the blended row.
namespace saccade::inline SACCADE_NAMESPACE::eigen {

/// The map of one axis, with the taps of every output.
template <class Scalar>
class UpsampleAxis {
 public:
  using Taps = math::BilinearTaps<Scalar, Index>;

  /// @param taps  room for those of `out` outputs
  UpsampleAxis(Corners corners, Index in, Index out, Taps* taps)
      : in_(in), out_(out), map_(math::bilinear_map(corners, in, out)), taps_(taps) {
    for (Index o = 0; o < out; ++o) taps_[o] = math::bilinear_taps<Scalar>(map_, in, o);
  }

  [[nodiscard]] const Taps& taps(Index output) const { return taps_[output]; }

  /// Calls `body(output, weight)` for the outputs that read input `i`.
  template <class Body>
  void for_each_reader(Index i, const Body& body) const {
    const auto readers = math::bilinear_readers(map_, in_, out_, i);
    for (Index o = readers.first; o <= readers.last; ++o) body(o, math::bilinear_weight(taps_[o], i));
  }

 private:
  Index in_;
  Index out_;
  math::BilinearMap<Index> map_;
  Taps* taps_;
};

template <class Scalar>
void upsample_bilinear(Engine& engine, const HostTensor<Scalar>& x, Corners corners, HostTensor<Scalar>& y) {
  using Axis = UpsampleAxis<Scalar>;
  if (y.size() == 0) return;
  const Index height = y.shape()[1];
  const Index width = y.shape()[2];
  const Index channels = y.shape()[3];
  const Index in_height = x.shape()[1];
  const Index in_size = x.shape()[2] * channels;
  auto* const memory = engine.shared<typename Axis::Taps>(height + width);
  const Axis rows(corners, in_height, height, memory);
  const Axis columns(corners, x.shape()[2], width, memory + height);
  const auto scratch = engine.per_thread<Scalar>(in_size);
  engine.parallel_ranges(y.shape()[0] * height, rows_per_block(width * channels),
                         [&](Index begin, Index end, int thread) {
                           Scalar* const blended = scratch(thread);
                           for (Index row = begin; row < end; ++row) {
                             const auto& vertical = rows.taps(row % height);
                             const Scalar* const image = x.data() + row / height * in_height * in_size;
                             const Scalar* const upper = image + vertical.index0 * in_size;
                             const Scalar* const lower = image + vertical.index1 * in_size;
                             for (Index i = 0; i < in_size; ++i)
                               blended[i] = vertical.weight0 * upper[i] + vertical.weight1 * lower[i];
                             Scalar* target = y.data() + row * width * channels;
                             for (Index column = 0; column < width; ++column, target += channels) {
                               const auto& horizontal = columns.taps(column);
                               const Scalar* const left = blended + horizontal.index0 * channels;
                               const Scalar* const right = blended + horizontal.index1 * channels;
                               for (Index c = 0; c < channels; ++c)
                                 target[c] = horizontal.weight0 * left[c] + horizontal.weight1 * right[c];
                             }
                           }
                         });
}

/// Every input gathers from the outputs that read it, so that each is written once, by one thread.
template <class Scalar>
void upsample_bilinear_backward(Engine& engine, const HostTensor<Scalar>& d_y, Corners corners, HostTensor<Scalar>& d_x,
                                Write write) {
  using Axis = UpsampleAxis<Scalar>;
  if (d_y.size() == 0) return;
  const Index height = d_x.shape()[1];
  const Index width = d_x.shape()[2];
  const Index channels = d_x.shape()[3];
  const Index out_height = d_y.shape()[1];
  const Index out_size = d_y.shape()[2] * channels;
  auto* const memory = engine.shared<typename Axis::Taps>(out_height + d_y.shape()[2]);
  const Axis rows(corners, height, out_height, memory);
  const Axis columns(corners, width, d_y.shape()[2], memory + out_height);
  const auto scratch = engine.per_thread<Scalar>(out_size);
  engine.parallel_ranges(d_x.shape()[0] * height, rows_per_block(out_size), [&](Index begin, Index end, int thread) {
    Scalar* const gathered = scratch(thread);
    for (Index row = begin; row < end; ++row) {
      const Scalar* const image = d_y.data() + row / height * out_height * out_size;
      std::fill_n(gathered, out_size, Scalar(0));
      rows.for_each_reader(row % height, [&](Index output, Scalar weight) {
        const Scalar* const gradient = image + output * out_size;
        for (Index i = 0; i < out_size; ++i) gathered[i] += weight * gradient[i];
      });
      for (Index column = 0; column < width; ++column) {
        Scalar* const target = d_x.data() + (row * width + column) * channels;
        if (write == Write::overwrite) std::fill_n(target, channels, Scalar(0));
        columns.for_each_reader(column, [&](Index output, Scalar weight) {
          const Scalar* const gradient = gathered + output * channels;
          for (Index c = 0; c < channels; ++c) target[c] += weight * gradient[c];
        });
      }
    }
  });
}

}  // namespace saccade::eigen
