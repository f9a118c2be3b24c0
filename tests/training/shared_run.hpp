#pragma once

#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/core/file.hpp>
#include <saccade/training/training_run.hpp>

#include "support/catch.hpp"
#include "support/in_ranks.hpp"
#include "training/drawn_run.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

/// A small run by several ranks of one process.
namespace saccade_test {

using RunOutcome = saccade::TrainingRun<saccade::EigenBackend<float>>::Outcome;

/// Two epochs of a few steps, the first on random glimpses; batches of 6 in 4 parts.
inline saccade::RunConfig config_in_parts() {
  saccade::RunConfig config = drawn_run_config();
  config.training.epochs = 2;
  config.training.batch = 6;
  config.training.parts = 4;
  config.training.class_weights = saccade::ClassWeights::balanced;
  return config;
}

/// What the test of a run may change.
struct SharedSetting {
  std::function<void(saccade::RunConfig&, saccade::Index rank)> configure = [](saccade::RunConfig&, saccade::Index) {};
  const saccade::RunData* data = &drawn_tissue();
  const saccade::RunData* data_of_rank_1 = nullptr;  ///< null: the same
  saccade::Index max_bad_images = 0;
  int questions = 1 << 30;  ///< that rank 1, or the only one, answers with no
  saccade::Index checkpoint_every = 0;
};

struct SharedResult {
  std::vector<std::string> sentences;  ///< of what each rank throws
  std::vector<RunOutcome> outcomes;
  std::vector<std::string> metrics;  ///< as the leader tells them
  std::vector<std::vector<saccade::Index>> bad_images;
  std::vector<saccade::Index> left_out{};  ///< as the leader tells of them
};

/// Trains, or goes on where the folder's checkpoint stands.
inline SharedResult train_shared(const std::filesystem::path& folder, saccade::Index ranks,
                                 const SharedSetting& setting = {}) {
  using namespace saccade;
  const auto count = static_cast<std::size_t>(ranks);
  SharedResult result{{}, std::vector<RunOutcome>(count), {}, std::vector<std::vector<Index>>(count)};
  const bool resumed = std::filesystem::exists(folder / "checkpoint.safetensors");
  result.sentences = in_ranks(ranks, [&](const ProcessGroup& group) {
    group.together([&] {
      EigenBackend<float> b(1);
      RunConfig config = config_in_parts();
      setting.configure(config, group.rank());
      const RunData& data = group.rank() == 1 && setting.data_of_rank_1 ? *setting.data_of_rank_1 : *setting.data;
      TrainingRun<EigenBackend<float>> run(b, config, data, {.threads = 1, .max_bad_images = setting.max_bad_images},
                                           {.checkpoint = folder / "checkpoint.safetensors",
                                            .best = folder / "best.safetensors",
                                            .checkpoint_every = setting.checkpoint_every},
                                           Activations::every_step, group);
      if (resumed) run.resume();
      int questions = setting.questions;
      RunEvents events;
      if (group.rank() == 1 || ranks == 1) events.stop_requested = [&] { return questions-- <= 0; };
      if (group.leads()) {
        events.epoch_done = [&](const nlohmann::ordered_json& metrics) { result.metrics.push_back(metrics.dump()); };
        events.left_out = [&](Index images) { result.left_out.push_back(images); };
      }
      const auto rank = static_cast<std::size_t>(group.rank());
      result.outcomes[rank] = run.run(events);
      for (const data::BadImage& bad : run.bad_images()) result.bad_images[rank].push_back(bad.index);
    });
  });
  return result;
}

inline void expect_sound(const SharedResult& result) {
  for (const std::string& sentence : result.sentences) CHECK(sentence.empty());
  for (const RunOutcome outcome : result.outcomes) CHECK(outcome == RunOutcome::complete);
}

inline void expect_equal_files(const std::filesystem::path& one, const std::filesystem::path& two) {
  for (const char* file : {"checkpoint.safetensors", "best.safetensors"})
    CHECK((saccade::read_file(one / file) == saccade::read_file(two / file)));
}

}  // namespace saccade_test
