#include <saccade/testing/archetype_backend.hpp>

#include "backends/conformance.hpp"

using saccade::testing::ArchetypeBackend;

TEST_CASE("the concept is enough: a backend with nothing else conforms") {
  check_conformance<ArchetypeBackend<float>>([] { return ArchetypeBackend<float>(0); });
}
