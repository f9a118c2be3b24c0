# Defines saccade::slides: saccade::saccade with OpenSlide, for <saccade/slides.hpp>. Read by the build of Saccade itself and,
# installed, by find_package(saccade COMPONENTS slides). Where OpenSlide is not found, saccade_slides_missing says so, and
# saccade::slides is not defined. `saccade_slides_scope` may be set to GLOBAL.

set(saccade_slides_missing "")
if(NOT TARGET OpenSlide::OpenSlide)
  list(PREPEND CMAKE_MODULE_PATH "${CMAKE_CURRENT_LIST_DIR}")
  set(openslide_scope ${saccade_slides_scope})
  find_package(OpenSlide QUIET)
  list(POP_FRONT CMAKE_MODULE_PATH)
endif()
if(NOT TARGET OpenSlide::OpenSlide)
  set(saccade_slides_missing "OpenSlide")
elseif(NOT TARGET saccade::slides)
  add_library(saccade::slides INTERFACE IMPORTED ${saccade_slides_scope})
  target_link_libraries(saccade::slides INTERFACE saccade::saccade OpenSlide::OpenSlide)
endif()
