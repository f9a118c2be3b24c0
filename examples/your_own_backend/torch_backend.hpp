#pragma once

#include <saccade/core/backend.hpp>

#include <ATen/Parallel.h>

#include "operations/convolution.hpp"
#include "operations/glimpse.hpp"
#include "operations/linear.hpp"
#include "operations/loss.hpp"
#include "operations/mask.hpp"
#include "operations/memory.hpp"
#include "operations/normalization.hpp"
#include "operations/optimizer.hpp"
#include "operations/pointwise.hpp"
#include "operations/policy.hpp"
#include "operations/pooling.hpp"
#include "operations/upsample.hpp"

#include <algorithm>
#include <concepts>
#include <thread>

namespace torch_example {

/// Saccade over PyTorch's tensor library, on the CPU: every operation of the contract, none of the fused ones. Feature
/// maps (B, H, W, C) are PyTorch's channels_last layout of (B, C, H, W), so its fastest kernels get them without a
/// copy.
///
/// The same call gives the same bits for one number of threads, and not for another: PyTorch cuts its sums by threads.
/// No tensor asks for a gradient, so autograd records nothing. docs/your-own-backend.md tells how this was written.
template <std::floating_point Number>
class TorchBackend : public Memory<Number>,
                     public Linear,
                     public Convolution,
                     public Normalization,
                     public Pointwise,
                     public Pooling<Number>,
                     public Upsample,
                     public Glimpse<Number>,
                     public Mask,
                     public Loss,
                     public Policy<Number>,
                     public Optimizer<Number> {
 public:
  using Scalar = Number;
  using Tensor = at::Tensor;
  using Image = saccade::ImageView;

  /// @param threads  of PyTorch, and so of the whole process: the backend made last decides. 0: all of the machine's
  explicit TorchBackend(int threads = 0) {
    at::set_num_threads(threads > 0 ? threads : std::max(1, static_cast<int>(std::thread::hardware_concurrency())));
  }
};

static_assert(saccade::TrainableBackend<TorchBackend<float>>);
static_assert(saccade::TrainableBackend<TorchBackend<double>>);

}  // namespace torch_example
