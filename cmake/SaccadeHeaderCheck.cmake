# Every header stands alone: the test `headers.NAME`. Read after all targets are there.

# saccade_first_includes(VARIABLE SOURCE...): the header of ours that each source includes before anything else; and, as
# that is where a header begins that it includes first itself, that one, and so on.
function(saccade_first_includes variable)
  set(first "")
  foreach(source IN LISTS ARGN)
    while(TRUE)
      # Neither comments nor empty lines; what else stands before the include would stand before the header.
      file(STRINGS "${source}" lines REGEX "^[^ /]" LIMIT_COUNT 2)
      list(REMOVE_ITEM lines "#pragma once")
      if(NOT lines MATCHES "^#include <(saccade/[^>]+[.]hpp)>" OR CMAKE_MATCH_1 IN_LIST first)
        break()
      endif()
      list(APPEND first "${CMAKE_MATCH_1}")
      set(source "${PROJECT_SOURCE_DIR}/include/${CMAKE_MATCH_1}")
    endwhile()
  endforeach()
  set(${variable} "${first}" PARENT_SCOPE)
endfunction()

# saccade_warned_sources(VARIABLE DIRECTORY): the sources of the targets of a directory, and of those below it, that are
# compiled one by one with our warnings and no options of their own.
function(saccade_warned_sources variable directory)
  set(found "")
  get_property(targets DIRECTORY "${directory}" PROPERTY BUILDSYSTEM_TARGETS)
  foreach(target IN LISTS targets)
    get_target_property(libraries ${target} LINK_LIBRARIES)
    get_target_property(unity ${target} UNITY_BUILD)
    if(unity OR NOT "saccade_development" IN_LIST libraries)
      continue()
    endif()
    get_target_property(sources ${target} SOURCES)
    list(FILTER sources INCLUDE REGEX "^[^$]*[.]cpp$")
    get_target_property(folder ${target} SOURCE_DIR)
    foreach(source IN LISTS sources)
      get_source_file_property(options "${source}" TARGET_DIRECTORY ${target} COMPILE_OPTIONS)
      if(NOT options)
        cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY "${folder}")
        list(APPEND found "${source}")
      endif()
    endforeach()
  endforeach()
  get_property(subdirectories DIRECTORY "${directory}" PROPERTY SUBDIRECTORIES)
  foreach(subdirectory IN LISTS subdirectories)
    saccade_warned_sources(below "${subdirectory}")
    list(APPEND found ${below})
  endforeach()
  set(${variable} "${found}" PARENT_SCOPE)
endfunction()

# saccade_find_closure(PATH): sets the global property saccade_closure_PATH to the headers of ours that a header includes,
# by itself or by others, at its beginning and whatever is defined.
function(saccade_find_closure path)
  get_property(known GLOBAL PROPERTY "saccade_closure_${path}" SET)
  if(known)
    return()
  endif()
  set_property(GLOBAL PROPERTY "saccade_closure_${path}" "")
  file(STRINGS "${PROJECT_SOURCE_DIR}/include/${path}" lines REGEX "^#(include <saccade/.*[.]hpp>|if|endif)|^namespace")
  set(closure "")
  set(conditions 0)
  foreach(line IN LISTS lines)
    if(line MATCHES "^namespace")
      break()
    elseif(line MATCHES "^#if")
      math(EXPR conditions "${conditions} + 1")
    elseif(line MATCHES "^#endif")
      math(EXPR conditions "${conditions} - 1")
    elseif(conditions EQUAL 0 AND line MATCHES "<(.*)>")
      set(included "${CMAKE_MATCH_1}")
      saccade_find_closure("${included}")
      get_property(below GLOBAL PROPERTY "saccade_closure_${included}")
      list(APPEND closure "${included}" ${below})
    endif()
  endforeach()
  list(REMOVE_DUPLICATES closure)
  set_property(GLOBAL PROPERTY "saccade_closure_${path}" "${closure}")
endfunction()

# saccade_add_header_check(NAME): the test `headers.NAME` compiles every header alone with that compiler. What comes to the
# same costs less: a header that a source of this build includes first is compiled there, where that compiler builds; and
# a header may stand behind others that it includes itself, so that each compilation is of a chain of headers. Headers
# with a part that saccade::compiled may leave out are compiled in any case. Each chain leaves a stamp with its
# dependencies, so that a second run looks only at what has changed.
function(saccade_add_header_check name)
  saccade_find_compiler(${name} compiler)
  if(NOT compiler)
    saccade_add_skipped_test(headers.${name} "${name} is not installed: the headers are not compiled with it")
    return()
  endif()
  set(included_first "")
  if(compiler STREQUAL CMAKE_CXX_COMPILER)
    saccade_warned_sources(sources "${PROJECT_SOURCE_DIR}")
    saccade_first_includes(included_first ${sources})
  endif()
  # The largest first: 00123:saccade/NAME.hpp.
  set(left "")
  foreach(header IN LISTS SACCADE_CHECKED_HEADERS)
    file(RELATIVE_PATH path "${PROJECT_SOURCE_DIR}/include" "${header}")
    file(STRINGS "${header}" parts REGEX "^#include <saccade/.*[.]inl>")
    if(parts OR NOT path IN_LIST included_first)
      saccade_find_closure("${path}")
      get_property(closure GLOBAL PROPERTY "saccade_closure_${path}")
      list(LENGTH closure size)
      math(EXPR size "10000 + ${size}")
      list(APPEND left "${size}:${path}")
    endif()
  endforeach()
  list(LENGTH SACCADE_CHECKED_HEADERS headers)
  list(LENGTH left headers_left)
  list(SORT left ORDER DESCENDING)
  list(TRANSFORM left REPLACE "^[0-9]+:" "")

  set(stamps "")
  while(left)
    list(POP_FRONT left path)
    set(stamp "${CMAKE_CURRENT_BINARY_DIR}/headers/${name}/${path}.stamp")
    set(chain "${path}")
    set(includes -include "${path}")
    get_property(closure GLOBAL PROPERTY "saccade_closure_${path}")
    foreach(other IN LISTS left)
      if(other IN_LIST closure)
        list(APPEND chain "${other}")
        list(PREPEND includes -include "${other}")
        get_property(closure GLOBAL PROPERTY "saccade_closure_${other}")
      endif()
    endforeach()
    list(REMOVE_ITEM left ${chain})
    get_filename_component(folder "${stamp}" DIRECTORY)
    file(MAKE_DIRECTORY "${folder}")
    list(TRANSFORM chain PREPEND "${PROJECT_SOURCE_DIR}/include/" OUTPUT_VARIABLE files)
    list(JOIN chain "> <" words)
    add_custom_command(
      OUTPUT "${stamp}"
      COMMAND "${compiler}" ${SACCADE_COMPILE_FLAGS} ${SACCADE_WARNINGS} -Werror -fsyntax-only -MD -MT "${stamp}" -MF
              "${stamp}.d" ${includes} -x c++ /dev/null
      COMMAND "${CMAKE_COMMAND}" -E touch "${stamp}"
      DEPENDS ${files}
      DEPFILE "${stamp}.d"
      COMMENT "Compiling <${words}> alone with ${name}"
      COMMAND_EXPAND_LISTS VERBATIM)
    list(APPEND stamps "${stamp}")
  endwhile()
  list(LENGTH stamps chains)
  message(STATUS "headers.${name}: ${headers_left} of ${headers} headers come first in no source; "
                 "they are compiled in ${chains} chains")
  add_custom_target("headers_${name}" DEPENDS ${stamps})
  set(keep_going "")
  if(CMAKE_GENERATOR MATCHES "Ninja")
    set(keep_going -- -k 0)
  endif()
  # Which headers stand where may have changed since CMake last looked at them.
  add_test(NAME headers.${name}
           COMMAND sh -c "\"$0\" . >/dev/null && exec \"$0\" --build . --target \"$@\"" "${CMAKE_COMMAND}"
                   "headers_${name}" ${keep_going}
           WORKING_DIRECTORY "${PROJECT_BINARY_DIR}")
  # Two builds in one tree would disturb each other.
  set_tests_properties(headers.${name} PROPERTIES RESOURCE_LOCK build_tree LABELS toolchain)
endfunction()
