# Finds NCCL, which comes without a package for CMake: target NCCL::nccl, NCCL_FOUND. It is looked for in NCCL_ROOT (a
# variable or the environment's), beside the CUDA toolkit where find_package(CUDAToolkit) went before, and where the
# system keeps its libraries.

find_path(
  NCCL_INCLUDE_DIR nccl.h
  HINTS ${CUDAToolkit_INCLUDE_DIRS}
  PATH_SUFFIXES include)
# The second name is that of Python's packages, which leave the first one out.
find_library(
  NCCL_LIBRARY
  NAMES nccl libnccl.so.2
  HINTS ${CUDAToolkit_LIBRARY_DIR}
  PATH_SUFFIXES lib64 lib lib/x64)
mark_as_advanced(NCCL_INCLUDE_DIR NCCL_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(NCCL REQUIRED_VARS NCCL_LIBRARY NCCL_INCLUDE_DIR)

if(NCCL_FOUND AND NOT TARGET NCCL::nccl)
  add_library(NCCL::nccl UNKNOWN IMPORTED ${nccl_scope})
  set_target_properties(NCCL::nccl PROPERTIES IMPORTED_LOCATION "${NCCL_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES
                                                                                  "${NCCL_INCLUDE_DIR}")
endif()
