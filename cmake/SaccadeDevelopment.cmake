# How our own programs (tests, examples, benchmarks) are compiled. Users of saccade::saccade get none of this.

option(SACCADE_WERROR "Treat the warnings of our own programs as errors" OFF)
set(SACCADE_SANITIZE OFF CACHE STRING "Sanitizers of our own programs: ON, address and undefined behaviour, or thread")
option(SACCADE_NATIVE "Build our own programs for the processor of this machine (-march=native)" OFF)

set(SACCADE_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion)

if(PROJECT_IS_TOP_LEVEL AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(SACCADE_CCACHE ccache)
  mark_as_advanced(SACCADE_CCACHE)
  if(SACCADE_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${SACCADE_CCACHE}")
    set(CMAKE_CUDA_COMPILER_LAUNCHER "${SACCADE_CCACHE}")
  endif()
endif()

add_library(saccade_development INTERFACE)
target_compile_options(
  saccade_development
  INTERFACE ${SACCADE_WARNINGS} $<$<BOOL:${SACCADE_WERROR}>:-Werror> $<$<BOOL:${SACCADE_NATIVE}>:-march=native>)
# g++ 12 raises false alarms, of its own AVX-512 intrinsics (its bug 105593) and, with the sanitizers, of std::regex.
target_compile_options(saccade_development
                       INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-uninitialized -Wno-maybe-uninitialized>)
if(SACCADE_SANITIZE)
  set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  if(SACCADE_SANITIZE STREQUAL "thread")
    set(sanitizers -fsanitize=thread -fno-omit-frame-pointer)
  endif()
  target_compile_options(saccade_development INTERFACE ${sanitizers})
  target_link_options(saccade_development INTERFACE ${sanitizers})
endif()

# The kernels, compiled once for all of our own programs. What links them may include <saccade/cuda.hpp>.
if(TARGET saccade::cuda)
  add_library(saccade_cuda_kernels STATIC)
  target_link_libraries(
    saccade_cuda_kernels
    PRIVATE saccade::cuda
    PUBLIC saccade::cuda_host)
  target_compile_definitions(saccade_cuda_kernels INTERFACE SACCADE_WITH_CUDA)
  # What ptxas says of registers and stack is kept for a test.
  target_compile_options(saccade_cuda_kernels PRIVATE -Xptxas=-v)
  set(launcher sh "${PROJECT_SOURCE_DIR}/cmake/keep_output.sh" "${PROJECT_BINARY_DIR}/kernel_report.txt"
               ${CMAKE_CUDA_COMPILER_LAUNCHER})
  set_target_properties(saccade_cuda_kernels PROPERTIES CUDA_COMPILER_LAUNCHER "${launcher}")
endif()

# saccade_add_program(NAME SOURCE...): a program in <build>/bin, compiled with our warnings, linked with saccade::compiled.
function(saccade_add_program name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE saccade::compiled saccade_development)
  set_target_properties(${name} PROPERTIES CXX_EXTENSIONS OFF RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
endfunction()
