#pragma once

#include <saccade/version.hpp>

#include <cstddef>
#include <fstream>
#include <string>

/// The machine and the process, as Linux tells of them.
namespace bench {

/// The value of a line "key : value" of a file below /proc; empty where there is none.
[[nodiscard]] inline std::string proc_value(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(key)) continue;
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::size_t first = line.find_first_not_of(" \t", colon + 1);
    return first == std::string::npos ? "" : line.substr(first);
  }
  return {};
}

/// "AMD EPYC 9R14", or "unknown processor".
[[nodiscard]] inline std::string processor_name() {
  const std::string name = proc_value("/proc/cpuinfo", "model name");
  return name.empty() ? "unknown processor" : name;
}

/// Bytes of a line of /proc in kB, as VmHWM; 0 where the system has none.
[[nodiscard]] inline double proc_bytes(const std::string& path, const std::string& key) {
  const std::string value = proc_value(path, key);
  return value.empty() ? 0 : 1024.0 * std::stod(value);
}

/// The most memory that this process has ever had resident (VmHWM). It cannot be reset, so that a figure of its own
/// needs a process of its own.
[[nodiscard]] inline double peak_memory() { return proc_bytes("/proc/self/status", "VmHWM"); }

/// The memory that this process has resident now.
[[nodiscard]] inline double resident_memory() { return proc_bytes("/proc/self/status", "VmRSS"); }

/// What the machine could still give to a process without swapping.
[[nodiscard]] inline double available_memory() { return proc_bytes("/proc/meminfo", "MemAvailable"); }

/// "Saccade 0.1.0".
[[nodiscard]] inline std::string library_name() {
  return "Saccade " + std::to_string(SACCADE_VERSION_MAJOR) + "." + std::to_string(SACCADE_VERSION_MINOR) + "." +
         std::to_string(SACCADE_VERSION_PATCH);
}

/// "g++ 12.2".
[[nodiscard]] inline std::string compiler_name() {
#if defined(__clang__)
  return "clang++ " + std::to_string(__clang_major__) + "." + std::to_string(__clang_minor__);
#elif defined(__GNUC__)
  return "g++ " + std::to_string(__GNUC__) + "." + std::to_string(__GNUC_MINOR__);
#else
  return "unknown compiler";
#endif
}

}  // namespace bench
