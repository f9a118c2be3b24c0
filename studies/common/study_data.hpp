#pragma once

#include <saccade/core/file.hpp>
#include <saccade/data/write_synthetic_tissue.hpp>
#include <saccade/data/write_two_region_tissue.hpp>
#include <saccade/report/progress.hpp>

#include "finished_run.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Images that a study makes for itself: drawn tissue.
namespace bench {

/// Fills `folder` by `make`, or finds it filled: it appears under its name only when it is complete.
/// @param about  what decides the content
/// @throws FileError where the folder holds something else
inline void complete_folder(const std::filesystem::path& folder, const Json& about,
                            const std::function<void(const std::filesystem::path&)>& make) {
  const std::string_view name = "about.json";
  if (std::filesystem::exists(folder)) {
    std::optional<Json> before;
    if (std::filesystem::exists(folder / name)) {
      const std::vector<std::uint8_t> bytes = saccade::read_file(folder / name);
      before = Json::parse(bytes.begin(), bytes.end(), nullptr, false);
    }
    if (before != about) {
      throw saccade::FileError('"' + folder.string() +
                               "\": holds images of other options; remove it, or name another folder with --out");
    }
    return;
  }
  const std::filesystem::path partial = folder.string() + ".partial";
  std::filesystem::remove_all(partial);
  saccade::create_folders(partial);
  make(partial);
  saccade::write_file(partial / name, about.dump(2) + '\n');
  std::filesystem::rename(partial, folder);
}

/// What is asked of drawn tissue: the kind of its one region, or whether its two regions are of the same kind.
enum class TissueTask { kind, compare };

inline constexpr std::array<std::string_view, 2> tissue_task_names{"kind", "compare"};

[[nodiscard]] inline std::string to_string(TissueTask task) {
  return std::string(tissue_task_names[static_cast<std::size_t>(task)]);
}

/// @throws ConfigError
inline void validate(const saccade::data::SyntheticTissueOptions& options, TissueTask task) {
  task == TissueTask::compare ? validate_two_regions(options) : validate(options);
}

/// What decides the images of a tissue.
[[nodiscard]] inline Json describe(const saccade::data::SyntheticTissueOptions& o, TissueTask task) {
  Json about{{"width", o.width},
             {"height", o.height},
             {"region_area", o.region_area},
             {"patients_per_class", o.patients_per_class},
             {"images_per_patient", o.images_per_patient},
             {"seed", o.seed}};
  if (task != TissueTask::kind) about["task"] = to_string(task);
  return about;
}

/// Drawn tissue with the table of its regions, made once. @throws ConfigError, FileError
inline void draw_tissue(const saccade::data::SyntheticTissueOptions& options, TissueTask task,
                        const std::filesystem::path& folder, int threads) {
  validate(options, task);
  complete_folder(folder, describe(options, task), [&](const std::filesystem::path& partial) {
    saccade::report::Progress progress("drawing tissue", options.patients() * options.images_per_patient);
    const auto advance = [&](saccade::Index, saccade::Index) { progress.advance(); };
    if (task == TissueTask::compare) {
      saccade::data::write_two_region_tissue(options, partial, threads, advance);
    } else {
      saccade::data::write_synthetic_tissue(options, partial, threads, advance);
    }
  });
}

}  // namespace bench
