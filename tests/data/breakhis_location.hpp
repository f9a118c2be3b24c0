#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

/// Where real images and the official splits are looked for: $SACCADE_BREAKHIS, or shared/breakhis beside the checkout.
inline std::filesystem::path breakhis_location() {
  if (const char* named = std::getenv("SACCADE_BREAKHIS")) return named;
  return std::filesystem::path(SACCADE_SOURCE_DIR) / "../shared/breakhis";
}
