#pragma once

#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/testing/cases/activated_convolution.hpp>
#include <saccade/testing/cases/convolution.hpp>
#include <saccade/testing/cases/convolution_epilogue.hpp>
#include <saccade/testing/cases/glimpse.hpp>
#include <saccade/testing/cases/linear.hpp>
#include <saccade/testing/cases/loss.hpp>
#include <saccade/testing/cases/mask.hpp>
#include <saccade/testing/cases/memory.hpp>
#include <saccade/testing/cases/normalization.hpp>
#include <saccade/testing/cases/optimizer.hpp>
#include <saccade/testing/cases/pointwise.hpp>
#include <saccade/testing/cases/policy.hpp>
#include <saccade/testing/cases/pooling.hpp>
#include <saccade/testing/cases/recurrent.hpp>
#include <saccade/testing/cases/rows.hpp>
#include <saccade/testing/cases/step.hpp>
#include <saccade/testing/cases/upsample.hpp>

namespace saccade::inline SACCADE_NAMESPACE::testing {

/// The training concepts that `B` does not satisfy, or, with `satisfied`, those that it does: "TrainableLinearOps,
/// ...".
template <class B>
[[nodiscard]] std::string training_concepts(bool satisfied) {
  std::string names;
  const auto name = [&](bool holds, const char* concept_name) {
    if (holds == satisfied) names += (names.empty() ? "" : ", ") + std::string(concept_name);
  };
  name(TrainableLinearOps<B>, "TrainableLinearOps");
  name(TrainableConvolutionOps<B>, "TrainableConvolutionOps");
  name(TrainableNormalizationOps<B>, "TrainableNormalizationOps");
  name(TrainablePointwiseOps<B>, "TrainablePointwiseOps");
  name(TrainablePoolingOps<B>, "TrainablePoolingOps");
  name(TrainableUpsampleOps<B>, "TrainableUpsampleOps");
  name(TrainableMaskOps<B>, "TrainableMaskOps");
  name(TrainableLossOps<B>, "TrainableLossOps");
  name(TrainablePolicyOps<B>, "TrainablePolicyOps");
  name(OptimizerOps<B>, "OptimizerOps");
  return names;
}

/// Everything that the contract demands of a backend, as cases to run with any test framework:
///
///     for (const Case& c : conformance_cases<MyBackend>([] { return MyBackend(); })) {
///       const Report report = c.run();
///       INFO(c.name << ": " << report.message());
///       CHECK(report.passed());
///     }
///
/// A backend that trains is checked whole; one that only classifies, in all that classifying needs. One in between has
/// a case that fails and says what is missing.
///
/// @tparam R        the reference, constructed without arguments
/// @param make      returns a new backend, perhaps one that cannot be moved
/// @param options   see ConformanceOptions
template <Backend B, TrainableBackend R = ReferenceBackend<double>>
[[nodiscard]] std::vector<Case> conformance_cases(std::function<B()> make, ConformanceOptions<B> options = {}) {
  Suite<B, R> suite(std::move(make), std::move(options));
  add_memory_cases(suite);
  add_linear_cases(suite);
  add_convolution_cases(suite);
  add_normalization_cases(suite);
  add_pointwise_cases(suite);
  add_row_cases(suite);
  add_pooling_cases(suite);
  add_upsample_cases(suite);
  add_glimpse_cases(suite);
  add_mask_cases(suite);
  add_recurrent_cases(suite);
  add_activated_convolution_cases(suite);
  add_convolution_epilogue_cases(suite);
  add_loss_cases(suite);
  add_policy_cases(suite);
  add_step_cases(suite);
  if constexpr (TrainableBackend<B>) {
    add_trainable_linear_cases(suite);
    add_trainable_convolution_cases(suite);
    add_trainable_normalization_cases(suite);
    add_trainable_pointwise_cases(suite);
    add_trainable_row_cases(suite);
    add_trainable_pooling_cases(suite);
    add_trainable_upsample_cases(suite);
    add_trainable_mask_cases(suite);
    add_trainable_recurrent_cases(suite);
    add_trainable_activated_convolution_cases(suite);
    add_trainable_loss_cases(suite);
    add_trainable_policy_cases(suite);
    add_optimizer_cases(suite);
  } else {
    suite.add("backend: trains in all operations or in none", [](B&, Report& report) {
      const std::string present = training_concepts<B>(true);
      report.expect(present.empty(),
                    "the backend has " + present + ", but lacks " + training_concepts<B>(false) + " to be trained");
    });
  }
  return std::move(suite.cases());
}

}  // namespace saccade::testing
