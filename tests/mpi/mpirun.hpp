#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "programs/process.hpp"

/// Programs that mpirun starts.
namespace programs {

/// "mpirun -np N", as root and with more processes than there are cores.
inline Arguments ranks(int count) { return {"-np", std::to_string(count)}; }

/// Open MPI does not free all that it allocates, which the address sanitizer would say of every program.
inline const std::string no_leaks = "ASAN_OPTIONS=detect_leaks=0";

inline const Arguments anywhere{"--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-x", no_leaks};

/// The path of one of our programs.
inline std::string path_of(const std::string& program) { return std::string(SACCADE_PROGRAM_DIR) + "/" + program; }

inline Ending mpirun(int count, const Arguments& command) {
  return run(SACCADE_MPIRUN, anywhere + ranks(count) + command);
}

/// The processes that a process has started.
inline std::vector<pid_t> children_of(pid_t parent) {
  const std::string path = "/proc/" + std::to_string(parent) + "/task/" + std::to_string(parent) + "/children";
  std::ifstream file(path);
  std::vector<pid_t> children;
  for (pid_t child = 0; file >> child;) children.push_back(child);
  return children;
}

/// Whether a process does anything; one that nobody has waited for yet does not.
inline bool is_running(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string number, name, state;
  return file >> number >> name >> state && state != "Z" && state != "X";
}

/// How often `part` stands in a text.
inline int times(const std::string& part, const std::string& text) {
  int count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace programs
