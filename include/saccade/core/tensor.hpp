#pragma once

#include <saccade/core/geometry.hpp>
#include <saccade/core/image.hpp>
#include <saccade/core/streamed_image.hpp>
#include <saccade/core/symmetry.hpp>
#include <saccade/core/tissue_area.hpp>

#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// A backend's handle of dense memory: movable, perhaps move-only, opaque to everyone else.
template <class B>
using Tensor = typename B::Tensor;

/// The number type of a backend's tensors.
template <class B>
using Scalar = typename B::Scalar;

/// A backend's handle of a resident 8-bit image; an ImageView on the CPU.
template <class B>
using Image = typename B::Image;

/// One image of a batch as it is to be looked at: resident pixels or a streamed image, through one of the eight
/// symmetries of the square. Locations and pixels then belong to the transformed image; a transposing symmetry
/// exchanges its width and height. It owns nothing: keep the image alive while it is used.
template <class B>
struct OrientedImage {
  const Image<B>* image = nullptr;  ///< the pixels; null where the image is streamed
  Symmetry symmetry = Symmetry::identity;
  const StreamedImage* source = nullptr;  ///< of a streamed image, else null
  std::uint64_t content = 0;              ///< the same for equal pixels alone; 0: not known
  const TissueArea* tissue = nullptr;     ///< of the image as stored; null: nobody has looked for it
};

/// The images of a batch; their sizes may differ, and some may be resident, others streamed. A backend is only ever
/// given resident ones.
template <class B>
using ImageBatch = std::span<const OrientedImage<B>>;

/// Whether no image of the batch is streamed: what looks at them may then be recorded.
template <class B>
[[nodiscard]] bool all_resident(ImageBatch<B> images) {
  for (const OrientedImage<B>& each : images)
    if (each.source != nullptr) return false;
  return true;
}

/// What stands in front of a convolution, channel by channel: PReLU(gamma (x - mean) rstd + beta), where PReLU(v) is v
/// for v > 0 and slope v otherwise. `slope` is (1) or (C), the others are (C).
template <class B>
struct ActivationView {
  const Tensor<B>& gamma;
  const Tensor<B>& beta;
  const Tensor<B>& mean;
  const Tensor<B>& rstd;
  const Tensor<B>& slope;
};

/// Batch normalisation by the running statistics of training: gamma (v - mean) / sqrt(variance + epsilon) + beta, all
/// of them (C).
template <class B>
struct NormalizationView {
  const Tensor<B>& gamma;
  const Tensor<B>& beta;
  const Tensor<B>& mean;
  const Tensor<B>& variance;
  double epsilon = 1e-5;
};

/// What stands behind a convolution in inference, in the order of the members; what is null or empty is left out.
template <class B>
struct ConvolutionEpilogue {
  const Tensor<B>* bias = nullptr;                         ///< (O), added
  std::optional<NormalizationView<B>> normalization = {};  ///< of the O channels
  const Tensor<B>* residual = nullptr;                     ///< of y's shape, added
  Rectifier rectifier = Rectifier::none;
};

/// A parameter as the optimiser sees it: four tensors of one shape, and its hyperparameters, which it may share with
/// others.
template <class B>
struct ParameterTerm {
  Tensor<B>* gradient = nullptr;
  Tensor<B>* parameter = nullptr;
  Tensor<B>* first = nullptr;        ///< moment of the gradient
  Tensor<B>* second = nullptr;       ///< moment of its square
  const Tensor<B>* hyper = nullptr;  ///< in the order of AdamHyper
};

/// A backend that may keep the numbers of a feature map, (B, H, W, C), in a format with fewer digits than Scalar.
/// Optional. All maps of one call then come from `feature_map`, and so have one format; `copy` takes either, and
/// `upload`, `download` and `fill` convert.
template <class B>
concept FeatureMaps = requires(B b, const Shape& shape) {
  { b.feature_map(shape) } -> std::same_as<Tensor<B>>;
};

/// A new feature map of zeros, or of any other tensor that stands in place of one: patches, activations, their
/// gradients, the places of a max-pooling, scratch.
template <class B>
[[nodiscard]] Tensor<B> make_map(B& b, const Shape& shape) {
  if constexpr (FeatureMaps<B>) {
    return b.feature_map(shape);
  } else {
    return b.zeros(shape);
  }
}

/// Whether the backend's images own their pixels: then those that `make_image` was given are needed no longer when it
/// returns, and a run keeps the images instead of decoding their files again. Said by a member `images_are_copies`.
template <class B>
inline constexpr bool images_are_copies = false;
template <class B>
requires requires {
  { B::images_are_copies } -> std::convertible_to<bool>;
}
inline constexpr bool images_are_copies<B> = B::images_are_copies;

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

}  // namespace saccade
