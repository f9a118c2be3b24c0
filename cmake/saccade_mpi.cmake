# Defines saccade::mpi: saccade::saccade with an MPI library, for <saccade/mpi.hpp>. Read by the build of Saccade itself
# and, installed, by find_package(saccade COMPONENTS mpi). Where MPI is not found, saccade_mpi_missing says so, and
# saccade::mpi is not defined. `saccade_mpi_scope` may be set to GLOBAL.

set(saccade_mpi_missing "")
if(NOT TARGET MPI::MPI_CXX)
  # Without the interface of C++ that MPI had once.
  set(MPI_CXX_SKIP_MPICXX TRUE)
  find_package(MPI QUIET COMPONENTS CXX)
endif()
if(NOT TARGET MPI::MPI_CXX)
  set(saccade_mpi_missing "an MPI library")
elseif(NOT TARGET saccade::mpi)
  add_library(saccade::mpi INTERFACE IMPORTED ${saccade_mpi_scope})
  target_link_libraries(saccade::mpi INTERFACE saccade::saccade MPI::MPI_CXX)
endif()
