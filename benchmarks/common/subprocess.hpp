#pragma once

#include <saccade/core/error.hpp>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

namespace bench {

/// Where the program that is running lies, to be run again in a process of its own.
[[nodiscard]] inline std::filesystem::path this_program() { return std::filesystem::read_symlink("/proc/self/exe"); }

/// Runs a program and returns what it wrote to stdout; its stderr is ours.
/// @throws saccade::Error where it fails; `what` begins the sentence
[[nodiscard]] inline std::string output_of(const std::string& program, std::vector<std::string> arguments,
                                           const std::string& what) {
  arguments.insert(arguments.begin(), program);
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  int ends[2];
  if (::pipe(ends) != 0) throw saccade::Error(what + ": no pipe can be made: " + std::strerror(errno));
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
    ::execv(pointers[0], pointers.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  std::string text;
  char block[4096];
  for (ssize_t count; (count = ::read(ends[0], block, sizeof block)) != 0;) {
    if (count > 0) text.append(block, static_cast<std::size_t>(count));
    if (count < 0 && errno != EINTR) break;
  }
  ::close(ends[0]);
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child) throw saccade::Error(what + ": no process can be started");
  if (WIFSIGNALED(status))
    throw saccade::Error(what + ": ended by signal " + std::to_string(WTERMSIG(status)) +
                         ", perhaps for want of memory");
  if (WEXITSTATUS(status) != 0) throw saccade::Error(what + ": " + program + " failed");
  return text;
}

}  // namespace bench
