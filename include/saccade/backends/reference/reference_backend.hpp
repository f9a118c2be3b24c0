#pragma once

#include <saccade/backends/reference/convolution.hpp>
#include <saccade/backends/reference/glimpse.hpp>
#include <saccade/backends/reference/host_tensor.hpp>
#include <saccade/backends/reference/linear.hpp>
#include <saccade/backends/reference/loss.hpp>
#include <saccade/backends/reference/mask.hpp>
#include <saccade/backends/reference/memory.hpp>
#include <saccade/backends/reference/normalization.hpp>
#include <saccade/backends/reference/optimizer.hpp>
#include <saccade/backends/reference/pointwise.hpp>
#include <saccade/backends/reference/policy.hpp>
#include <saccade/backends/reference/pooling.hpp>
#include <saccade/backends/reference/upsample.hpp>
#include <saccade/core/backend.hpp>
#include <saccade/core/batch_synchronization.hpp>

namespace saccade::inline SACCADE_NAMESPACE {

/// The executable specification: every operation as plain loops, one thread, sums in double at least. Slow on purpose;
/// every other backend is checked against ReferenceBackend<double>. An object holds nothing but its batch group.
template <std::floating_point Number>
struct ReferenceBackend : BatchSynchronization,
                          reference::Memory<Number>,
                          reference::Linear<Number>,
                          reference::Convolution<Number>,
                          reference::Normalization<Number>,
                          reference::Pointwise<Number>,
                          reference::Pooling<Number>,
                          reference::Upsample<Number>,
                          reference::Glimpse<Number>,
                          reference::Mask<Number>,
                          reference::Loss<Number>,
                          reference::Policy<Number>,
                          reference::Optimizer<Number> {
  using Scalar = Number;
  using Tensor = reference::HostTensor<Number>;
  using Image = ImageView;
};

static_assert(TrainableBackend<ReferenceBackend<float>>);
static_assert(TrainableBackend<ReferenceBackend<double>>);

}  // namespace saccade
