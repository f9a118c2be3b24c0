#include "common/report.hpp"

#include <iostream>

#include "common/exit_code.hpp"
#include "subcommands.hpp"

int program::report(const std::filesystem::path& run) {
  std::cout << write_report("saccade report", saccade::report::RunFolder(run)).string() << '\n';
  return success;
}
