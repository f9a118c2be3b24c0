# Builds and runs consumer/, which gets Saccade by WAY.

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\n${output}")
  endif()
endfunction()

set(toolchain -G ${GENERATOR} -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER})
if(WAY MATCHES "cuda")
  # One architecture: the kernels take a while.
  list(APPEND toolchain -D CMAKE_CUDA_COMPILER=${CUDA_COMPILER} -D CMAKE_CUDA_COMPILER_LAUNCHER=${LAUNCHER} -D
       CMAKE_CUDA_ARCHITECTURES=90)
endif()
set(consumer_options ${toolchain} -D WAY=${WAY} -D VERSION=${VERSION})
file(REMOVE_RECURSE "${WORK_DIR}")

if(WAY MATCHES "find_package")
  set(here "${WORK_DIR}/installed_here")
  set(moved "${WORK_DIR}/moved_there")
  run("${CMAKE_COMMAND}" -S "${SACCADE_SOURCE_DIR}" -B "${WORK_DIR}/saccade" ${toolchain} -D SACCADE_BUILD_TESTS=OFF
      -D SACCADE_BUILD_EXAMPLES=OFF -D SACCADE_BUILD_BENCHMARKS=OFF)
  run("${CMAKE_COMMAND}" --install "${WORK_DIR}/saccade" --prefix "${here}")

  # The package may be moved, so it holds no path of the machine that made it.
  file(RENAME "${here}" "${moved}")
  file(GLOB_RECURSE package_files "${moved}/*.cmake")
  foreach(file IN LISTS package_files)
    file(READ "${file}" text)
    foreach(path "${SACCADE_SOURCE_DIR}" "${WORK_DIR}")
      string(FIND "${text}" "${path}" position)
      if(NOT position EQUAL -1)
        message(FATAL_ERROR "${file} names ${path}")
      endif()
    endforeach()
  endforeach()
  list(APPEND consumer_options -D CMAKE_PREFIX_PATH=${moved})
else()
  list(APPEND consumer_options -D SACCADE_SOURCE=${SACCADE_SOURCE_DIR})
endif()

run("${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}/consumer" -B "${WORK_DIR}/consumer" ${consumer_options})
run("${CMAKE_COMMAND}" --build "${WORK_DIR}/consumer")
if(NOT WAY MATCHES "cuda")
  run("${WORK_DIR}/consumer/consumer")
  return()
endif()

# Without a GPU the consumer says so.
execute_process(COMMAND "${WORK_DIR}/consumer/consumer" RESULT_VARIABLE result OUTPUT_VARIABLE output)
if(NOT (result EQUAL 0 OR (result EQUAL 77 AND output MATCHES "^CudaBackend: no CUDA device: [^\n]+\n$")))
  message(FATAL_ERROR "the consumer ended with ${result}: ${output}")
endif()
