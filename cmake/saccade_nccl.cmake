# Defines saccade::nccl: saccade::saccade with the CUDA runtime and NCCL, for <saccade/nccl.hpp>. It has no kernels, so
# that no nvcc is asked for. Read by the build of Saccade itself and, installed, by find_package(saccade COMPONENTS nccl).
# What cannot be found is named in saccade_nccl_missing, and saccade::nccl is then not defined. `saccade_nccl_scope` may
# be set to GLOBAL.

set(saccade_nccl_missing "")
find_package(CUDAToolkit 12 QUIET)
list(PREPEND CMAKE_MODULE_PATH "${CMAKE_CURRENT_LIST_DIR}")
set(nccl_scope ${saccade_nccl_scope})
find_package(NCCL QUIET)
list(POP_FRONT CMAKE_MODULE_PATH)
if(NOT TARGET CUDA::cudart)
  list(APPEND saccade_nccl_missing "CUDA 12")
endif()
if(NOT TARGET NCCL::nccl)
  list(APPEND saccade_nccl_missing "NCCL")
endif()
list(JOIN saccade_nccl_missing ", " saccade_nccl_missing)
if(NOT saccade_nccl_missing AND NOT TARGET saccade::nccl)
  add_library(saccade::nccl INTERFACE IMPORTED ${saccade_nccl_scope})
  # The runtime that saccade::cuda links: two would be one too many.
  set(saccade_nccl_runtime CUDA::cudart_static)
  if(CMAKE_CUDA_RUNTIME_LIBRARY STREQUAL "Shared")
    set(saccade_nccl_runtime CUDA::cudart)
  endif()
  target_link_libraries(saccade::nccl INTERFACE saccade::saccade NCCL::nccl ${saccade_nccl_runtime})
endif()
