#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/file.hpp>
#include <saccade/core/folder_lock.hpp>
#include <saccade/report/gallery.hpp>
#include <saccade/report/run_folder.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

/// The files of one evaluation, which appear in the folder of a run together or not at all. Opt-in, like
/// run_folder.hpp.
namespace saccade::inline SACCADE_NAMESPACE::report {

namespace detail {

inline constexpr const char* staged_name = "evaluation.partial";  ///< folder of results that are not complete
inline constexpr const char* whole_name = "evaluation.whole";     ///< of results that are, on their way into place

/// Every file below a folder, by its path from there; evaluation.json, which the others are told by, comes last.
[[nodiscard]] inline std::vector<std::filesystem::path> staged_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  try {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
      if (!entry.is_directory()) files.push_back(entry.path().lexically_relative(folder));
  } catch (const std::filesystem::filesystem_error& error) {
    throw unreadable(folder, error.code().value());
  }
  std::sort(files.begin(), files.end());
  std::stable_partition(files.begin(), files.end(), [](const auto& file) { return file != "evaluation.json"; });
  return files;
}

}  // namespace detail

/// Puts results that were complete where they belong: after a stop in the middle of that, where it stopped. The caller
/// holds RunFolder::page_lock.
/// @throws FileError; the next call goes on
inline void put_results_in_place(const std::filesystem::path& run) {
  const std::filesystem::path whole = run / detail::whole_name;
  if (!file_exists(whole)) return;
  for (const std::filesystem::path& file : detail::staged_files(whole)) {
    const std::filesystem::path to = run / file;
    create_folders(to.parent_path());
    if (std::rename((whole / file).c_str(), to.c_str()) != 0) throw file_error(to, "cannot be written", errno);
    sync_folder(to.parent_path(), to);
  }
  remove_unlisted_pictures(RunFolder(run).gallery());
  std::error_code left;
  std::filesystem::remove_all(whole, left);
}

/// Files are written into `files()`; none of them is seen before `publish`.
class StagedResults {
 public:
  /// @param run  owned by the caller, see RunFolder::own
  /// @throws FileError
  explicit StagedResults(const RunFolder& run) : run_(run.path()), staged_(run_ / detail::staged_name) {
    std::error_code left;
    std::filesystem::remove_all(staged_, left);
    create_folders(staged_);
  }
  StagedResults(const StagedResults&) = delete;
  StagedResults& operator=(const StagedResults&) = delete;
  ~StagedResults() {
    std::error_code left;
    std::filesystem::remove_all(staged_, left);
  }

  [[nodiscard]] RunFolder files() const { return RunFolder(staged_); }

  /// One renaming, of the folder that holds them all, makes the new results the ones that count; then they are put in
  /// place, by the next who reads the folder where that is stopped. @throws FileError
  void publish() {
    const FolderLock lock = RunFolder(run_).page_lock();
    put_results_in_place(run_);
    if (std::rename(staged_.c_str(), (run_ / detail::whole_name).c_str()) != 0)
      throw file_error(RunFolder(run_).evaluation(), "cannot be written", errno);
    sync_folder(run_, RunFolder(run_).evaluation());
    put_results_in_place(run_);
  }

 private:
  std::filesystem::path run_;
  std::filesystem::path staged_;
};

}  // namespace saccade::report
