# Defines saccade::compiled: saccade::io and a static library of what takes long to compile, built from our sources in the
# project that links it, with that project's flags. Read by the build of Saccade itself and, installed, by
# find_package(saccade COMPONENTS compiled), after saccade_io.cmake. Who does not link it compiles nothing of it.
#
# Reads `saccade_source_dir`, the folder of our sources, and `saccade_compiled_options`, a target with more flags, if any.
#
# Users leave parts of headers to the library only where they are compiled for its instruction set. That is found out
# here, from the flags of the project; SACCADE_LIBRARY_FOR (portable, avx, avx2 or avx512) says it where that goes wrong.

if(TARGET saccade::io AND NOT TARGET saccade::compiled)
  set(saccade_library_for "${SACCADE_LIBRARY_FOR}")
  if(NOT saccade_library_for)
    string(TOUPPER "${CMAKE_BUILD_TYPE}" saccade_configuration)
    separate_arguments(saccade_flags UNIX_COMMAND "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${saccade_configuration}}")
    get_directory_property(saccade_directory_flags COMPILE_OPTIONS)
    list(APPEND saccade_flags ${saccade_directory_flags})
    if(SACCADE_NATIVE)
      list(APPEND saccade_flags -march=native)
    endif()
    list(FILTER saccade_flags EXCLUDE REGEX "[$]<")
    execute_process(
      COMMAND "${CMAKE_CXX_COMPILER}" ${saccade_flags} -dM -E -x c++ /dev/null
      OUTPUT_VARIABLE saccade_macros
      ERROR_QUIET)
    set(saccade_library_for portable)
    foreach(saccade_set "AVX avx" "AVX2 avx2" "AVX512F avx512")
      string(REGEX MATCH "(.*) (.*)" saccade_set "${saccade_set}")
      if(saccade_macros MATCHES "#define __${CMAKE_MATCH_1}__ ")
        string(REGEX REPLACE ".* " "" saccade_library_for "${saccade_set}")
      endif()
    endforeach()
  endif()

  file(GLOB saccade_sources CONFIGURE_DEPENDS "${saccade_source_dir}/*.cpp")
  add_library(saccade_compiled STATIC EXCLUDE_FROM_ALL ${saccade_sources})
  add_library(saccade::compiled ALIAS saccade_compiled)
  target_link_libraries(
    saccade_compiled
    PUBLIC saccade::io
    PRIVATE ${saccade_compiled_options})
  target_compile_definitions(saccade_compiled PUBLIC SACCADE_LIBRARY_FOR=${saccade_library_for})
  set_target_properties(saccade_compiled PROPERTIES CXX_EXTENSIONS OFF)
  # Files of the same headers are compiled as one.
  if(CMAKE_BUILD_TYPE STREQUAL "Release")
    set_target_properties(saccade_compiled PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
    foreach(name trainer training_run)
      set_source_files_properties("${saccade_source_dir}/${name}.cpp" PROPERTIES UNITY_GROUP training)
    endforeach()
    foreach(name classify trained_classifier)
      set_source_files_properties("${saccade_source_dir}/${name}.cpp" PROPERTIES UNITY_GROUP classifying)
    endforeach()
    foreach(name json memory run_report)
      set_source_files_properties("${saccade_source_dir}/${name}.cpp" PROPERTIES UNITY_GROUP text)
    endforeach()
  endif()
endif()
