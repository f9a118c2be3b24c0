#include <saccade/training/training_checkpoint.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"
#include "training/checkpoint_fixture.hpp"
#include "training/trainer_fixture.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

using namespace saccade;
using saccade_test::Cpu;
using saccade_test::CpuTrainer;
using saccade_test::make_trainer;
using saccade_test::state_of;
using saccade_test::Tissue;

namespace {

constexpr std::uint64_t run_seed = 5;
constexpr AdamConfig clipped_adam{.clip_norm = 1};

/// A model that draws everything that can be drawn, and normalises by batch with statistics for each step.
HybridAttentionConfig drawing_tiny_config() {
  HybridAttentionConfig config = saccade_test::tiny_config();
  config.first_location = GlimpsePolicy::random;
  config.learner.reward = RewardClass::sampled;
  config.learner.class_term = true;
  config.policy.patch = 3;
  config.running_statistics = RunningStatistics::per_step;
  return validated(config);
}

/// The same with a glance at the whole image and a sigma that is learned.
HybridAttentionConfig glancing_config() {
  HybridAttentionConfig config = drawing_tiny_config();
  config.glance = {.side = 16, .reduction = 8, .outputs = 4};
  config.policy.learn_sigma = true;
  config.policy.entropy = 0.02;
  return validated(config);
}

/// Steps `first` to `last` of a run: batches of different sizes, a rate that falls.
void advance(CpuTrainer& trainer, const Tissue& data, std::size_t first, std::size_t last, GlimpsePolicy glimpses) {
  for (std::size_t step = first; step < last; ++step) {
    const std::size_t count = step % 2 == 0 ? 4 : 3, start = step % 4;
    trainer.step(std::span(data.oriented).subspan(start, count), std::span(data.labels).subspan(start, count),
                 1e-2 / static_cast<double>(step + 1), glimpses);
  }
}

}  // namespace

TEST_CASE("three steps, a checkpoint and three more are six steps, bit for bit") {
  const GlimpsePolicy glimpses = GENERATE(GlimpsePolicy::learned, GlimpsePolicy::random);
  const Tissue data(8);
  const ScratchFolder folder;
  const HybridAttentionConfig config = GENERATE(drawing_tiny_config(), glancing_config());
  const CheckpointInfo info{.model = config, .classes = {"benign", "malignant"}};

  Cpu one(1), two(2);
  CpuTrainer straight = make_trainer(one, config, run_seed, clipped_adam);
  advance(straight, data, 0, 6, glimpses);
  save_checkpoint(folder / "straight.safetensors", straight, info);

  CpuTrainer begun = make_trainer(two, config, run_seed, clipped_adam);
  advance(begun, data, 0, 3, glimpses);
  save_checkpoint(folder / "begun.safetensors", begun, info);
  advance(begun, data, 3, 5, glimpses);  // what a killed run did after its last checkpoint is lost

  for (Cpu* b : {&one, &two}) {
    INFO(b->threads() << " threads");
    CpuTrainer resumed = make_trainer(*b, config, run_seed, clipped_adam);
    restore_training(resumed, read_checkpoint(folder / "begun.safetensors"), "begun");
    REQUIRE(resumed.optimizer().steps() == 3);
    REQUIRE(state_of(resumed) != state_of(straight));
    advance(resumed, data, 3, 6, glimpses);
    CHECK(state_of(resumed) == state_of(straight));
    save_checkpoint(folder / "resumed.safetensors", resumed, info);
    CHECK(read_file(folder / "resumed.safetensors") == read_file(folder / "straight.safetensors"));
  }
}

TEST_CASE("a resumed run depends on the moments and on the number of steps") {
  const Tissue data(8);
  const ScratchFolder folder;
  const HybridAttentionConfig config = glancing_config();
  const std::array other{0.25f, 0.5f};
  Cpu b(1);
  CpuTrainer straight = make_trainer(b, config, run_seed, clipped_adam);
  advance(straight, data, 0, 3, GlimpsePolicy::learned);
  save_checkpoint(folder / "a.safetensors", straight, {.model = config, .classes = {"benign", "malignant"}});
  advance(straight, data, 3, 4, GlimpsePolicy::learned);

  SafetensorsFile file = read_checkpoint(folder / "a.safetensors");
  SECTION("the number of steps") { file.metadata.at("saccade.steps") = "2"; }
  SECTION("a moment") {
    for (NamedArray& array : file.tensors)
      if (array.name == "optimizer.first.core.bias") std::fill(array.bytes.begin(), array.bytes.end(), std::byte{0});
  }
  SECTION("sigma") {
    for (NamedArray& array : file.tensors)
      if (array.name == "policy.sigma.logit")
        array = NamedArray(array.name, array.shape, std::span<const float>(other));
  }
  SECTION("a running mean") {
    for (NamedArray& array : file.tensors) {
      if (!array.name.ends_with("running_mean")) continue;
      std::vector<float> values = array.values<float>();
      values[0] += 1e-6f;
      array = NamedArray(array.name, array.shape, std::span<const float>(values));
      break;
    }
  }
  CpuTrainer resumed = make_trainer(b, config, run_seed, clipped_adam);
  restore_training(resumed, file, "a");
  advance(resumed, data, 3, 4, GlimpsePolicy::learned);
  CHECK(state_of(resumed) != state_of(straight));
}
