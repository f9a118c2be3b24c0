#pragma once

#include <filesystem>
#include <string>

#include "process.hpp"

namespace programs {

/// A script of studies/ with models so small that they show nothing but that it runs.
/// @param settings  of its environment: "SEEDS=1"
/// @param more      arguments behind the folders of the programs and of what it writes
inline Ending quick_study(const std::string& script, const Arguments& settings, const std::filesystem::path& out,
                          const Arguments& more = {}) {
  return run("/usr/bin/env",
             Arguments{"QUICK=--quick"} + settings +
                 Arguments{"sh", std::string(SACCADE_SOURCE_DIR) + "/studies/" + script, SACCADE_PROGRAM_DIR, out} +
                 more);
}

}  // namespace programs
