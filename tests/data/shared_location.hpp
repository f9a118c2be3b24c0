#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

/// Where data sets for trials are looked for: $SACCADE_SHARED, or shared/ beside the checkout.
inline std::filesystem::path shared_location(const std::string& name) {
  if (const char* named = std::getenv("SACCADE_SHARED")) return std::filesystem::path(named) / name;
  return std::filesystem::path(SACCADE_SOURCE_DIR) / "../shared" / name;
}
