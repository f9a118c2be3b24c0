# Helpers of tests/CMakeLists.txt.

# Catch2's main, compiled once; neither optimised nor sanitized, which would cost more than all it does.
find_package(Catch2 REQUIRED)
add_library(saccade_catch_main OBJECT support/catch_main.cpp)
target_include_directories(saccade_catch_main PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}")
target_link_libraries(saccade_catch_main PUBLIC Catch2::Catch2)
target_compile_options(saccade_catch_main PRIVATE -O0 -g0)
target_compile_features(saccade_catch_main PUBLIC cxx_std_20)

option(SACCADE_UNITY_TESTS "Compile the tests of a folder several files at a time: quicker, but one change compiles them all" OFF)

# saccade_add_test(FOLDER SOURCE...): one executable for a folder of tests and one ctest entry for each source, so that
# core/shape_test.cpp is the test `core.shape`.
function(saccade_add_test folder)
  string(REPLACE "/" "_" target "test_${folder}")
  string(REPLACE "/" "." prefix "${folder}")
  saccade_add_program(${target} ${ARGN})
  target_link_libraries(${target} PRIVATE saccade_catch_main)
  target_compile_definitions(${target} PRIVATE SACCADE_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                                               SACCADE_PROGRAM_DIR="${PROJECT_BINARY_DIR}/bin")
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests/bin")
  # Files of the same headers gain by it. Those of backends and of the kit have each their own backend, whose code is what
  # takes long. (A source with options of its own is not joined with others.)
  if(SACCADE_UNITY_TESTS AND NOT folder MATCHES "^(backends|testing)")
    # The largest of eight takes 2.8 GB; under the sanitizers it would be more than two can have on a machine of 8 GB.
    set(batch 8)
    if(SACCADE_SANITIZE)
      set(batch 4)
    endif()
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${batch})
  endif()

  # A source without a test case is a mistake; only version 2 has to be told.
  set(no_tests_fail "")
  if(Catch2_VERSION VERSION_LESS 3)
    set(no_tests_fail --warn NoTests)
  endif()
  foreach(source IN LISTS ARGN)
    get_filename_component(stem "${source}" NAME_WE)
    string(REGEX REPLACE "_test$" "" name "${stem}")
    add_test(NAME ${prefix}.${name} COMMAND ${target} --filenames-as-tags ${no_tests_fail} "[#${stem}]")
    set_tests_properties(${prefix}.${name} PROPERTIES LABELS "${folder}")
  endforeach()
endfunction()

# saccade_find_compiler(NAME VARIABLE): g++ or clang++; the compiler of this build where it is the one asked for.
function(saccade_find_compiler name variable)
  if((name STREQUAL "g++" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
     OR (name STREQUAL "clang++" AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang"))
    set(${variable} "${CMAKE_CXX_COMPILER}" PARENT_SCOPE)
    return()
  endif()
  find_program(SACCADE_PROGRAM_${name} ${name})
  mark_as_advanced(SACCADE_PROGRAM_${name})
  set(${variable} "${SACCADE_PROGRAM_${name}}" PARENT_SCOPE)
endfunction()

# saccade_add_skipped_test(NAME SENTENCE): a test that ctest lists as skipped, with the reason in its output.
function(saccade_add_skipped_test name sentence)
  add_test(NAME ${name} COMMAND sh -c "echo '${sentence}'; exit 77")
  set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77)
endfunction()

# How a compiler other than this build's finds our headers and theirs: our warnings are wanted, theirs are not.
string(REGEX REPLACE "([][+.*()^$?|\\])" "\\\\\\1" ours "${PROJECT_SOURCE_DIR}/include")
set(third_party_includes
    "$<FILTER:$<TARGET_PROPERTY:saccade::io,INTERFACE_INCLUDE_DIRECTORIES>,EXCLUDE,^(${ours}|/usr/include)$>")
set(SACCADE_COMPILE_FLAGS -std=c++20 "-I${PROJECT_SOURCE_DIR}/include"
                          "$<$<BOOL:${third_party_includes}>:-isystem$<JOIN:${third_party_includes},$<SEMICOLON>-isystem>>")

# The headers that can be compiled here: those of the CUDA backend, of slides, MPI and NCCL need other libraries.
set(SACCADE_CHECKED_HEADERS ${SACCADE_HEADERS})
# saccade_check_headers_of(COMPONENT FOLDER INCLUDE_DIR...): those of saccade/FOLDER, and saccade/COMPONENT.hpp, with what
# they include, where saccade::COMPONENT is there; else not.
macro(saccade_check_headers_of component folder)
  if(TARGET saccade::${component})
    foreach(include_dir ${ARGN})
      list(APPEND SACCADE_COMPILE_FLAGS "-isystem${include_dir}")
    endforeach()
  else()
    list(FILTER SACCADE_CHECKED_HEADERS EXCLUDE REGEX "/saccade/(${folder}/|${component}\\.hpp$)")
  endif()
endmacro()
if(TARGET saccade::slides)
  get_target_property(openslide_include_dir OpenSlide::OpenSlide INTERFACE_INCLUDE_DIRECTORIES)
endif()
if(TARGET saccade::mpi)
  get_target_property(mpi_include_dirs MPI::MPI_CXX INTERFACE_INCLUDE_DIRECTORIES)
endif()
saccade_check_headers_of(cuda backends/cuda ${CUDAToolkit_INCLUDE_DIRS} ${CUDNN_INCLUDE_DIR})
saccade_check_headers_of(slides slides ${openslide_include_dir})
saccade_check_headers_of(mpi mpi ${mpi_include_dirs})
saccade_check_headers_of(nccl nccl ${CUDAToolkit_INCLUDE_DIRS} ${NCCL_INCLUDE_DIR})
