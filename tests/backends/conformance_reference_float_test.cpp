#include "backends/conformance.hpp"

using saccade::ReferenceBackend;

TEST_CASE("the reference backend conforms in single precision") {
  check_conformance<ReferenceBackend<float>>([] { return ReferenceBackend<float>(); });
}
