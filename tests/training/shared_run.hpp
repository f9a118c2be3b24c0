#pragma once

#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/core/file.hpp>
#include <saccade/data/write_synthetic_tissue.hpp>
#include <saccade/training/training_run.hpp>

#include "support/catch.hpp"
#include "support/in_ranks.hpp"
#include "support/scratch_folder.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

/// A small run by several ranks of one process.
namespace shared_run {

using namespace saccade;
using saccade_test::in_ranks;

using Cpu = EigenBackend<float>;
using Outcome = TrainingRun<Cpu>::Outcome;

/// 4 + 4 patients of 3 images, small enough that a step takes milliseconds.
inline const RunData& tissue() {
  static const ScratchFolder folder;
  static const RunData data = [] {
    data::write_synthetic_tissue({.width = 96, .height = 80, .patients_per_class = 4, .images_per_patient = 3},
                                 folder.path());
    return open_for_training({.folder = folder.path()});
  }();
  return data;
}

/// Two epochs of a few steps, the first on random glimpses; batches of 6 in 4 parts.
inline RunConfig tiny_config() {
  RunConfig config{.preset = "compact", .model = compact_preset(), .training = training_preset("compact")};
  config.model.glimpses = 2;
  config.model.sensor.side = 16;
  config.model.sensor.scales = 2;
  config.model.encoder.width = 4;
  config.model.fusion_width = config.model.hidden = 8;
  config.model.glance = {.side = 16, .reduction = 8, .outputs = 4};
  config.model = validated(config.model);
  config.training.epochs = 2;
  config.training.batch = 6;
  config.training.parts = 4;
  config.training.random_epochs = 1;
  config.training.class_weights = ClassWeights::balanced;
  return config;
}

/// What the test of a run may change.
struct Setting {
  std::function<void(RunConfig&, Index rank)> configure = [](RunConfig&, Index) {};
  const RunData* data = &tissue();
  const RunData* data_of_rank_1 = nullptr;  ///< null: the same
  Index max_bad_images = 0;
  int questions = 1 << 30;  ///< that rank 1, or the only one, answers with no
  Index checkpoint_every = 0;
};

struct Result {
  std::vector<std::string> sentences;  ///< of what each rank throws
  std::vector<Outcome> outcomes;
  std::vector<std::string> metrics;  ///< as the leader tells them
  std::vector<std::vector<Index>> bad_images;
  std::vector<Index> left_out{};  ///< as the leader tells of them
};

/// Trains, or goes on where the folder's checkpoint stands.
inline Result train(const std::filesystem::path& folder, Index ranks, const Setting& setting = {}) {
  const auto count = static_cast<std::size_t>(ranks);
  Result result{{}, std::vector<Outcome>(count), {}, std::vector<std::vector<Index>>(count)};
  const bool resumed = std::filesystem::exists(folder / "checkpoint.safetensors");
  result.sentences = in_ranks(ranks, [&](const ProcessGroup& group) {
    group.together([&] {
      Cpu b(1);
      RunConfig config = tiny_config();
      setting.configure(config, group.rank());
      const RunData& data = group.rank() == 1 && setting.data_of_rank_1 ? *setting.data_of_rank_1 : *setting.data;
      TrainingRun<Cpu> run(b, config, data, {.threads = 1, .max_bad_images = setting.max_bad_images},
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

inline void expect_sound(const Result& result) {
  for (const std::string& sentence : result.sentences) CHECK(sentence.empty());
  for (const Outcome outcome : result.outcomes) CHECK(outcome == Outcome::complete);
}

inline void expect_equal_files(const std::filesystem::path& one, const std::filesystem::path& two) {
  for (const char* file : {"checkpoint.safetensors", "best.safetensors"})
    CHECK((read_file(one / file) == read_file(two / file)));
}

}  // namespace shared_run
