#pragma once

#include <saccade/core/component.hpp>
#include <saccade/core/error.hpp>

#include <concepts>

/// What a user's own parts of a model have to offer.
namespace saccade::inline SACCADE_NAMESPACE {

/// Looks: turns a batch of images and locations (B, 2) into patches of shape `patch_shape(batch)`. An image may be
/// streamed: ops::crop_glimpses and ops::seen_size take either kind, a backend's own functions resident images only.
/// On a backend that is ops::RecordedStep, `forward` calls operations only; a `stage(b, images)`, where there is one, is
/// called before each step and may refuse the images.
template <class S, class B>
concept Sensor = std::move_constructible<S> &&
                 requires(const S& sensor, B& b, ImageBatch<B> images, const Tensor<B>& location, Tensor<B>& patches) {
                   { sensor.patch_shape(Index{1}) } -> std::same_as<Shape>;
                   sensor.forward(b, images, location, patches);
                 };

/// Investigates: turns patches into features (B, features()). Parameters and Statistics list their tensors through
/// for_each (see component.hpp). See SoftAttentionBlock for what each function does.
template <class E, class B>
concept Encoder =
    std::move_constructible<E> &&
    requires(const E& encoder, B& b, const typename E::Parameters& p, typename E::Statistics& statistics,
             typename E::Cache& cache, const Tensor<B>& patches, Tensor<B>& features, Mode mode) {
      { encoder.features() } -> std::convertible_to<Index>;
      { encoder.make_parameters(b) } -> std::same_as<typename E::Parameters>;
      { encoder.make_statistics(b) } -> std::same_as<typename E::Statistics>;
      { encoder.make_cache(b, Index{1}, mode) } -> std::same_as<typename E::Cache>;  // in evaluation forward's part only
      encoder.forward(b, p, statistics, patches, cache, features, mode);
    };

/// An encoder that can be trained: gradients of its parameters accumulate.
template <class E, class B>
concept TrainableEncoder =
    Encoder<E, B> && requires(const E& encoder, B& b, const typename E::Parameters& p, typename E::Cache& cache,
                              const Tensor<B>& patches, const Tensor<B>& d_features, typename E::Workspace& workspace,
                              typename E::Parameters& d_p) {
      { encoder.make_workspace(b, Index{1}) } -> std::same_as<typename E::Workspace>;
      encoder.backward(b, p, patches, cache, d_features, workspace, d_p);
    };

}  // namespace saccade
