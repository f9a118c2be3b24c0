#pragma once

#include <saccade/core/error.hpp>
#include <saccade/report/run_folder.hpp>
#include <saccade/report/run_report.hpp>
#include <saccade/report/staged_results.hpp>

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

/// Makes the page of results that are staged a part of them. @returns whether there is one; else it is made by
/// write_report behind them, which tells why it cannot be
inline bool stage_report(const std::string& name, const saccade::report::RunFolder& folder,
                         const saccade::report::StagedResults& staged) {
  try {
    for (const std::string& problem : saccade::report::stage_run_report(folder.path(), staged.files().path()))
      std::cerr << name << ": warning: " << problem << '\n';
    return true;
  } catch (const saccade::Error&) {
    return false;
  }
}

}  // namespace program
