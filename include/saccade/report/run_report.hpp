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
/// @throws FileError where the folder is missing or holds no run, or a file of it cannot be read
[[nodiscard]] RunReport make_run_report(const std::filesystem::path& folder);

/// Writes report.html into the folder, and puts the results of an evaluation in place that was stopped while it did so.
/// @returns sentences: what of the folder could not be used
/// @throws FileError
std::vector<std::string> write_run_report(const std::filesystem::path& folder);

}  // namespace saccade::report

#if SACCADE_HEADER_ONLY
#include <saccade/report/run_report.inl>
#endif
