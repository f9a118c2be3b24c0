#pragma once

#include <saccade/components/policy_inputs.hpp>
#include <saccade/core/component.hpp>
#include <saccade/core/error.hpp>
#include <saccade/core/random_key.hpp>

#include <concepts>

/// What a user's own parts of a model have to offer.
namespace saccade::inline SACCADE_NAMESPACE {

/// Looks: turns a batch of images and locations (B, L) into patches of shape `patch_shape(batch)`. An image may be
/// streamed: ops::crop_glimpses and ops::seen_size take either kind, a backend's own functions resident images only.
/// On a backend that is ops::RecordedStep, `forward` calls operations only; a `stage(b, images)`, where there is one,
/// is called before each step and may refuse the images.
template <class S, class B>
concept Sensor = std::move_constructible<S> &&
    requires(const S& sensor, B& b, ImageBatch<B> images, const Tensor<B>& location, Tensor<B>& patches) {
  { sensor.patch_shape(Index{1}) } -> std::same_as<Shape>;
  sensor.forward(b, images, location, patches);
};

/// Investigates: turns patches into features (B, features()). Parameters and Statistics list their tensors through
/// for_each (see component.hpp). See SoftAttentionBlock for what each function does.
template <class E, class B>
concept Encoder = std::move_constructible<E> &&
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
concept TrainableEncoder = Encoder<E, B> &&
    requires(const E& encoder, B& b, const typename E::Parameters& p, typename E::Cache& cache,
             const Tensor<B>& patches, const Tensor<B>& d_features, typename E::Workspace& workspace,
             typename E::Parameters& d_p) {
  { encoder.make_workspace(b, Index{1}) } -> std::same_as<typename E::Workspace>;
  encoder.backward(b, p, patches, cache, d_features, workspace, d_p);
};

/// An encoder whose first part may be a network that does not change: `forward` is then `forward_frozen` and
/// `forward_rest`, and what stands between them, `frozen_output`, may be kept. See BackboneEncoder for what each does.
template <class E, class B>
concept PartlyFrozenEncoder = Encoder<E, B> &&
    requires(const E& encoder, B& b, const typename E::Parameters& p, typename E::Statistics& statistics,
             typename E::Cache& cache, const Tensor<B>& patches, Tensor<B>& features, Mode mode) {
  { encoder.has_frozen_part(mode) } -> std::same_as<bool>;
  encoder.forward_frozen(b, p, statistics, patches, cache, features, mode);
  { encoder.frozen_output(cache, features) } -> std::same_as<Tensor<B>&>;
  encoder.forward_rest(b, p, statistics, cache, features, mode);
};

/// Chooses: a distribution over the next location, (B, L): x and y, in [-1, 1] when they have been clamped, and with
/// GlimpseGeometry::zooms above 1 the zoom, a whole number. A Cache holds the distribution of one choice over a batch,
/// and what has been drawn from it. The static `mode` and `drawn` give its tensors (B, L) of where the policy would go,
/// and of where it goes, before clamping; whoever gives locations writes the latter. See GaussianPolicy for what each
/// function does. A policy with a `set_sigma(cache, sigma)` obeys RolloutOptions::sigma.
template <class P, class B>
concept Policy = std::move_constructible<P> &&
    requires(const P& policy, B& b, const typename P::Parameters& p, typename P::Cache& cache,
             const typename P::Cache& given, const PolicyInputs<B>& inputs, const RandomKey& key) {
  { policy.make_parameters(b) } -> std::same_as<typename P::Parameters>;
  { policy.make_cache(b, Index{1}) } -> std::same_as<typename P::Cache>;
  policy.describe(b, p, inputs, cache);
  policy.sample(b, key, inputs, cache);
  policy.take_mode(b, cache);
  { P::mode(given) } -> std::same_as<const Tensor<B>&>;
  { P::drawn(cache) } -> std::same_as<Tensor<B>&>;
};

/// A policy that can learn: `score_gradient` adds the gradient of sum_n -advantage[n] ln pi(drawn[n]), and of terms of
/// the policy's own, to those of its parameters and of what it has read.
template <class P, class B>
concept TrainablePolicy = Policy<P, B> &&
    requires(const P& policy, B& b, const typename P::Parameters& p, const typename P::Cache& cache,
             const PolicyInputs<B>& inputs, const Tensor<B>& advantage, typename P::Workspace& workspace,
             typename P::Parameters& d_p, PolicyInputGradients<B> d_inputs) {
  { policy.make_workspace(b, Index{1}) } -> std::same_as<typename P::Workspace>;
  policy.score_gradient(b, p, inputs, cache, advantage, workspace, d_p, d_inputs);
};

/// A policy whose densities a learner can compare, (B): ln pi(drawn) up to a constant, and the entropy.
template <class P, class B>
concept DensityPolicy = TrainablePolicy<P, B> &&
    requires(const P& policy, B& b, const typename P::Cache& cache, typename P::Workspace& workspace, Tensor<B>& y) {
  policy.log_density(b, cache, workspace, y);
  policy.entropy(b, cache, workspace, y);
};

}  // namespace saccade
