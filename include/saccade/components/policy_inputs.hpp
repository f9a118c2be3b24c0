#pragma once

#include <saccade/core/tensor.hpp>

namespace saccade::inline SACCADE_NAMESPACE {

/// What a policy may read when it chooses the next location. What a model does not have is of length 0.
template <class B>
struct PolicyInputs {
  const Tensor<B>& state;     // (B, H)  after the last glimpse; zero before the first
  const Tensor<B>& patch;     // (B, P)  what a PatchReadout says of the last glimpse; zero before the first
  const Tensor<B>& context;   // (B, C)  what the ContextNetwork says of the thumbnail
  const Tensor<B>& stretch;   // (B, 2)  width and height of the thumbnail's window, in those of the image
  const Tensor<B>& outside;   // (B, N)  0 for each cell of the thumbnail's map that shows the image, else far below 0
  const Tensor<B>& previous;  // (B, L)  the mode of the last choice; of length 0 where no glimpse was before
};

/// Gradients of what a policy has read; each accumulates.
template <class B>
struct PolicyInputGradients {
  Tensor<B>& state;    // (B, H)
  Tensor<B>& patch;    // (B, P)
  Tensor<B>& context;  // (B, C)
};

}  // namespace saccade
