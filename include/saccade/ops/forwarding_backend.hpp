#pragma once

#include <saccade/ops/forwarded_operations.hpp>
#include <saccade/ops/step.hpp>

#include <concepts>
#include <functional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

namespace detail {
/// The types of the optional hooks that a backend has.
template <class B>
struct StepTypes {};
template <ops::RecordedStep B>
struct StepTypes<B> {
  using StepGraph = typename B::StepGraph;
};
template <class B>
struct OptimizerTypes {};
template <ops::FusedOptimizer B>
struct OptimizerTypes<B> {
  using ParameterList = typename B::ParameterList;
};
}  // namespace detail

/// A backend that lets another one work: for metering, logging, recording, or replacing an operation. It has the
/// tensors and images of `Inner`, and offers what `Inner` offers, fused operations and hooks included. Derive from it,
///
///     template <Backend Inner>
///     class Counting : public ForwardingBackend<Counting<Inner>, Inner> {
///      public:
///       using ForwardingBackend<Counting, Inner>::ForwardingBackend;
///       ...
///     };
///
/// and write either of
///
/// * `perform`, as it is below, but public, to stand around every operation; it calls that of the base class;
/// * a function with the name and the arguments of an operation, to replace that one. It calls `inner()`.
///
/// A step that `Inner` records (ops::run_step) is repeated by `Inner` alone: `void run_step() = delete;` takes the
/// recording away, and every step comes by.
///
/// @tparam trains  false: a backend that only classifies
template <class Derived, Backend Inner, bool trains = TrainableBackend<Inner>>
class ForwardingBackend : public ForwardedOperations<Derived, Inner, trains>,
                          public detail::StepTypes<Inner>,
                          public detail::OptimizerTypes<Inner> {
 public:
  using Scalar = saccade::Scalar<Inner>;
  using Tensor = saccade::Tensor<Inner>;
  using Image = saccade::Image<Inner>;

  static constexpr bool images_are_copies = saccade::images_are_copies<Inner>;

  template <class... Arguments>
  requires std::constructible_from<Inner, Arguments...>
  explicit ForwardingBackend(Arguments&&... arguments) : inner_(std::forward<Arguments>(arguments)...) {}

  /// The backend that works.
  [[nodiscard]] Inner& inner() { return inner_; }

  [[nodiscard]] Tensor zeros(const Shape& shape) { return inner_.zeros(shape); }
  [[nodiscard]] Tensor feature_map(const Shape& shape) requires FeatureMaps<Inner> { return inner_.feature_map(shape); }
  [[nodiscard]] Shape shape(const Tensor& x) { return inner_.shape(x); }
  [[nodiscard]] Image make_image(const ImageView& view) { return inner_.make_image(view); }
  [[nodiscard]] Index width(const Image& image) { return inner_.width(image); }
  [[nodiscard]] Index height(const Image& image) { return inner_.height(image); }

  void synchronize_batches(ProcessGroup group) requires SynchronizesBatches<Inner> {
    inner_.synchronize_batches(std::move(group));
  }
  [[nodiscard]] const ProcessGroup& batch_group() const requires SynchronizesBatches<Inner> {
    return inner_.batch_group();
  }

  void run_step(auto& graph, StepCount count, const std::function<void()>& body) requires ops::RecordedStep<Inner> {
    inner_.run_step(graph, count, body);
  }
  [[nodiscard]] auto make_parameter_list(auto&& terms) requires(trains && ops::FusedOptimizer<Inner>) {
    std::vector<ParameterTerm<Inner>> list;
    for (const auto& term : terms) list.push_back({term.gradient, term.parameter, term.first, term.second, term.hyper});
    return inner_.make_parameter_list(list);
  }

  /// What happens at every operation.
  /// @param name       of the operation
  /// @param operation  operation(b, arguments...) calls it on a backend b
  template <class Operation, class... Arguments>
  void perform(std::string_view, const Operation& operation, Arguments&... arguments) {
    operation(inner_, of_inner(arguments)...);
  }

 private:
  /// What names the type of its backend is made anew; everything else is passed on as it is.
  template <class B>
  ImageBatch<Inner> of_inner(std::span<const OrientedImage<B>> images) {
    images_.clear();
    for (const OrientedImage<B>& oriented : images) images_.push_back({oriented.image, oriented.symmetry});
    return images_;
  }
  template <class B>
  ActivationView<Inner> of_inner(ActivationView<B> view) {
    return {view.gamma, view.beta, view.mean, view.rstd, view.slope};
  }
  template <class B>
  ConvolutionEpilogue<Inner> of_inner(ConvolutionEpilogue<B> epilogue) {
    ConvolutionEpilogue<Inner> same{
        .bias = epilogue.bias, .residual = epilogue.residual, .rectifier = epilogue.rectifier};
    if (const auto& norm = epilogue.normalization)
      same.normalization.emplace(
          NormalizationView<Inner>{norm->gamma, norm->beta, norm->mean, norm->variance, norm->epsilon});
    return same;
  }
  template <class Argument>
  Argument& of_inner(Argument& argument) {
    return argument;
  }

  Inner inner_;
  std::vector<OrientedImage<Inner>> images_;
};

}  // namespace saccade
