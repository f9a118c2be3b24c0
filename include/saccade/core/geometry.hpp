#pragma once

#include <saccade/core/config.hpp>
#include <saccade/core/shape.hpp>

#include <array>
#include <compare>
#include <string>

namespace saccade::inline SACCADE_VERSION_NAMESPACE {

/// How an operation treats what is already in a gradient output: y = v, or y += v.
enum class Write { overwrite, accumulate };

/// Pixels of zeros around an image. One number stands for as many on every side.
struct Padding {
  Index top = 0;
  Index bottom = 0;
  Index left = 0;
  Index right = 0;

  constexpr Padding() = default;
  constexpr Padding(Index every_side) : Padding(every_side, every_side, every_side, every_side) {}
  constexpr Padding(Index above, Index below, Index before, Index after)
      : top(above), bottom(below), left(before), right(after) {}

  friend constexpr auto operator<=>(const Padding&, const Padding&) = default;
};

/// "1", or "0 above, 1 below, 0 left and 1 right".
[[nodiscard]] inline std::string to_string(const Padding& padding) {
  if (padding == Padding(padding.top)) return std::to_string(padding.top);
  return std::to_string(padding.top) + " above, " + std::to_string(padding.bottom) + " below, " +
         std::to_string(padding.left) + " left and " + std::to_string(padding.right) + " right";
}

/// How a convolution moves: its stride, the same on both axes, and its padding; the kernel's size is that of its
/// weights. H' = (H + top + bottom - kernel) / stride + 1, rounded down, and W' in the same way.
///
/// With G groups, output channels are G runs of O / G, and a run sees the C / G input channels of its own group alone:
/// the weights are (O, kh, kw, C / G). G = C is a depthwise convolution.
struct ConvolutionGeometry {
  Index stride = 1;
  Padding padding = 0;
  Index groups = 1;
};

/// What a network cuts off: nothing, what is below 0, or also what is above 6.
enum class Rectifier { none, relu, relu6 };

/// Window of a max-pooling. Padding never wins: it counts as minus infinity.
/// H' = (H + 2 * padding - window) / stride + 1, rounded down; padding <= window / 2.
struct PoolingGeometry {
  Index window = 3;
  Index stride = 2;
  Index padding = 1;
};

/// Extent of the output of a sliding window on one axis, with so much padding before and after.
[[nodiscard]] constexpr Index sliding_extent(Index extent, Index window, Index stride, Index before, Index after) {
  const Index room = extent + before + after - window;
  return room < 0 ? 0 : room / stride + 1;
}
/// The same with equal padding at both ends.
[[nodiscard]] constexpr Index sliding_extent(Index extent, Index window, Index stride, Index padding) {
  return sliding_extent(extent, window, stride, padding, padding);
}

/// TensorFlow's "SAME": as many zeros as make H' = H / stride, rounded up, and the same for W'. Where their number is
/// odd, the additional one goes below and to the right.
[[nodiscard]] constexpr Padding same_padding(Index height, Index width, Index kernel_height, Index kernel_width,
                                             Index stride) {
  const auto zeros = [stride](Index extent, Index kernel) {
    const Index count = ((extent + stride - 1) / stride - 1) * stride + kernel - extent;
    return count > 0 ? count : Index{0};
  };
  const Index rows = zeros(height, kernel_height), columns = zeros(width, kernel_width);
  return {rows / 2, rows - rows / 2, columns / 2, columns - columns / 2};
}

/// Where a bilinear upsampling puts its samples; PyTorch's two conventions.
/// `aligned`: src = o (in - 1) / (out - 1), 0 if out <= 1. `half_pixel`: src = max(0, (o + 0.5) in / out - 0.5).
enum class Corners { aligned, half_pixel };

/// What a glimpse sees of places outside the image. `inside`: the window is shifted until it lies inside (a scale too
/// wide for the image is centred on that axis, and what is outside counts as in `zero`). `zero`: the window stays, and
/// pixels outside contribute 0 after normalisation, that is the mean colour.
enum class Border { inside, zero };

/// A retina: `scales` concentric square windows, each `scale_step` times as wide as the one before, all delivered at
/// `side` x `side`. Scale s averages boxes of scale_step^s x scale_step^s pixels. A channel c of a pixel p becomes
/// (p / 255 - mean[c]) / deviation[c].
///
/// With `zooms` above 1 each glimpse has a zoom of its own, z = 0 to zooms - 1, which makes every window scale_step^z
/// times as wide: 0 is full resolution. A location is then (x, y, z), else (x, y).
struct GlimpseGeometry {
  Index side = 112;
  Index scales = 1;
  Index scale_step = 2;  ///< a power of two, so that dividing by an area is exact
  Index zooms = 1;       ///< that a glimpse may have; 1: always full resolution
  Border border = Border::inside;
  std::array<float, 3> mean{0.5f, 0.5f, 0.5f};       ///< of a channel scaled to [0, 1]
  std::array<float, 3> deviation{0.5f, 0.5f, 0.5f};  ///< > 0, of a channel scaled to [0, 1]

  /// Side of the boxes that scale `scale` averages at zoom 0, in pixels: scale_step^scale. At zoom z it is that of
  /// scale + z.
  [[nodiscard]] SACCADE_HOST_DEVICE constexpr Index reduction(Index scale) const {
    Index result = 1;
    for (Index s = 0; s < scale; ++s) result *= scale_step;
    return result;
  }

  /// Of the widest window of all.
  [[nodiscard]] SACCADE_HOST_DEVICE constexpr Index largest_reduction() const { return reduction(scales + zooms - 2); }

  /// Numbers that a location has: x, y and, where there is a choice, the zoom.
  [[nodiscard]] SACCADE_HOST_DEVICE constexpr Index location_size() const { return zooms > 1 ? 3 : 2; }
};

/// Constants of batch normalisation. running = (1 - momentum) * running + momentum * batch statistic.
struct BatchNormHyper {
  double epsilon = 1e-5;
  double momentum = 0.1;
};

/// Order of the eight numbers in the `hyper` tensor of `adam_step`. They live in a tensor, not in arguments, so that a
/// captured step can be replayed with new ones. correction_k = 1 - beta_k^step. `step`, a whole number, is what
/// `advance_adam` counts; `adam_step` does not look at it.
struct AdamHyper {
  enum : Index { learning_rate, beta1, beta2, epsilon, correction1, correction2, step, weight_decay, count };
};

}  // namespace saccade
