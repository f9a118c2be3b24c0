#pragma once

/// The one place the version is written: CMake reads it from here.
#define SACCADE_VERSION_MAJOR 0
#define SACCADE_VERSION_MINOR 1
#define SACCADE_VERSION_PATCH 0

/// @namespace saccade
/// Deep hybrid visual attention. Everything lives in an inline namespace that names version and instruction set, so that
/// two versions of the library, or files compiled for two processors, do not collide in one program.
