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

/// What a program finds where it starts.
struct Surroundings {
  enum class Output { kept, full_disk, closed_pipe };

  rlim_t file_limit = 0;         ///< bytes that a file may grow to, as on a disk that is nearly full; 0: any number
  std::string input{};           ///< of stdin
  Output output = Output::kept;  ///< where stdout goes
  rlim_t memory = 0;             ///< bytes of addresses; 0: any number
  rlim_t descriptors = 0;        ///< files that may be open at a time; 0: as many as here
};

/// A program that is running. The destructor kills it.
class Process {
 public:
  /// @param program     its name, and its subcommand where it has such: "saccade train"; or a whole path
  Process(const std::string& program, Arguments arguments, const Surroundings& around = {})
      : out_(std::tmpfile(), &std::fclose), err_(std::tmpfile(), &std::fclose) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> input(std::tmpfile(), &std::fclose);
    if (!out_ || !err_ || !input) throw std::runtime_error("no temporary file can be made");
    std::fwrite(around.input.data(), 1, around.input.size(), input.get());
    std::rewind(input.get());
    const std::size_t blank = program.find(' ');
    if (blank != std::string::npos) arguments.insert(arguments.begin(), program.substr(blank + 1));
    const std::string folder = program.starts_with('/') ? "" : std::string(SACCADE_PROGRAM_DIR) + "/";
    arguments.insert(arguments.begin(), folder + program.substr(0, blank));
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork failed");
    if (pid_ > 0) return;
    ::dup2(::fileno(input.get()), STDIN_FILENO);
    ::dup2(output_of(around.output), STDOUT_FILENO);
    ::dup2(::fileno(err_.get()), STDERR_FILENO);
    for (const auto& [kind, value] : {std::pair{RLIMIT_FSIZE, around.file_limit},
                                      {RLIMIT_AS, around.memory},
                                      {RLIMIT_NOFILE, around.descriptors}}) {
      const rlimit limit{value, value};
      if (value > 0) ::setrlimit(kind, &limit);
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
  [[nodiscard]] pid_t id() const { return pid_; }

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
  [[nodiscard]] int output_of(Surroundings::Output output) const {
    if (output == Surroundings::Output::full_disk) return ::open("/dev/full", O_WRONLY);
    if (output == Surroundings::Output::kept) return ::fileno(out_.get());
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) return -1;
    ::close(ends[0]);
    return ends[1];
  }

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

[[nodiscard]] inline Ending run(const std::string& program, const Arguments& arguments,
                                const Surroundings& around = {}) {
  return Process(program, arguments, around).wait();
}

/// The last line, which is where a program says why it failed.
[[nodiscard]] inline std::string last_line(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  const std::size_t line_feed = text.rfind('\n');
  return line_feed == std::string::npos ? text : text.substr(line_feed + 1);
}

}  // namespace programs
