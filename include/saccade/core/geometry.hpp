#pragma once

#include <saccade/core/shape.hpp>

#include <array>

namespace saccade::inline SACCADE_VERSION_NAMESPACE {

/// How an operation treats what is already in a gradient output: y = v, or y += v.
enum class Write { overwrite, accumulate };

/// Stride and zero padding of a convolution, the same on both axes; the kernel's size is that of its weights.
/// H' = (H + 2 * padding - kernel) / stride + 1, rounded down.
struct ConvolutionGeometry {
  Index stride = 1;
  Index padding = 0;
};

/// Window of a max-pooling. Padding never wins: it counts as minus infinity.
/// H' = (H + 2 * padding - window) / stride + 1, rounded down; padding <= window / 2.
struct PoolingGeometry {
  Index window = 3;
  Index stride = 2;
  Index padding = 1;
};

/// Extent of the output of a sliding window on one axis.
[[nodiscard]] constexpr Index sliding_extent(Index extent, Index window, Index stride, Index padding) {
  const Index room = extent + 2 * padding - window;
  return room < 0 ? 0 : room / stride + 1;
}

/// Where a bilinear upsampling puts its samples; PyTorch's two conventions.
/// `aligned`: src = o (in - 1) / (out - 1), 0 if out <= 1. `half_pixel`: src = max(0, (o + 0.5) in / out - 0.5).
enum class Corners { aligned, half_pixel };

/// What a glimpse sees of places outside the image. `inside`: the window is shifted until it lies inside (a scale too
/// wide for the image is centred on that axis, and what is outside counts as in `zero`). `zero`: the window stays, and
/// pixels outside contribute 0 after normalisation, that is the mean colour.
enum class Border { inside, zero };

/// A retina: `scales` concentric square windows, each twice as wide as the one before, all delivered at `side` x
/// `side`. Scale s averages boxes of 2^s x 2^s pixels. A channel c of a pixel p becomes (p / 255 - mean[c]) /
/// deviation[c].
struct GlimpseGeometry {
  Index side = 112;
  Index scales = 1;
  Border border = Border::inside;
  std::array<float, 3> mean{0.5f, 0.5f, 0.5f};       ///< of a channel scaled to [0, 1]
  std::array<float, 3> deviation{0.5f, 0.5f, 0.5f};  ///< > 0, of a channel scaled to [0, 1]
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
