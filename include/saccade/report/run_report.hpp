#pragma once

#include <saccade/core/config.hpp>

#include <filesystem>
#include <string>
#include <vector>

/// report.html: one page that shows a run, made from its folder alone. Opt-in: with headers alone it needs
/// nlohmann/json, stb_image, libpng and libjpeg-turbo.
namespace saccade::inline SACCADE_NAMESPACE::report {

struct RunReport {
  std::string html{};
  std::vector<std::string> problems{};  ///< sentences: what of the folder could not be used
};

/// The report of what a folder holds. What is missing is said in its place, what is damaged at the top.
/// @param results  the folder that holds the files of the evaluation; empty: the same
/// @throws FileError where the folder is missing or holds no run, or a file of it cannot be read
[[nodiscard]] RunReport make_run_report(const std::filesystem::path& folder, const std::filesystem::path& results = {});

/// Writes report.html into the folder, and puts the results of an evaluation in place that was stopped while it did so.
/// @returns sentences: what of the folder could not be used
/// @throws FileError
std::vector<std::string> write_run_report(const std::filesystem::path& folder);

/// Writes the report that a folder will have with results that are staged, beside them, so that no page of older
/// figures is left where the results appear.
/// @param results  StagedResults::files of the folder
/// @returns sentences, and throws, as write_run_report
std::vector<std::string> stage_run_report(const std::filesystem::path& folder, const std::filesystem::path& results);

}  // namespace saccade::report

#if SACCADE_HEADER_ONLY
#include <saccade/report/run_report.inl>
#endif
