#include "backends/conformance.hpp"

using saccade::ReferenceBackend;

TEST_CASE("the reference backend conforms in double precision") {
  check_conformance<ReferenceBackend<double>>([] { return ReferenceBackend<double>(); });
}
