#pragma once

#include <saccade/training/run_state.hpp>
#include <saccade/training/step_report.hpp>

#include <nlohmann/json.hpp>

#include <functional>

namespace saccade::inline SACCADE_NAMESPACE {

/// What a run tells and asks while it works. Each may be left as it is.
struct RunEvents {
  std::function<bool()> stop_requested = [] { return false; };  ///< asked after every batch
  std::function<void(const RunState&, const StepReport&)> step_done = [](const RunState&, const StepReport&) {};
  std::function<void(Index images)> validated = [](Index) {};
  /// A batch of so many images is left out: not enough for one in each part, where batches are synchronized.
  std::function<void(Index images)> left_out = [](Index) {};
  /// An epoch's line of metrics.jsonl; comes before the checkpoint that counts the epoch is written.
  std::function<void(const nlohmann::ordered_json& metrics)> epoch_done = [](const nlohmann::ordered_json&) {};
};

}  // namespace saccade
