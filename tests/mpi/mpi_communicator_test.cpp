#include <string>

#include "mpirun.hpp"
#include "support/catch.hpp"

using namespace programs;

TEST_CASE("MPI passes bytes and sums as a communicator must", "[mpi]") {
  for (const int count : {1, 2, 3, 4}) {
    const Ending ending = mpirun(count, {SACCADE_MPI_SPEAKER});
    INFO(count << " processes: " << ending.err);
    CHECK(ending.code == 0);
    CHECK(ending.out == "all right\n");
  }
}

TEST_CASE("who aborts says why, and ends all; who throws is heard by all", "[mpi]") {
  const Ending aborted = mpirun(3, {SACCADE_MPI_SPEAKER, "abort"});
  CHECK(aborted.code != 0);
  CHECK(aborted.out.empty());
  CHECK(times("the last one gives up\n", aborted.err) == 1);
  const Ending failed = mpirun(3, {SACCADE_MPI_SPEAKER, "fail"});
  CHECK((failed.code == 1 || failed.code == 3));
  CHECK(times("the last one fails\n", failed.err) == 1);
}
