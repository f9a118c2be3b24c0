#pragma once

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

/// One of our programs, run as a user runs it.
namespace programs {

using Arguments = std::vector<std::string>;

inline Arguments operator+(Arguments first, const Arguments& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

/// How a program ended.
struct Ending {
  int code = 0;     ///< of its exit; 128 + the signal where one ended it
  std::string out;  ///< what it wrote to stdout
  std::string err;  ///< and to stderr
};

/// A program that is running. The destructor kills it.
class Process {
 public:
  /// @param file_limit  bytes that a file may grow to, as on a disk that is nearly full; 0: any number
  Process(const std::string& program, Arguments arguments, rlim_t file_limit = 0)
      : out_(std::tmpfile(), &std::fclose), err_(std::tmpfile(), &std::fclose) {
    if (!out_ || !err_) throw std::runtime_error("no temporary file can be made");
    arguments.insert(arguments.begin(), std::string(SACCADE_PROGRAM_DIR) + "/" + program);
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork failed");
    if (pid_ > 0) return;
    const int input = ::open("/dev/null", O_RDONLY);
    ::dup2(input, STDIN_FILENO);
    ::dup2(::fileno(out_.get()), STDOUT_FILENO);
    ::dup2(::fileno(err_.get()), STDERR_FILENO);
    if (file_limit > 0) {
      const rlimit limit{file_limit, file_limit};
      ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ::execv(pointers[0], pointers.data());
    ::_exit(127);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  void send(int signal) const { ::kill(pid_, signal); }

  /// Whether `condition` came true while the program was running.
  template <class Condition>
  [[nodiscard]] bool runs_until(const Condition& condition) const {
    while (!condition()) {
      siginfo_t info{};
      if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0)
        return condition();
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
  }

  [[nodiscard]] Ending wait() {
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), content(out_.get()), content(err_.get())};
  }

 private:
  static std::string content(std::FILE* file) {
    std::rewind(file);
    std::string text;
    std::array<char, 4096> block{};
    while (const std::size_t count = std::fread(block.data(), 1, block.size(), file)) text.append(block.data(), count);
    return text;
  }

  std::unique_ptr<std::FILE, int (*)(std::FILE*)> out_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> err_;
  pid_t pid_ = -1;
};

[[nodiscard]] inline Ending run(const std::string& program, const Arguments& arguments, rlim_t file_limit = 0) {
  return Process(program, arguments, file_limit).wait();
}

/// The last line, which is where a program says why it failed.
[[nodiscard]] inline std::string last_line(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  const std::size_t line_feed = text.rfind('\n');
  return line_feed == std::string::npos ? text : text.substr(line_feed + 1);
}

}  // namespace programs
