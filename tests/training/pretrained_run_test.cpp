#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/data/write_synthetic_tissue.hpp>
#include <saccade/training/memory.hpp>
#include <saccade/training/training_run.hpp>

#include <algorithm>
#include <cstdint>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

/// Runs that begin with weights from another's file.

using namespace saccade;

namespace {

using Cpu = EigenBackend<float>;
constexpr BackboneConfig first_stage{.kind = BackboneKind::resnet18, .stages = 1, .mask_width = 4};

/// 4 + 4 patients of 1 image.
const RunData& one_image_each() {
  static const ScratchFolder folder;
  static const RunData data = [] {
    data::write_synthetic_tissue({.width = 80, .height = 64, .patients_per_class = 4, .images_per_patient = 1},
                                 folder.path());
    return open_for_training({.folder = folder.path()});
  }();
  return data;
}

RunConfig run_config(const std::filesystem::path& weights) {
  RunConfig config{.preset = "pretrained",
                   .model = pretrained_preset(),
                   .training = training_preset("pretrained"),
                   .weights = weights};
  config.model.glimpses = 2;
  config.model.sensor.side = 32;
  config.model.encoder.backbone = first_stage;
  config.model.encoder.mask = MaskUse::attend;
  config.model.encoder.mask_depth = 1;
  config.model.encoder.unit = UnitKind::basic;
  config.model.fusion_width = config.model.hidden = 8;
  config.model.glance.side = 32;
  config.model.glance.reduction = 4;
  config.model.glance.input = GlanceInput::backbone;
  config.model.glance.stages = 1;
  config.model = validated(config.model);
  config.training.epochs = 2;
  config.training.batch = 4;
  config.training.rollouts = 2;
  config.training.random_epochs = 1;
  return config;
}

/// A file as torchvision names it, with numbers by their places, and the classifier that nobody needs.
void write_weights(const std::filesystem::path& path) {
  Cpu b;
  const Backbone<Cpu> backbone(backbone_plan(first_stage.kind, first_stage.stages), 32);
  auto p = backbone.make_parameters(b);
  auto s = backbone.make_statistics(b);
  auto tensors = named_tensors<Cpu>(p);
  for (const auto& named : named_tensors<Cpu>(s)) tensors.push_back(named);
  SafetensorsFile file;
  const TensorMap map = backbone_map(first_stage, WeightNames::torchvision);
  for (std::size_t i = 0; i < map.entries.size(); ++i) {
    const TensorMap::Entry& entry = map.entries[i];
    for (const auto& named : tensors) {
      if (named.name != entry.tensor) continue;
      const Shape shape = b.shape(*named.tensor);
      std::vector<float> values;
      for (Index k = 0; k < shape.size(); ++k)
        values.push_back(static_cast<float>((k * 7 + static_cast<Index>(i)) % 13) / 64);
      if (entry.stored.ends_with("running_var")) std::fill(values.begin(), values.end(), 1.0f);
      std::vector<std::int64_t> extents;
      for (std::size_t axis = 0; axis < shape.rank(); ++axis) extents.push_back(shape[axis]);
      if (shape.rank() == 4) extents = {shape[0], shape[3], shape[1], shape[2]};
      file.tensors.emplace_back(entry.stored, extents, std::span<const float>(values));
    }
  }
  const std::vector<float> bias(3, 1.0f);
  file.tensors.emplace_back("fc.bias", std::vector<std::int64_t>{3}, std::span<const float>(bias));
  write_safetensors(file, path);
}

}  // namespace

TEST_CASE("a run with a frozen encoder trains all but that, and keeps its weights in the checkpoint", "[pretrained]") {
  const ScratchFolder folder;
  write_weights(folder / "resnet.safetensors");
  const RunConfig config = run_config(folder / "resnet.safetensors");
  Cpu b;
  const RunFiles files{.checkpoint = folder / "checkpoint.safetensors", .best = folder / "best.safetensors"};
  TrainingRun<Cpu> run(b, config, one_image_each(), {}, files);
  CHECK(run.description().at("weights").at("crc32c").is_number());
  const auto& encoder = *run.trainer().model().encoder().pretrained();
  CHECK_FALSE(encoder.backbone().trains());
  CHECK(run.run({}) == TrainingRun<Cpu>::Outcome::complete);

  const SafetensorsFile theirs = read_safetensors(folder / "resnet.safetensors");
  const SafetensorsFile ours = read_checkpoint(files.checkpoint);
  const std::pair<const char*, const char*> same[] = {
      {"bn1.weight", "encoder.backbone.stem.norm1.gamma"},
      {"bn1.running_mean", "encoder.backbone.stem.norm1.running_mean"},
      {"layer1.1.bn2.bias", "encoder.backbone.stage1.block2.norm2.beta"}};
  for (const auto& [there, here] : same) CHECK(ours.at(here).values<float>() == theirs.at(there).values<float>());
  CHECK(ours.at("encoder.mask.reduce.weight").shape == std::vector<std::int64_t>{4, 1, 1, 64});

  // A run goes on from its checkpoint, and a classifier needs nothing else.
  TrainingRun<Cpu> again(b, config, one_image_each(), {}, files);
  again.resume();
  CHECK(again.state().epochs == 2);
  RunConfig without = config;
  without.weights.clear();
  CHECK_THROWS_WITH(TrainingRun<Cpu>(b, without, one_image_each(), {}, files),
                    "training: the encoder resnet18 is frozen, so its weights must come from a file (--weights)");
}

TEST_CASE("a run that keeps features leaves the same checkpoints, in one piece or two", "[pretrained]") {
  const ScratchFolder folder;
  write_weights(folder / "resnet.safetensors");
  RunConfig config = run_config(folder / "resnet.safetensors");
  config.model.lattice = 3;
  const auto files_of = [&](const std::string& name) {
    return RunFiles{.checkpoint = folder / (name + ".safetensors"), .best = folder / (name + "-best.safetensors")};
  };
  const auto tensors_of = [](const std::filesystem::path& path) { return read_checkpoint(path).tensors; };
  Cpu b;
  TrainingRun<Cpu> plain(b, config, one_image_each(), {}, files_of("plain"));
  plain.run({});
  const auto expected = tensors_of(files_of("plain").checkpoint);

  const auto store = std::make_shared<FeatureStore<float>>(std::size_t{1} << 26);
  TrainingRun<Cpu> kept(b, config, one_image_each(), {}, files_of("kept"));
  kept.keep_features(store);
  int steps = 0;
  kept.run({.stop_requested = [&] { return steps++ == 3; }});
  CHECK(store->misses() > 0);
  TrainingRun<Cpu> resumed(b, config, one_image_each(), {}, files_of("kept"));
  resumed.keep_features(store);
  resumed.resume();
  CHECK(resumed.run({}) == TrainingRun<Cpu>::Outcome::complete);
  CHECK(store->reads() > 0);
  CHECK(tensors_of(files_of("kept").checkpoint) == expected);
  CHECK(tensors_of(files_of("kept").best) == tensors_of(files_of("plain").best));

  config.training.adam.groups.clear();
  TrainingRun<Cpu> trained(b, config, one_image_each(), {}, files_of("trained"));
  CHECK_THROWS_WITH(trained.keep_features(store),
                    "training: features can only be kept of a frozen encoder, but this one learns");
}

TEST_CASE("weights that are missing, damaged or of another network are named", "[pretrained]") {
  const ScratchFolder folder;
  write_weights(folder / "resnet.safetensors");
  Cpu b;
  const auto refusal_of = [&](const RunConfig& config) -> std::string {
    try {
      TrainingRun<Cpu>(b, config, one_image_each(), {}, {});
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  CHECK_THAT(refusal_of(run_config(folder / "none.safetensors")), contains("none.safetensors"));
  write_file(folder / "bad.safetensors", "not a file of weights");
  CHECK_THAT(refusal_of(run_config(folder / "bad.safetensors")),
             contains("bad.safetensors\": not a valid safetensors"));
  RunConfig other = run_config(folder / "resnet.safetensors");
  other.model.encoder.backbone.stages = 2;
  CHECK_THAT(refusal_of(other), contains("resnet.safetensors\": does not fit: tensor layer2.0.conv1.weight (here "
                                         "stage2.block1.conv1.weight) is missing"));
  other.model.encoder.backbone.kind = BackboneKind::efficientnet_lite0;
  CHECK_THAT(refusal_of(other), contains("no weights of efficientnet_lite0"));
  other = run_config(folder / "resnet.safetensors");
  other.model.glance.input = GlanceInput::pixels;
  other.model.encoder.backbone.kind = BackboneKind::none;
  other.training.adam.groups.clear();
  CHECK(refusal_of(other) ==
        "pretrained weights need encoder.backbone.kind, but that is none: SA-Net is not pretrained");
}

TEST_CASE("a frozen encoder leaves little behind for the way back", "[pretrained]") {
  const RunConfig config = run_config("");
  const auto memory = [&](const AdamConfig& adam) {
    return training_memory<Cpu>(config.model, 4, Activations::every_step, sizeof(float), adam);
  };
  const TrainingMemory frozen = memory(config.training.adam), trained = memory({});
  CHECK(frozen.parameters == trained.parameters);
  CHECK(2 * frozen.activations < trained.activations);
  CHECK(2 * frozen.workspace < trained.workspace);
}
