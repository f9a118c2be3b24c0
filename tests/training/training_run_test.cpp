#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/training/training_run.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"
#include "training/drawn_run.hpp"

using namespace saccade;
using saccade_test::drawn_run_config;
using saccade_test::drawn_tissue;

namespace {

/// How sigma changes.
enum class Sigma { scheduled, learned };

/// Three epochs of three steps, the first on random glimpses.
RunConfig config_of_all(Sigma sigma = Sigma::scheduled) {
  RunConfig config = drawn_run_config();
  config.training.epochs = 3;
  config.training.batch = 4;
  config.training.policy_epochs = 1;
  config.training.rollouts = 2;
  config.training.stain = 0.1;
  config.model.learner.baseline = Baseline::leave_one_out;
  if (sigma == Sigma::learned) {
    config.model.policy.learn_sigma = true;
    config.model.policy.entropy = 0.01;
  } else {
    config.training.sigma_epochs = 1;
  }
  return config;
}

struct RunResult {
  TrainingRun<EigenBackend<float>>::Outcome outcome;
  std::vector<std::string> metrics;  ///< a line for each epoch that was completed
};

/// Trains, or goes on where the checkpoint stands, until `questions` questions whether to stop have been answered no.
RunResult train_until(const std::filesystem::path& folder, int threads, int questions, Index checkpoint_every = 0,
                      Activations keep = Activations::every_step, Sigma sigma = Sigma::scheduled) {
  EigenBackend<float> b(threads);
  TrainingRun<EigenBackend<float>> run(b, config_of_all(sigma), drawn_tissue(), {.threads = 1},
                                       {.checkpoint = folder / "checkpoint.safetensors",
                                        .best = folder / "best.safetensors",
                                        .checkpoint_every = checkpoint_every},
                                       keep);
  if (std::filesystem::exists(folder / "checkpoint.safetensors")) run.resume();
  RunResult result{};
  RunEvents events;
  events.stop_requested = [&] { return questions-- <= 0; };
  events.epoch_done = [&](const nlohmann::ordered_json& metrics) { result.metrics.push_back(metrics.dump()); };
  result.outcome = run.run(events);
  return result;
}

constexpr int never = 1 << 30;

}  // namespace

TEST_CASE("A run that is stopped at any step goes on to the same bytes", "[training]") {
  using Outcome = TrainingRun<EigenBackend<float>>::Outcome;
  const ScratchFolder scratch;
  create_folders(scratch / "whole");
  const RunResult whole = train_until(scratch / "whole", 1, never);
  REQUIRE(whole.outcome == Outcome::complete);
  REQUIRE(whole.metrics.size() == 3);

  // An epoch asks 4 times before its steps (the last time it finds none) and twice in its validation.
  for (int questions = 0; questions <= 18; ++questions) {
    INFO("stopped after " << questions << " questions");
    const auto folder = scratch / std::to_string(questions);
    create_folders(folder);
    RunResult first = train_until(folder, 1 + questions % 2, questions);
    CHECK(first.outcome == (questions < 18 ? Outcome::stopped : Outcome::complete));
    const RunResult second = train_until(folder, 1, never);
    CHECK(second.outcome == Outcome::complete);
    first.metrics.insert(first.metrics.end(), second.metrics.begin(), second.metrics.end());
    CHECK(first.metrics == whole.metrics);
    for (const char* file : {"checkpoint.safetensors", "best.safetensors"})
      CHECK((read_file(folder / file) == read_file(scratch / "whole" / file)));
  }
}

TEST_CASE("A checkpoint with the names of before goes on to the same bytes", "[training]") {
  const ScratchFolder scratch;
  create_folders(scratch / "whole");
  create_folders(scratch / "part");
  train_until(scratch / "whole", 1, never);
  train_until(scratch / "part", 1, 14);
  const auto path = scratch / "part/checkpoint.safetensors";
  SafetensorsFile file = read_checkpoint(path);
  auto run = nlohmann::ordered_json::parse(file.metadata.at("saccade.run"));
  nlohmann::ordered_json& adam = run.at("config").at("training").at("adam");
  REQUIRE(adam.erase("groups") == 1);
  REQUIRE(adam.erase("weight_decay") == 1);
  adam["policy_epsilon"] = 1e-3;
  adam["policy_rate"] = 0.25;
  file.metadata["saccade.run"] = run.dump();
  write_safetensors(file, path);
  CHECK_THROWS_WITH(train_until(scratch / "part", 1, never), contains("training.adam.groups is "));
  run.at("config").at("training").at("adam")["policy_rate"] = 0.15;
  file.metadata["saccade.run"] = run.dump();
  write_safetensors(file, path);
  train_until(scratch / "part", 1, never);
  CHECK((read_file(path) == read_file(scratch / "whole/checkpoint.safetensors")));
}

TEST_CASE("A run that learns its sigma tells it, and goes on to the same bytes", "[training]") {
  const ScratchFolder scratch;
  create_folders(scratch / "whole");
  create_folders(scratch / "part");
  const RunResult whole = train_until(scratch / "whole", 1, never, 0, Activations::every_step, Sigma::learned);
  RunResult part = train_until(scratch / "part", 1, 14, 0, Activations::every_step, Sigma::learned);
  const RunResult rest = train_until(scratch / "part", 1, never, 0, Activations::every_step, Sigma::learned);
  part.metrics.insert(part.metrics.end(), rest.metrics.begin(), rest.metrics.end());
  CHECK(part.metrics == whole.metrics);
  CHECK((read_file(scratch / "part/checkpoint.safetensors") == read_file(scratch / "whole/checkpoint.safetensors")));
  const auto first = nlohmann::ordered_json::parse(whole.metrics[0]);
  const auto last = nlohmann::ordered_json::parse(whole.metrics[2]);
  // The first epoch is on random glimpses: the policy learns nothing. ln(2 pi e 0.3^2) = 0.4299.
  CHECK(first.at("sigma_x").get<double>() == Approx(0.3).epsilon(1e-5));
  CHECK(first.at("entropy").get<double>() == Approx(2.8378770664 - 2 * 1.2039728043).epsilon(1e-4));
  CHECK(last.at("sigma_y") != first.at("sigma_y"));
}

TEST_CASE("An image that a glance would not show whole is a bad one, and so is one below the thumbnail", "[training]") {
  const std::filesystem::path path = drawn_tissue().sample(0).path;  // 96 x 80
  HybridAttentionConfig model = config_of_all().model;
  CHECK(load_image_for(path, model).width == 96);
  model.glance = {.side = 8, .reduction = 8};
  CHECK_THROWS_WITH(
      load_image_for(path, model),
      contains("an image of 96 x 80 pixels; expected at most the 64 x 64 that the model's thumbnail covers"));
  model.glance = {.side = 81, .reduction = 2};
  CHECK_THROWS_AS(load_image_for(path, model), FileError);
}

TEST_CASE("Writing checkpoints within an epoch changes nothing", "[training]") {
  const ScratchFolder scratch;
  create_folders(scratch / "one");
  create_folders(scratch / "two");
  CHECK(train_until(scratch / "one", 1, never).metrics == train_until(scratch / "two", 1, never, 1).metrics);
  CHECK((read_file(scratch / "one/checkpoint.safetensors") == read_file(scratch / "two/checkpoint.safetensors")));
}

TEST_CASE("Computing activations again changes nothing, and a run may begin with it and go on without", "[training]") {
  const ScratchFolder scratch;
  for (const char* name : {"kept", "again", "both"}) create_folders(scratch / name);
  const RunResult kept = train_until(scratch / "kept", 1, never);
  CHECK(train_until(scratch / "again", 1, never, 0, Activations::last_step).metrics == kept.metrics);
  train_until(scratch / "both", 1, 7, 0, Activations::last_step);
  train_until(scratch / "both", 1, never, 0, Activations::every_step);
  for (const char* name : {"again", "both"}) {
    CHECK((read_file(scratch / name / "checkpoint.safetensors") ==
           read_file(scratch / "kept" / "checkpoint.safetensors")));
  }
}

TEST_CASE("The best epoch is one that judged the learned policy", "[training]") {
  const BestEpoch random{.epoch = 1, .learned_policy = false, .group_recognition_rate = 0.9, .cross_entropy = 0.1};
  const BestEpoch learned{.epoch = 2, .learned_policy = true, .group_recognition_rate = 0.5, .cross_entropy = 0.7};
  const BestEpoch surer{.epoch = 3, .learned_policy = true, .group_recognition_rate = 0.5, .cross_entropy = 0.6};
  CHECK(learned.better_than(random));
  CHECK_FALSE(random.better_than(learned));
  CHECK(surer.better_than(learned));
  CHECK_FALSE(learned.better_than(learned));
}

TEST_CASE("The best epoch is chosen by the figure that is asked for", "[training]") {
  const BestEpoch one{.epoch = 1, .group_recognition_rate = 0.9, .balanced_accuracy = 0.5, .cross_entropy = 0.7};
  const BestEpoch two{.epoch = 2, .group_recognition_rate = 0.8, .balanced_accuracy = 0.6, .cross_entropy = 0.8};
  CHECK(one.better_than(two));
  CHECK(two.better_than(one, BestEpochBy::balanced_accuracy));
  CHECK_FALSE(one.better_than(two, BestEpochBy::balanced_accuracy));
  CHECK(one.better_than(two, BestEpochBy::cross_entropy));
  BestEpoch surer = two;
  surer.cross_entropy = 0.4;
  CHECK(surer.better_than(two, BestEpochBy::balanced_accuracy));
}

TEST_CASE("A best epoch is read as it was written, and from a checkpoint of before", "[training]") {
  RunState state{.epochs = 3};
  state.best = BestEpoch{
      .epoch = 2, .group_recognition_rate = 0.75, .balanced_accuracy = 0.5, .cross_entropy = 0.25, .temperature = 1.75};
  const auto read = [](const nlohmann::ordered_json& json) { return *run_state_from_json(json, "file").best; };
  nlohmann::ordered_json json = to_json(state);
  CHECK(read(json).group_recognition_rate == 0.75);
  CHECK(read(json).balanced_accuracy == 0.5);
  CHECK(read(json).temperature == 1.75);
  json["best"] = {{"epoch", 2}, {"learned_policy", true}, {"patient_recognition_rate", 0.625}, {"cross_entropy", 0.25}};
  CHECK(read(json).group_recognition_rate == 0.625);
  CHECK(std::isnan(read(json).balanced_accuracy));
}

TEST_CASE("The temperature of a checkpoint is that of its own weights", "[training]") {
  RunState state{.epochs = 2};
  state.best = BestEpoch{.epoch = 2, .temperature = 1.75};
  nlohmann::ordered_json run{{"state", to_json(state)}};
  CHECK(temperature_of(run) == 1.75);
  const char* what = GENERATE("epoch", "learned_policy", "temperature", "best");
  nlohmann::ordered_json& best = run["state"]["best"];
  if (what == std::string("epoch")) best["epoch"] = 1;  // of a later epoch are the weights
  if (what == std::string("learned_policy")) best["learned_policy"] = false;
  if (what == std::string("temperature")) best["temperature"] = -1;
  if (what == std::string("best")) best = nullptr;
  CHECK_FALSE(temperature_of(run).has_value());
  CHECK_FALSE(temperature_of(nlohmann::ordered_json::object()).has_value());
}

TEST_CASE("Choosing by balanced accuracy needs validation images of every class", "[training]") {
  RunConfig config = config_of_all();
  config.training.select_by = BestEpochBy::balanced_accuracy;
  RunData data = drawn_tissue();
  std::erase_if(data.split.validation, [&](Index image) { return data.sample(image).label == 1; });
  REQUIRE_FALSE(data.split.validation.empty());
  EigenBackend<float> b(1);
  CHECK_THROWS_WITH((TrainingRun<EigenBackend<float>>(b, config, data, {}, {})),
                    contains("training: select_by is balanced_accuracy, but no validation image is of class "
                             "\"malignant\": balanced accuracy"));
}

TEST_CASE("What changes a run's result is named, what does not is let pass", "[training]") {
  const nlohmann::ordered_json before = describe_run(config_of_all(), drawn_tissue());
  RunConfig other = config_of_all();
  other.training.epochs = 9;
  CHECK_FALSE(run_difference(before, describe_run(other, drawn_tissue())).has_value());
  // A run of a version that did not know of a field had its default.
  nlohmann::ordered_json older = before;
  older["training"].erase("select_by");
  CHECK_FALSE(run_difference(older, before).has_value());
  other.training.select_by = BestEpochBy::cross_entropy;
  CHECK(run_difference(older, describe_run(other, drawn_tissue())) ==
        "training.select_by is \"group_recognition_rate\", but now is \"cross_entropy\"");
  other = config_of_all();
  other.model.policy.sigma = 0.75;
  const auto difference = run_difference(before, describe_run(other, drawn_tissue()));
  REQUIRE(difference.has_value());
  CHECK_THAT(*difference, contains("model.policy.sigma is ") && contains(", but now is 0.75"));

  RunData fewer = drawn_tissue();
  fewer.split.train.pop_back();
  CHECK(run_difference(before, describe_run(config_of_all(), fewer)) == "data.images.train is 12, but now is 11");
}

TEST_CASE("A checkpoint that stands outside its epoch is refused", "[training]") {
  const ScratchFolder scratch;
  const auto path = scratch / "checkpoint.safetensors";
  train_until(scratch.path(), 1, 6);  // within the second epoch
  EigenBackend<float> b(1);
  for (const auto& [field, value] : {std::pair<const char*, nlohmann::ordered_json>{"position", -5},
                                     {"position", 13},
                                     {"position", 1e300},
                                     {"images", -1},
                                     {"images", 100},
                                     {"epochs", -1}}) {
    INFO(field << " " << value);
    TrainingRun<EigenBackend<float>> run(b, config_of_all(), drawn_tissue(), {.threads = 1},
                                         {.checkpoint = path, .best = path});
    run.resume();
    CheckpointInfo info = checkpoint_info(read_checkpoint(path), "checkpoint");
    info.run["state"][field] = value;
    save_checkpoint(scratch / "changed.safetensors", run.trainer(), info);
    TrainingRun<EigenBackend<float>> again(b, config_of_all(), drawn_tissue(), {.threads = 1},
                                           {.checkpoint = scratch / "changed.safetensors", .best = path});
    CHECK_THROWS_WITH(again.resume(), contains(value.is_number_integer() ? "its run cannot stand where it says: after "
                                                                         : "does not say where its run stands"));
  }
}

TEST_CASE("Other images are another run, also where counts and groups are the same", "[training]") {
  const nlohmann::ordered_json before = describe_run(config_of_all(), drawn_tissue());
  RunData exchanged = drawn_tissue();
  std::swap(exchanged.dataset.samples[0].path, exchanged.dataset.samples[5].path);  // PNG files differ in size
  const auto difference = run_difference(before, describe_run(config_of_all(), exchanged));
  REQUIRE(difference.has_value());
  CHECK_THAT(*difference, contains("data.fingerprint."));
}

TEST_CASE("A run that was described before data sets were general goes on", "[training]") {
  const nlohmann::ordered_json now = describe_run(config_of_all(), drawn_tissue());
  nlohmann::ordered_json before = now;
  before["schema"] = "saccade.run.1";
  before["training"].erase("class_weights");
  const auto& data = now.at("data");
  before["data"] = {{"magnification", 100},
                    {"split", "random:1"},
                    {"group", "slide"},
                    {"validation", 0.15},
                    {"images", data.at("images")},
                    {"train_patients", data.at("train_groups")},
                    {"validation_patients", data.at("validation_groups")},
                    {"test_patients", data.at("test_groups")}};
  CHECK_FALSE(run_difference(before, now).has_value());
  before["data"]["test_patients"].push_back("14-1");
  CHECK_THAT(run_difference(before, now).value_or(""), contains("data.test_groups is "));
  before["data"]["test_patients"].erase(before["data"]["test_patients"].size() - 1);
  before["data"]["split"] = "random:2";
  CHECK(run_difference(before, now) == "data.split is \"random:2\", but now is \"random:1\"");
}

TEST_CASE("A program's own images of any number of classes train, validate and resume", "[training]") {
  RunData own{.dataset = {.name = "stripes", .kind = "stripes", .classes = {"none", "one", "two"}}};
  for (Index i = 0; i < 18; ++i) {
    own.dataset.samples.push_back({.name = std::to_string(i), .path = {}, .label = i % 3, .group = std::to_string(i)});
    (i < 12 ? own.split.train : own.split.validation).push_back(i);
  }
  own.dataset.read = [](const data::Sample& sample) {
    RgbImage image(40, 32);
    for (Index x = 0; x < sample.label; ++x)
      for (Index y = 0; y < image.height; ++y) *image.at(10 + 8 * x, y) = 200;
    return image;
  };
  RunConfig config = config_of_all();
  config.training.stain = 0;
  config.model = with_thumbnail_over(config.model, own.dataset);
  EigenBackend<float> b(1);
  const ScratchFolder scratch;
  const RunFiles files{.checkpoint = scratch / "checkpoint.safetensors", .best = scratch / "best.safetensors"};
  using Run = TrainingRun<EigenBackend<float>>;
  CHECK_THROWS_WITH(Run(b, config, own, {}, files),
                    "training: the model tells apart 2 classes, but the data set has 3");
  config.model.classes = 3;
  Run run(b, config, own, {}, files);
  std::vector<nlohmann::ordered_json> epochs;
  RunEvents events;
  events.epoch_done = [&](const nlohmann::ordered_json& metrics) { epochs.push_back(metrics); };
  CHECK(run.run(events) == Run::Outcome::complete);
  REQUIRE(epochs.size() == 3);
  CHECK(epochs[2].at("validation").at("images") == 6);
  CHECK(checkpoint_info(read_checkpoint(files.best), "best").classes == own.dataset.classes);
  Run again(b, config, own, {}, files);
  again.resume();
  CHECK(again.state().epochs == 3);
}

TEST_CASE("A run begins with the weights of another, wherever they fit", "[training]") {
  const ScratchFolder first, second, third;
  train_until(first.path(), 1, never);
  const auto start = first / "best.safetensors";
  const SafetensorsFile file = read_checkpoint(start);
  RunConfig config = config_of_all();
  config.model.hidden = 12;  // the core, and what reads it
  config.model = validated(config.model);
  config.start_from = start;
  EigenBackend<float> b(1);
  const auto make = [&](const ScratchFolder& folder) {
    return TrainingRun<EigenBackend<float>>(
        b, config, drawn_tissue(), {.threads = 1},
        {.checkpoint = folder / "checkpoint.safetensors", .best = folder / "best.safetensors"});
  };
  auto run = make(second);
  const StartingTensors& tensors = run.started_from();
  const std::vector<std::string> left{"classifier.weight", "policy.locator.weight"};
  for (const std::string& name : left) {
    INFO(name);
    CHECK(std::find(tensors.left.begin(), tensors.left.end(), name) != tensors.left.end());
  }
  CHECK(to_string(tensors).find(" tensors, not ") != std::string::npos);
  auto list = named_tensors<EigenBackend<float>>(run.trainer().parameters());
  for (const auto& named : named_tensors<EigenBackend<float>>(run.trainer().statistics())) list.push_back(named);
  CHECK(list.size() == tensors.taken.size() + tensors.left.size());
  CHECK(tensors.taken.size() > 20);
  for (const auto& named : list) {
    const bool taken = std::find(tensors.taken.begin(), tensors.taken.end(), named.name) != tensors.taken.end();
    const NamedArray* const array = file.find(named.name);
    INFO(named.name);
    const bool same = array && array->values<float>() == to_vector(b, *named.tensor);
    if (taken) CHECK(same);
  }
  CHECK(run.trainer().optimizer().steps() == 0);

  // The same start gives the same run, and a resumed one asks for the same.
  run.run({});
  auto again = make(third);
  again.run({});
  CHECK(read_file(second / "checkpoint.safetensors") == read_file(third / "checkpoint.safetensors"));
  auto resumed = make(third);
  CHECK_NOTHROW(resumed.resume());
  config.start_from = second / "best.safetensors";
  auto other = make(third);
  CHECK_THROWS_WITH(other.resume(), Catch::Contains("start_from.crc32c is"));
  config.start_from.clear();
  auto without = make(third);
  CHECK_THROWS_WITH(without.resume(), Catch::Contains("start_from"));
}

TEST_CASE("A run cannot begin with what fits nowhere, or is no checkpoint", "[training]") {
  const ScratchFolder folder;
  write_file(folder / "text", "no tensors");
  RunConfig config = config_of_all();
  EigenBackend<float> b(1);
  const auto refusal = [&](const std::filesystem::path& start) {
    config.start_from = start;
    try {
      TrainingRun<EigenBackend<float>> run(
          b, config, drawn_tissue(), {.threads = 1},
          {.checkpoint = folder / "checkpoint.safetensors", .best = folder / "best.safetensors"});
    } catch (const FileError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK_THAT(refusal(folder / "text"), Catch::Contains("text\": not a valid safetensors file"));
  CHECK_THAT(refusal(folder / "nowhere"), Catch::Contains("nowhere\": "));
  const std::vector<float> one{1};
  SafetensorsFile strange;
  strange.tensors.emplace_back("encoder", std::vector<std::int64_t>{1}, std::span<const float>(one));
  write_safetensors(strange, folder / "strange");
  CHECK_THAT(refusal(folder / "strange"),
             Catch::Contains("strange\": has no tensor that fits the model, by name and shape"));
}
