#pragma once

#include <saccade/report/run_folder.hpp>
#include <saccade/report/run_report.hpp>

#include <filesystem>
#include <iostream>
#include <string>

namespace program {

/// Makes the folder the program's own, until its end. @throws saccade::FileError where somebody else has it
inline void own(saccade::report::RunFolder& folder, const std::string& name) {
  if (const std::string warning = folder.own(name); !warning.empty())
    std::cerr << name << ": warning: " << warning << '\n';
}

/// Writes the report of a run folder and warns on stderr of what in it cannot be used. @returns its path
inline std::filesystem::path write_report(const std::string& name, const saccade::report::RunFolder& folder) {
  for (const std::string& problem : saccade::report::write_run_report(folder.path()))
    std::cerr << name << ": warning: " << problem << '\n';
  return folder.report();
}

}  // namespace program
