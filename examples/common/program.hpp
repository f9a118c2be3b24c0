#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/peer_error.hpp>

#include <CLI/CLI.hpp>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/exit_code.hpp"
#include "common/options.hpp"
#include "common/terminate.hpp"

/// What every program does the same way: options, error sentences, exit codes.
namespace program {

/// Writes out what standard output still holds. @returns `code`, or failure, with a sentence on stderr, where a part of
/// the output was lost: the disk is full, or the reader of a pipe has closed it
inline int finish_output(const std::string& name, int code) {
  errno = 0;
  std::cout.flush();
  std::fflush(stdout);
  const int reason = errno;
  if (std::cout && std::ferror(stdout) == 0) return code;
  std::cerr << name << ": standard output cannot be written";
  if (reason != 0) std::cerr << ": " << std::strerror(reason);
  std::cerr << '\n';
  return code == success ? failure : code;
}

/// Runs `body`, which returns the exit code. Errors become one sentence on stderr: "saccade report: "run": no such
/// folder".
template <class Body>
int run(const std::string& name, Body body) {
  // A limit on the size of files is then an error to report, like a full disk, and no sudden death; so is a pipe that
  // nobody reads.
  std::signal(SIGXFSZ, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
  int code = failure;
  try {
    code = body();
  } catch (const saccade::PeerError& error) {  // the process that it is about says it
    code = error.kind == saccade::PeerError::Kind::config ? usage : failure;
  } catch (const saccade::ConfigError& error) {
    std::cerr << name << ": " << error.what() << '\n';
    code = usage;
  } catch (const std::bad_alloc&) {
    std::cerr << name << ": out of memory; a smaller --batch needs less\n";
  } catch (const std::exception& error) {
    std::cerr << name << ": " << error.what() << '\n';
  }
  return finish_output(name, code);
}

/// Parses the options and runs `body`, as above.
template <class Body>
int run(Options& options, int argc, char* argv[], Body body) {
  const std::string name = options.get_name();
  return run(name, [&]() -> int {
    try {
      std::vector<std::string> words;  // the last one first
      for (int i = argc - 1; i > 0; --i) {
        const std::string_view word = argv[i];
        // CLI11 takes words in brackets apart; here they are the name of a file.
        const bool bracketed = word.starts_with('[') && word.ends_with(']');
        words.push_back((bracketed ? "./" : "") + std::string(word));
      }
      options.parse(std::move(words));
    } catch (const CLI::ParseError& error) {
      if (error.get_exit_code() == 0) return options.exit(error);  // --help
      std::cerr << name << ": " << error.what() << "; --help lists the options\n";
      return usage;
    }
    options.expect_no_repeats();
    return body();
  });
}

}  // namespace program
