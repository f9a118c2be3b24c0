#pragma once

/// Processes that MPI has started. Opt-in: needs an MPI library (Open MPI, MPICH); link saccade::mpi.

#include <saccade/mpi/mpi_communicator.hpp>
