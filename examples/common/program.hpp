#pragma once

#include <saccade/core/error.hpp>

#include <CLI/CLI.hpp>

#include <csignal>
#include <exception>
#include <iostream>
#include <new>
#include <string>

/// What every program does the same way: options, error sentences, exit codes.
namespace program {

enum ExitCode : int {
  success = 0,
  failure = 1,        ///< something went wrong; one sentence on stderr says what
  usage = 2,          ///< an option that does not exist, or has a value that it cannot take
  interrupted = 130,  ///< SIGINT or SIGTERM, as a shell reports it
};

/// A program's options: they may also stand in a TOML or INI file, under the same names.
struct Options : CLI::App {
  Options(const std::string& name, const std::string& description) : CLI::App(description, name) {
    set_config("--config", "", "read options from a TOML or INI file; those of the command line win");
    allow_config_extras(CLI::config_extras_mode::error);
    get_formatter()->column_width(36);
    option_defaults()->always_capture_default()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }
};

/// Parses the options and runs `body`, which returns the exit code. Errors become one sentence on stderr:
/// "breakhis_train: "tissue": no such folder".
template <class Body>
int run(Options& options, int argc, char* argv[], Body body) {
  const std::string name = options.get_name() + ": ";
  try {
    options.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return options.exit(error);  // --help
    std::string sentence = error.what();
    const std::string unknown = "INI was not able to parse ";
    if (sentence.starts_with(unknown)) sentence = "--config: there is no option " + sentence.substr(unknown.size());
    std::cerr << name << sentence << "; --help lists the options\n";
    return usage;
  }
  // A limit on the size of files is then an error to report, like a full disk, and no sudden death.
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    return body();
  } catch (const saccade::ConfigError& error) {
    std::cerr << name << error.what() << '\n';
    return usage;
  } catch (const std::bad_alloc&) {
    std::cerr << name << "out of memory; a smaller --batch needs less\n";
  } catch (const std::exception& error) {
    std::cerr << name << error.what() << '\n';
  }
  return failure;
}

}  // namespace program
