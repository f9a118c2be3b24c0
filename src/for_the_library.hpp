#pragma once

#include <saccade/core/config.hpp>

// What every source of saccade::compiled begins with. The users of the library leave out the parts of headers that it
// has, so it must be compiled for the instruction set that they are told of.
#if SACCADE_HEADER_ONLY
#error "saccade::compiled is compiled for another instruction set than CMake found; set SACCADE_LIBRARY_FOR"
#endif
