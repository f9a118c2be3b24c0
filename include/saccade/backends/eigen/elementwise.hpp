#pragma once

#include <saccade/backends/eigen/engine.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <tuple>
#include <utility>

/// Elementwise loops over tensors of any size and in any position of their channels, at the speed of memory.
///
/// Work is done in tiles. The values of a tile are computed into a local array of constant length and copied out: the
/// compiler then knows that nothing overlaps (y may well be x) and how long the loop is, and vectorises it even at -O2.
namespace saccade::inline SACCADE_NAMESPACE::eigen {

/// Elements of a tile; a tile of a few operands stays in the first-level cache.
inline constexpr Index tile_size = 512;

template <class Scalar>
using TileArray = Eigen::Map<Eigen::Array<Scalar, static_cast<int>(tile_size), 1>, Eigen::Aligned64>;

/// 1 / (1 + exp(-x)) of a whole tile, in place, with Eigen's vector exponential; see math::sigmoid.
template <class Scalar>
void sigmoid_tile(Scalar* tile) {
  TileArray<Scalar> x(tile);
  x = (Scalar(1) + (-x).exp()).inverse();
}

/// tanh(x) of a whole tile, in place.
template <class Scalar>
void tanh_tile(Scalar* tile) {
  TileArray<Scalar> x(tile);
  x = x.tanh();
}

/// An operand that is read where it lies: (images, size), dense.
template <class Scalar>
struct Dense {
  const Scalar* data;
  Index size = 0;  ///< elements of an image

  const Scalar* read(Index image, Index position, Index) const { return data + image * size + position; }
};

/// An operand with one number a channel, repeated over the pixels. It is stored with its continuation (see
/// `repeat_channels`), so that a tile that begins at any channel reads consecutive numbers.
template <class Scalar>
struct PerChannel {
  const Scalar* data;
  Index channels;
  Index image_stride = 0;  ///< 0: all images share the numbers

  const Scalar* read(Index image, Index position, Index) const {
    return data + image * image_stride + position % channels;
  }
};

/// A function of whole tiles, applied to an operand as it is read.
template <class Scalar, void (*Function)(Scalar*)>
struct Mapped {
  const Scalar* data;
  Index size = 0;  ///< elements of an image
  alignas(64) Scalar tile[tile_size] = {};

  // A short tile is computed whole: its elements get the same instructions wherever they stand.
  const Scalar* read(Index image, Index position, Index count) {
    std::copy_n(data + image * size + position, count, tile);
    Function(tile);
    return tile;
  }
};

template <class Scalar>
using SigmoidOf = Mapped<Scalar, sigmoid_tile<Scalar>>;

template <class Scalar>
using TanhOf = Mapped<Scalar, tanh_tile<Scalar>>;

/// Numbers that a PerChannel operand occupies.
[[nodiscard]] constexpr Index repeated_size(Index channels) { return padded(channels + tile_size); }

/// Writes `channels` numbers, `value(c)`, and their periodic continuation to `target` (repeated_size(channels)).
template <class Scalar, class Value>
PerChannel<Scalar> repeat_channels(Index channels, Scalar* target, Value value) {
  for (Index c = 0; c < channels; ++c) target[c] = static_cast<Scalar>(value(c));
  for (Index i = channels; i < repeated_size(channels); ++i) target[i] = target[i - channels];
  return {target, channels};
}

/// Coefficients of every (image, channel), each kind as a PerChannel operand of its own.
template <class Scalar>
class ImageCoefficients {
 public:
  ImageCoefficients(Index images, Index channels, Scalar* memory)
      : images_(images), channels_(channels), memory_(memory) {}

  /// Room for `kinds` of them.
  static Index room(Index kinds, Index images, Index channels) { return kinds * images * repeated_size(channels); }

  /// The operand `value(image, channel)`.
  template <class Value>
  PerChannel<Scalar> make(const Value& value) {
    const Index stride = repeated_size(channels_);
    Scalar* const first = std::exchange(memory_, memory_ + images_ * stride);
    for (Index image = 0; image < images_; ++image)
      repeat_channels(channels_, first + image * stride, [&](Index c) { return value(image, c); });
    return {first, channels_, stride};
  }

 private:
  Index images_;
  Index channels_;
  Scalar* memory_;
};

/// values[i] = f(operands[i]...) for one tile of `count` elements.
template <class Scalar, class Function, class... Operand>
void compute_tile(Index count, Scalar* values, const Function& f, const Operand*... operands) {
  if (count == tile_size)
    for (Index i = 0; i < tile_size; ++i) values[i] = f(operands[i]...);
  else
    for (Index i = 0; i < count; ++i) values[i] = f(operands[i]...);
}

/// target[i] = values[i], or target[i] += values[i].
template <bool Accumulate, class Scalar>
void write_tile(Index count, const Scalar* values, Scalar* target) {
  if constexpr (!Accumulate)
    std::copy_n(values, count, target);
  else if (count == tile_size)
    for (Index i = 0; i < tile_size; ++i) target[i] += values[i];
  else
    for (Index i = 0; i < count; ++i) target[i] += values[i];
}

/// Calls `body(image, position, count)` for the tiles of a part of a tensor (images, size).
template <class Body>
void for_each_tile(Index image, Index begin, Index end, const Body& body) {
  for (Index position = begin; position < end; position += tile_size)
    body(image, position, std::min(tile_size, end - position));
}

/// out[i] (+)= f(operands[i]...) over a tensor (images, size); the operands are Dense, PerChannel or Mapped.
template <bool Accumulate, class Scalar, class Function, class... Operands>
void transform(Engine& engine, Index images, Index size, Scalar* out, const Function& f, const Operands&... operands) {
  if (size == 0) return;
  const Index images_per_block = std::max<Index>(1, elementwise_grain / size);
  const Index blocks_per_image = (size + elementwise_grain - 1) / elementwise_grain;
  const Index blocks = (images + images_per_block - 1) / images_per_block * blocks_per_image;
  engine.parallel_for(blocks, [&](Index block, int) {
    const Index first = block / blocks_per_image * images_per_block;
    const Index begin = block % blocks_per_image * elementwise_grain;
    std::tuple<Operands...> readers(operands...);
    alignas(64) Scalar values[tile_size];
    for (Index image = first; image < std::min(images, first + images_per_block); ++image)
      for_each_tile(image, begin, std::min(size, begin + elementwise_grain), [&](Index, Index position, Index count) {
        std::apply([&](auto&... reader) { compute_tile(count, values, f, reader.read(image, position, count)...); },
                   readers);
        write_tile<Accumulate>(count, values, out + image * size + position);
      });
  });
}

/// The same over a tensor without images.
template <bool Accumulate = false, class Scalar, class Function, class... Operands>
void transform(Engine& engine, Index size, Scalar* out, const Function& f, const Operands&... operands) {
  transform<Accumulate>(engine, 1, size, out, f, operands...);
}

}  // namespace saccade::eigen
