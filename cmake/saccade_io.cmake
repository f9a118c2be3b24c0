# Defines saccade::io: saccade::saccade with nlohmann/json, the stb headers, libpng with zlib and libjpeg, for the opt-in headers.
# Read by the build of Saccade itself and, installed, by find_package(saccade COMPONENTS io). What cannot be found is
# named in saccade_io_missing, and saccade::io is then not defined. `saccade_io_scope` may be set to GLOBAL.

set(saccade_io_missing "")
list(PREPEND CMAKE_MODULE_PATH "${CMAKE_CURRENT_LIST_DIR}")
find_package(nlohmann_json 3.9 QUIET)
find_package(stb QUIET)
find_package(PNG QUIET)
find_package(JPEG QUIET)
list(POP_FRONT CMAKE_MODULE_PATH)

foreach(saccade_io_part nlohmann_json stb PNG JPEG)
  if(NOT ${saccade_io_part}_FOUND)
    list(APPEND saccade_io_missing ${saccade_io_part})
  endif()
endforeach()

if(NOT saccade_io_missing AND NOT TARGET saccade::io)
  add_library(saccade::io INTERFACE IMPORTED ${saccade_io_scope})
  target_link_libraries(saccade::io INTERFACE saccade::saccade nlohmann_json::nlohmann_json stb::stb PNG::PNG ZLIB::ZLIB
                                              JPEG::JPEG)
endif()
