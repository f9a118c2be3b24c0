#include "processes.hpp"

#include <saccade/core/crc32c.hpp>
#include <saccade/core/error.hpp>
#include <saccade/core/file.hpp>
#include <saccade/training/same_run.hpp>
#if defined(SACCADE_WITH_MPI)
#include <saccade/mpi.hpp>
#endif

#include <cstdlib>
#include <iostream>
#include <span>
#include <string>

namespace {

using namespace saccade;

program::Launch launch() {
  return program::find_launch([](const char* name) { return std::getenv(name); });
}

/// "mpirun (OMPI_COMM_WORLD_SIZE) has started 4 processes".
std::string has_started(const program::Launch& launch) {
  return launch.by + " has started " + (launch.count > 0 ? std::to_string(launch.count) : "several") + " processes";
}

/// Of the file that this program was started from. @throws FileError
[[maybe_unused]] std::string sum_of_this_program() {
  const auto bytes = read_file("/proc/self/exe");
  Crc32c sum;
  sum.update(std::as_bytes(std::span(bytes)));
  return "CRC-32C " + sum.text();
}

}  // namespace

program::Processes::Processes() {
  const Launch launched = launch();
  if (launched.by.empty() || launched.count == 1) return;
  if (!launched.speaks_mpi) {
    throw ConfigError(has_started(launched) + ", but saccade speaks to others by MPI alone: start it with mpirun -np " +
                      std::to_string(launched.count) + ", or with srun --mpi=pmix");
  }
#if defined(SACCADE_WITH_MPI)
  // Nobody ends before all have come to their end, and that is after each has said what it has to say: a launcher ends
  // the others as soon as one ends badly.
  static const MpiSession session;
  static MpiCommunicator communicator;
  group_ = ProcessGroup(communicator);
  if (launched.count > 0 && group_.size() != launched.count) {
    throw ConfigError(has_started(launched) + ", but MPI knows of " + std::to_string(group_.size()) +
                      ": start them by what belongs to the MPI library that saccade was built with; srun needs "
                      "--mpi=pmix");
  }
  expect_same(group_, "program", sum_of_this_program());
  if (group_.leads()) return;
  out_ = std::cout.rdbuf(&nowhere_);
  err_ = std::cerr.rdbuf(&nowhere_);
#else
  throw ConfigError(has_started(launched) +
                    ", but this saccade was built without MPI; docs/distributed.md says what it needs");
#endif
}

program::Processes::~Processes() {
  if (out_) std::cout.rdbuf(out_);
  if (err_) std::cerr.rdbuf(err_);
}

void program::expect_one_process(const std::string& name) {
  const Launch launched = launch();
  expect_config(launched.by.empty() || launched.count == 1, has_started(launched) + ", but " + name + " works in one");
}
