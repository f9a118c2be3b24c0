#include <saccade/backends/eigen/eigen_backend.hpp>

#include "backends/conformance.hpp"

using saccade::EigenBackend;

TEST_CASE("the Eigen backend conforms in double precision") {
  check_conformance<EigenBackend<double>>([] { return EigenBackend<double>(2); },
                                          {.make_another = [] { return EigenBackend<double>(1); }});
}
