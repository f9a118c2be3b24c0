#pragma once

#include <saccade/core/image.hpp>
#include <saccade/core/symmetry.hpp>

#include <concepts>
#include <span>
#include <vector>

namespace saccade::inline v0 {

/// A backend's handle of dense memory: movable, perhaps move-only, opaque to everyone else.
template <class B>
using Tensor = typename B::Tensor;

/// The number type of a backend's tensors.
template <class B>
using Scalar = typename B::Scalar;

/// A backend's handle of a resident 8-bit image; an ImageView on the CPU.
template <class B>
using Image = typename B::Image;

/// One image of a batch as it is to be looked at: through one of the eight symmetries of the square. Locations and
/// pixels then belong to the transformed image; a transposing symmetry exchanges its width and height.
template <class B>
struct OrientedImage {
  const Image<B>* image = nullptr;
  Symmetry symmetry = Symmetry::identity;
};

/// The images of a batch; their sizes may differ.
template <class B>
using ImageBatch = std::span<const OrientedImage<B>>;

/// What stands in front of a convolution, channel by channel: PReLU(gamma (x - mean) rstd + beta), where PReLU(v) is v for
/// v > 0 and slope v otherwise. `slope` is (1) or (C), the others are (C).
template <class B>
struct ActivationView {
  const Tensor<B>& gamma;
  const Tensor<B>& beta;
  const Tensor<B>& mean;
  const Tensor<B>& rstd;
  const Tensor<B>& slope;
};

/// A new tensor that holds `values`. For set-up, tests and results; not for the steady state.
template <class B, class Number>
[[nodiscard]] Tensor<B> make_tensor(B& b, const Shape& shape, std::span<const Number> values) {
  Tensor<B> tensor = b.zeros(shape);
  const std::vector<Scalar<B>> converted(values.begin(), values.end());
  b.upload(std::span<const Scalar<B>>(converted), tensor);
  return tensor;
}

/// The elements of a tensor, in row-major order. Waits for the backend.
template <class B>
[[nodiscard]] std::vector<Scalar<B>> to_vector(B& b, const Tensor<B>& tensor) {
  std::vector<Scalar<B>> values(static_cast<std::size_t>(b.shape(tensor).size()));
  b.download(tensor, std::span<Scalar<B>>(values));
  return values;
}

}  // namespace saccade::inline v0
