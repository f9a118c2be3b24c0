#include <saccade/core/backend.hpp>

#include "backends/conformance.hpp"
#include "testing/inference_backend.hpp"

TEST_CASE("a backend that only classifies conforms in all that classifying needs") {
  check_conformance<InferenceBackend>([] { return InferenceBackend(); });
}

TEST_CASE("a backend that only classifies is asked for no derivative") {
  for (const auto& c : saccade::testing::conformance_cases<InferenceBackend>([] { return InferenceBackend(); })) {
    CHECK(c.name.find("_backward") == std::string::npos);
  }
}
