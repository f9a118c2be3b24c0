#pragma once

#include <saccade/core/geometry.hpp>

#include <cstddef>
#include <string>
#include <vector>

#include "cost.hpp"

/// What the kernels of the CUDA backend must move at least, by the shapes alone: nothing here needs CUDA.
namespace bench {

/// Shapes of gpu_benchmark. Maps are far larger than a cache of the second level, so that they come from memory.
struct GpuSizes {
  Index batch = 128;  ///< of maps (batch, side, side, channels)
  Index side = 112;   ///< even, so that a map can be halved
  Index channels = 64;
  Index glimpses = 2048;       ///< that are cropped at once, of 112 x 112 pixels each
  Index parameters = 1 << 25;  ///< of the optimiser
  Index rows = 1 << 14;        ///< of the LSTM's matrices
  Index hidden = 256;          ///< of the LSTM
};

inline constexpr Index cropped_side = 112;

/// A kernel, or a sequence of them, with the bytes of its operands: each once, or twice where an operation cannot but
/// read a map in two passes, one for its sums and one that uses them.
struct GpuWork {
  std::string name;
  double bytes = 0;
  double target = 0;  ///< the share of a copy's bandwidth that the project asks for; 0: none
};

/// @param number  bytes of a number of a map: 4 or 2. Vectors and the optimiser are in single precision.
[[nodiscard]] inline std::vector<GpuWork> gpu_work(const GpuSizes& sizes, Index number) {
  const double map = static_cast<double>(number * sizes.batch * sizes.side * sizes.side * sizes.channels);
  const double small = map / 4;  // of half the height and half the width
  const double vector = 4.0 * static_cast<double>(sizes.parameters);
  const double state = 4.0 * static_cast<double>(sizes.rows * sizes.hidden);
  const auto crop = [&](Index scales) {
    const saccade::GlimpseGeometry geometry{.side = cropped_side, .scales = scales};
    return pixel_bytes(static_cast<std::size_t>(sizes.glimpses), geometry) +
           static_cast<double>(number * sizes.glimpses * cropped_side * cropped_side * 3 * scales);
  };
  return {
      {"copy", 2 * map},
      {"fill", map},
      {"crop_glimpses", crop(1), 0.8},
      {"crop_glimpses, 3 scales", crop(3)},
      {"upsample_bilinear", small + map, 0.75},
      {"upsample_bilinear_backward", map + small, 0.6},
      {"attention_pool", 2 * map, 0.85},
      {"attention_pool_backward", 4 * map, 0.85},
      {"apply_mask", 3 * map},
      {"apply_mask_backward", 5 * map},
      {"batch_norm_statistics", map},
      {"activate", 2 * map},
      {"batch_norm_statistics and activate", 3 * map, 0.8},
      {"activation_backward", 5 * map, 0.8},
      {"batch_norm_train", 3 * map},
      {"batch_norm_backward", 5 * map},
      {"group_norm", 3 * map},
      {"group_norm_backward", 5 * map},
      {"prelu", 2 * map},
      {"prelu_backward", 3 * map},
      {"relu", 2 * map},
      {"add", 3 * map},
      {"axpy", 3 * map},
      {"max_pool", map + 2 * small},
      {"max_pool_backward", 2 * small + map},
      {"global_average_pool", map},
      {"global_average_pool_backward", map},
      {"spatial_softmax", map},
      {"spatial_softmax_backward", 2 * map},
      {"lstm_cell", 12 * state},
      {"lstm_cell_backward", 13 * state},
      {"sample_uniform", vector},
      {"zero_gradients", vector},
      {"sum_of_squares", vector},
      {"adam_step", 7 * vector},
  };
}

/// How long a kernel took, beside a plain copy of the device.
struct GpuResult {
  GpuWork work;
  std::string format;  ///< "fp32" or "bf16"
  double seconds = 0;

  [[nodiscard]] double rate() const { return work.bytes / seconds; }
  [[nodiscard]] double share(double copy_rate) const { return rate() / copy_rate; }
  [[nodiscard]] bool met(double copy_rate) const { return share(copy_rate) >= work.target; }
};

}  // namespace bench
