# Defines saccade::cuda: saccade::saccade with the CUDA runtime, cuBLAS and cuDNN, for <saccade/cuda.hpp>. It carries
# kernels.cu as a source, which every target that links it compiles with nvcc: link it PRIVATE, and from one target.
# Read by the build of Saccade itself and, installed, by find_package(saccade COMPONENTS cuda). What cannot be found is
# named in saccade_cuda_missing, and saccade::cuda is then not defined.
#
# Reads `saccade_include_dir`, the folder of our headers, and `saccade_cuda_scope`, which may be set to GLOBAL. Enables
# the language CUDA where the project has not, for compute capability 8.0 and 9.0 unless CMAKE_CUDA_ARCHITECTURES says
# otherwise; CMake wants that in the folder where targets are made, or above.

set(saccade_cuda_missing "")
if(NOT CMAKE_CUDA_COMPILER_LOADED)
  include(CheckLanguage)
  check_language(CUDA)
  if(CMAKE_CUDA_COMPILER)
    if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES AND NOT DEFINED ENV{CUDAARCHS})
      set(CMAKE_CUDA_ARCHITECTURES 80 90)
    endif()
    enable_language(CUDA)
  endif()
endif()
if(NOT CMAKE_CUDA_COMPILER_LOADED)
  list(APPEND saccade_cuda_missing "nvcc")
elseif(NOT CMAKE_CUDA_COMPILER_ID STREQUAL "NVIDIA" OR CMAKE_CUDA_COMPILER_VERSION VERSION_LESS 12)
  list(APPEND saccade_cuda_missing "nvcc 12")
endif()

find_package(CUDAToolkit 12 QUIET)
list(PREPEND CMAKE_MODULE_PATH "${CMAKE_CURRENT_LIST_DIR}")
find_package(CUDNN 9.8 QUIET)
list(POP_FRONT CMAKE_MODULE_PATH)
if(NOT TARGET CUDA::cublas)
  list(APPEND saccade_cuda_missing "cuBLAS 12")
endif()
if(NOT CUDNN_FOUND)
  list(APPEND saccade_cuda_missing "cuDNN 9.8")
endif()
list(JOIN saccade_cuda_missing ", " saccade_cuda_missing)

if(NOT saccade_cuda_missing AND NOT TARGET saccade::cuda)
  # The runtime that CMake links to every target with a .cu file: two would be one too many.
  set(saccade_cuda_runtime CUDA::cudart_static)
  if(CMAKE_CUDA_RUNTIME_LIBRARY STREQUAL "Shared")
    set(saccade_cuda_runtime CUDA::cudart)
  endif()
  # What host code needs, without the kernels.
  add_library(saccade::cuda_host INTERFACE IMPORTED ${saccade_cuda_scope})
  target_link_libraries(saccade::cuda_host INTERFACE saccade::saccade ${saccade_cuda_runtime} CUDA::cublas
                                                     CUDNN::cudnn)
  add_library(saccade::cuda INTERFACE IMPORTED ${saccade_cuda_scope})
  target_link_libraries(saccade::cuda INTERFACE saccade::cuda_host)
  target_sources(saccade::cuda INTERFACE "${saccade_include_dir}/saccade/backends/cuda/kernels.cu")
  if("cuda_std_20" IN_LIST CMAKE_CUDA_COMPILE_FEATURES)
    target_compile_features(saccade::cuda INTERFACE cuda_std_20)
  else()
    # CMake 3.25 does not know that nvcc 12 and 13 have C++20.
    target_compile_options(saccade::cuda INTERFACE $<$<COMPILE_LANG_AND_ID:CUDA,NVIDIA>:-std=c++20>)
  endif()
endif()
