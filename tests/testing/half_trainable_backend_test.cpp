#include <saccade/testing/conformance.hpp>

#include "support/catch.hpp"
#include "testing/inference_backend.hpp"

TEST_CASE("a backend that trains in part fails, and is told what it lacks") {
  const auto cases = saccade::testing::conformance_cases<HalfTrainableBackend>([] { return HalfTrainableBackend(); });
  const auto report = cases.back().run();
  CHECK_FALSE(report.passed());
  CHECK(report.message() ==
        "the backend has TrainableLinearOps, but lacks TrainableConvolutionOps, TrainableNormalizationOps, "
        "TrainablePointwiseOps, TrainablePoolingOps, TrainableUpsampleOps, TrainableMaskOps, TrainableLossOps, "
        "TrainablePolicyOps, OptimizerOps to be trained");
}
