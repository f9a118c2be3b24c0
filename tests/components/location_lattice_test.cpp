#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/components/location_lattice.hpp>

#include "support/catch.hpp"

#include <vector>

using namespace saccade;

using Reference = ReferenceBackend<double>;

TEST_CASE("locations move to the nearest place of the lattice", "[lattice]") {
  // Of 4 places on an axis: -3/4, -1/4, 1/4, 3/4, and half-way between them -1/2, 0, 1/2.
  Reference b;
  const LocationLattice<Reference> lattice(4);
  auto cache = lattice.make_cache(b, 5);
  auto location = b.zeros({5, 2});
  b.upload(std::vector<double>{-1, 1, -0.51, -0.49, 0.01, -0.01, 0.6, 0.4, 0.75, -0.25}, location);
  lattice.snap(b, cache, location);
  CHECK(location.values == std::vector<double>{-0.75, 0.75, -0.75, -0.25, 0.25, -0.25, 0.75, 0.25, 0.75, -0.25});
  lattice.snap(b, cache, location);
  CHECK(location.values == std::vector<double>{-0.75, 0.75, -0.75, -0.25, 0.25, -0.25, 0.75, 0.25, 0.75, -0.25});
}

TEST_CASE("a lattice of one place is the middle, and one of none is refused", "[lattice]") {
  Reference b;
  const LocationLattice<Reference> lattice(1);
  auto cache = lattice.make_cache(b, 1);
  auto location = b.zeros({1, 2});
  b.fill(0.9, location);
  lattice.snap(b, cache, location);
  CHECK(location.values == std::vector<double>{0, 0});
  CHECK_THROWS_WITH(LocationLattice<Reference>(0), "LocationLattice: side must be at least 1, but is 0");
}
