#pragma once

#include "data/shared_location.hpp"

#include <cstdlib>
#include <filesystem>

/// Where real images and the official splits are looked for: $SACCADE_BREAKHIS, or shared/breakhis beside the checkout.
inline std::filesystem::path breakhis_location() {
  if (const char* named = std::getenv("SACCADE_BREAKHIS")) return named;
  return shared_location("breakhis");
}
