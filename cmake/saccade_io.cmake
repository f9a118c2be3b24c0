# Defines saccade::io: saccade::saccade with nlohmann/json, the stb headers, libpng with zlib and libjpeg, for the opt-in headers.
# Read by the build of Saccade itself and, installed, by find_package(saccade COMPONENTS io). Targets that are there, as
# a project has them that brings its own copies, are used as they are. What cannot be found is named in
# saccade_io_missing, and saccade::io is then not defined. `saccade_io_scope` may be set to GLOBAL.

set(saccade_io_missing "")
list(PREPEND CMAKE_MODULE_PATH "${CMAKE_CURRENT_LIST_DIR}")
foreach(saccade_io_target nlohmann_json::nlohmann_json stb::stb ZLIB::ZLIB PNG::PNG JPEG::JPEG)
  string(REGEX REPLACE "::.*" "" saccade_io_part ${saccade_io_target})
  set(saccade_io_version "")
  if(saccade_io_part STREQUAL "nlohmann_json")
    set(saccade_io_version 3.9)
  endif()
  if(NOT TARGET ${saccade_io_target})
    find_package(${saccade_io_part} ${saccade_io_version} QUIET)
  endif()
  if(NOT TARGET ${saccade_io_target})
    list(APPEND saccade_io_missing ${saccade_io_part})
  endif()
endforeach()
list(POP_FRONT CMAKE_MODULE_PATH)

if(NOT saccade_io_missing AND NOT TARGET saccade::io)
  add_library(saccade::io INTERFACE IMPORTED ${saccade_io_scope})
  target_link_libraries(saccade::io INTERFACE saccade::saccade nlohmann_json::nlohmann_json stb::stb PNG::PNG ZLIB::ZLIB
                                              JPEG::JPEG)
endif()
