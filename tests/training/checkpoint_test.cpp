#include <saccade/training/training_checkpoint.hpp>

#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/core/file.hpp>

#include "support/catch.hpp"
#include "support/limits.hpp"
#include "support/scratch_folder.hpp"
#include "training/checkpoint_fixture.hpp"

#include <cstring>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

using namespace saccade;
using saccade_test::checkpoint_of;
using saccade_test::small_config;
using saccade_test::small_info;
using saccade_test::SmallRun;
using saccade_test::state_of;
namespace fs = std::filesystem;

namespace {

using Single = ReferenceBackend<float>;
using Double = ReferenceBackend<double>;

/// The sentence with which `restore_training` refuses the file, or "accepted".
template <class B>
std::string refusal(const SafetensorsFile& file, Trainer<B>& trainer) {
  try {
    restore_training(trainer, file, "run/a.safetensors");
  } catch (const FileError& error) {
    return error.what();
  }
  return "accepted";
}

NamedArray& tensor_of(SafetensorsFile& file, std::string_view name) { return const_cast<NamedArray&>(file.at(name)); }

template <class Number>
void set_values(NamedArray& array, const std::vector<Number>& values) {
  array = NamedArray(array.name, array.shape, std::span<const Number>(values));
}

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

}  // namespace

TEMPLATE_TEST_CASE("a checkpoint holds every tensor bit for bit, in the precision of the backend", "", Single, Double) {
  using Number = Scalar<TestType>;
  TestType b;
  SmallRun<TestType> run(b);
  const SafetensorsFile file = checkpoint_of(run.trainer);
  const auto before = state_of(run.trainer);
  for (const auto& [name, values] : before) {
    INFO(name);
    const NamedArray& stored = file.at(name);
    CHECK(stored.values<Number>() == values);
  }
  CHECK(file.tensors.size() == before.size() + 3);  // the golden answer
  CHECK(file.at("golden.image").shape == std::vector<std::int64_t>{12, 16, 3});
  CHECK(file.at("golden.locations").shape == std::vector<std::int64_t>{3, 2});
  CHECK(file.at("golden.probabilities").shape == std::vector<std::int64_t>{3, 3});

  SmallRun<TestType> fresh(b, 0);
  REQUIRE(state_of(fresh.trainer) != before);
  restore_training(fresh.trainer, file, "a");
  CHECK(state_of(fresh.trainer) == before);
  CHECK(fresh.trainer.optimizer().steps() == 2);
}

TEST_CASE("what a checkpoint says comes back") {
  Single b;
  SmallRun<Single> run(b, 0);
  const CheckpointInfo info = checkpoint_info(checkpoint_of(run.trainer), "a");
  CHECK(to_json(info.model) == to_json(small_config()));
  CHECK(info.model.policy.hidden == small_config().hidden);  // follows from the model's
  CHECK(info.classes == small_info().classes);
  CHECK(info.run == small_info().run);
}

TEST_CASE("either precision reads the other's checkpoint") {
  Single single;
  Double twice;
  SECTION("double from single is exact") {
    SmallRun<Single> run(single);
    SmallRun<Double> fresh(twice, 0);
    restore_training(fresh.trainer, checkpoint_of(run.trainer), "a");
    const auto before = state_of(run.trainer);
    const auto after = state_of(fresh.trainer);
    REQUIRE(before.size() == after.size());
    for (std::size_t i = 0; i < before.size(); ++i) {
      INFO(before[i].first);
      CHECK(std::vector<float>(after[i].second.begin(), after[i].second.end()) == before[i].second);
    }
  }
  SECTION("single from double is rounded") {
    SmallRun<Double> run(twice);
    SmallRun<Single> fresh(single, 0);
    restore_training(fresh.trainer, checkpoint_of(run.trainer), "a");
    const auto before = state_of(run.trainer);
    const auto after = state_of(fresh.trainer);
    REQUIRE(before.size() == after.size());
    for (std::size_t i = 0; i < before.size(); ++i) {
      INFO(before[i].first);
      CHECK(std::vector<float>(before[i].second.begin(), before[i].second.end()) == after[i].second);
    }
  }
}

TEST_CASE("the Eigen backend reproduces the answer of the reference backend") {
  Single reference;
  EigenBackend<float> b(2);
  SmallRun<Single> run(reference);
  SmallRun<EigenBackend<float>> fresh(b, 0);
  CHECK(refusal(checkpoint_of(run.trainer), fresh.trainer) == "accepted");
}

TEST_CASE("a checkpoint of another configuration is refused by the name of what differs") {
  Single b;
  SmallRun<Single> run(b, 0);
  const SafetensorsFile sound = checkpoint_of(run.trainer);
  const auto before = state_of(run.trainer);
  REQUIRE(refusal(sound, run.trainer) == "accepted");
  SafetensorsFile file = sound;

  SECTION("a field of it") {
    HybridAttentionConfig config = small_config();
    config.encoder.width = 8;
    Trainer<Single> other(b, HybridAttentionClassifier<Single>(config), {}, 7);
    CHECK(refusal(file, other) ==
          "\"run/a.safetensors\": belongs to another configuration: there and here encoder.width is 4 and 8");
  }
  SECTION("a tensor is missing") {
    std::erase_if(file.tensors, [](const NamedArray& array) { return array.name == "core.bias"; });
    CHECK(refusal(file, run.trainer) ==
          "\"run/a.safetensors\": belongs to another configuration: there is no tensor core.bias");
  }
  SECTION("a moment is missing") {
    std::erase_if(file.tensors, [](const NamedArray& array) { return array.name == "optimizer.second.core.bias"; });
    CHECK(refusal(file, run.trainer) ==
          "\"run/a.safetensors\": belongs to another configuration: there is no tensor optimizer.second.core.bias");
  }
  SECTION("a tensor has another shape") {
    tensor_of(file, "core.bias").shape = {5, 4};
    CHECK(refusal(file, run.trainer) ==
          "\"run/a.safetensors\": belongs to another configuration: core.bias must be (20), but is (5, 4)");
  }
  SECTION("a tensor has another type") {
    set_values<std::int64_t>(tensor_of(file, "core.bias"), std::vector<std::int64_t>(20));
    CHECK(refusal(file, run.trainer) == "\"run/a.safetensors\": core.bias must be F32 or F64, but is I64");
  }
  SECTION("there is one too many") {
    const std::vector<float> values{1};
    file.tensors.emplace_back("encoder.extra", std::vector<std::int64_t>{1}, std::span<const float>(values));
    CHECK(refusal(file, run.trainer) ==
          "\"run/a.safetensors\": belongs to another configuration: the model has no tensor encoder.extra");
  }
  SECTION("another seed") {
    SmallRun<Single> other(b, 0, 8);
    CHECK(refusal(file, other.trainer) ==
          "\"run/a.safetensors\": belongs to a run with seed 7, but this one has seed 8");
  }
  CHECK(state_of(run.trainer) == before);
}

TEST_CASE("what the metadata cannot say is refused") {
  Single b;
  SmallRun<Single> run(b, 0);
  SafetensorsFile file = checkpoint_of(run.trainer);
  const std::string start = "\"run/a.safetensors\": ";
  struct Case {
    std::string key, value, sentence;
  };
  const std::vector<Case> cases = {
      {"saccade.checkpoint", "2", "a checkpoint of version 2, but this library reads version 1"},
      {"saccade.model", "{", "its metadata \"saccade.model\" is not JSON"},
      {"saccade.model", "{\"glimpes\": 5}",
       "its configuration cannot be built: model has no field \"glimpes\"; it has"},
      {"saccade.model", "{\"glimpses\": 0}",
       "its configuration cannot be built: model: glimpses must be from 1 to 255, but is 0"},
      {"saccade.model", "{\"encoder\": {\"trunk_units\": 1000000000}}",
       "its configuration asks for more than the file holds: model.encoder.trunk_units is 1000000000"},
      {"saccade.model", "{\"glance\": {\"reduction\": 4611686018427387904}}",
       "its configuration asks for more than the file holds: model.glance.reduction is 4611686018427387904"},
      {"saccade.classes", "[\"a\", \"b\"]", "it names 2 classes, but its model has 3"},
      {"saccade.classes", "[\"a\", \"b\", 3]", "its metadata \"saccade.classes\" must be a list of names"},
      {"saccade.classes", "\"a\"", "its metadata \"saccade.classes\" must be a list of names"},
      {"saccade.run", "nothing", "its metadata \"saccade.run\" is not JSON"},
      {"saccade.steps", "-3", "its metadata \"saccade.steps\" must be a whole number, but is \"-3\""},
      {"saccade.steps", "1e3", "its metadata \"saccade.steps\" must be a whole number, but is \"1e3\""},
      {"saccade.steps", "9223372036854775807", "its metadata \"saccade.steps\" must be a whole number"},
      {"saccade.rollouts", "9007199254740993", "its metadata \"saccade.rollouts\" must be a whole number"},
      {"saccade.seed", "", "its metadata \"saccade.seed\" must be a whole number, but is \"\""},
      {"saccade.seed", "18446744073709551616",
       "its metadata \"saccade.seed\" must be a whole number, but is \"18446744073709551616\""},
  };
  for (const Case& example : cases) {
    SafetensorsFile wrong = file;
    wrong.metadata.at(example.key) = example.value;
    INFO(example.key << " = " << example.value);
    CHECK_THAT(refusal(wrong, run.trainer), contains(start + example.sentence));
  }
  for (const auto& [key, value] : file.metadata) {
    if (key == "saccade.rollouts") continue;  // which files of before do not have
    SafetensorsFile wrong = file;
    wrong.metadata.erase(key);
    CHECK(refusal(wrong, run.trainer) == start + "not a Saccade checkpoint: it lacks the metadata \"" + key + "\"");
  }
}

TEST_CASE("a checkpoint of before counts as many rollouts as updates") {
  Single b;
  SmallRun<Single> run(b, 0);
  SafetensorsFile file = checkpoint_of(run.trainer);
  file.metadata.erase("saccade.rollouts");
  file.metadata.at("saccade.steps") = "7";
  CHECK(refusal(file, run.trainer) == "accepted");
  CHECK(run.trainer.optimizer().steps() == 7);
  CHECK(run.trainer.rollouts() == 7);
  file.metadata["saccade.rollouts"] = "3";
  CHECK(refusal(file, run.trainer) == "accepted");
  CHECK(run.trainer.rollouts() == 3);
}

TEST_CASE("a damaged file is refused when it is read") {
  Single b;
  SmallRun<Single> run(b, 0);
  const ScratchFolder folder;
  const fs::path path = folder / "a.safetensors";
  save_checkpoint(path, run.trainer, small_info());
  const std::vector<std::uint8_t> sound = read_file(path);

  SECTION("truncated") {
    for (const std::size_t length : {std::size_t{0}, std::size_t{5}, std::size_t{1000}, sound.size() - 1}) {
      write_file(path, std::span(sound).first(length));
      INFO("cut after " << length << " bytes");
      CHECK_THROWS_WITH(read_checkpoint(path), contains("a.safetensors\": not a valid safetensors file: "));
    }
    // Parsed from memory, as read_checkpoint does; every 16th length, for there are many.
    for (std::size_t length = 0; length < sound.size(); length += 16) {
      INFO("cut after " << length << " bytes");
      CHECK_THROWS_AS(parse_safetensors(std::as_bytes(std::span(sound).first(length)), "a", Checksum::required),
                      FileError);
    }
  }
  SECTION("a bit flipped") {
    // Of every 8th byte one bit, each in its turn.
    for (std::size_t at = 0; at < sound.size(); at += 8) {
      std::vector<std::uint8_t> damaged = sound;
      damaged[at] ^= static_cast<std::uint8_t>(1u << at / 8 % 8);
      INFO("byte " << at);
      CHECK_THROWS_AS(parse_safetensors(std::as_bytes(std::span(damaged)), "a", Checksum::required), FileError);
    }
    std::vector<std::uint8_t> damaged = sound;
    damaged.back() ^= 1;
    write_file(path, damaged);
    CHECK_THROWS_WITH(read_checkpoint(path), contains("a.safetensors\": damaged: its content does not match"));
  }
  SECTION("of another kind") {
    write_file(path, "epoch,loss\n1,0.693147180559945\n");
    CHECK_THROWS_WITH(read_checkpoint(path), contains("not a valid safetensors file"));
    CHECK_THROWS_WITH(read_checkpoint(folder / "missing"), contains("missing\": cannot be read: No such file"));
    const std::vector<float> values{1};
    write_safetensors({{}, {NamedArray("a", {1}, std::span<const float>(values))}}, path);
    CHECK_THROWS_WITH(checkpoint_info(read_checkpoint(path), "b"),
                      "\"b\": not a Saccade checkpoint: it lacks the metadata \"saccade.checkpoint\"");
  }
}

TEST_CASE("a changed weight is found though the checksum fits") {
  Double b;
  SmallRun<Double> run(b);
  const SafetensorsFile sound = checkpoint_of(run.trainer);
  // Each leaves another trace: in every answer, in where the policy would go, from the second glimpse on.
  for (const std::string name : {"classifier.bias", "policy.locator.bias", "step2.encoder.entry.norm1.running_mean"}) {
    INFO(name);
    SafetensorsFile file = sound;
    std::vector<double> values = file.at(name).values<double>();
    values[0] += 0.5;
    set_values(tensor_of(file, name), values);
    const ScratchFolder folder;
    write_safetensors(file, folder / "a.safetensors");  // with a checksum that fits
    CHECK_THAT(refusal(read_checkpoint(folder / "a.safetensors"), run.trainer),
               contains("\"run/a.safetensors\": does not reproduce its recorded answer: a probability or location "
                        "differs by 0."));
  }
  SafetensorsFile file = sound;
  set_values(tensor_of(file, "classifier.bias"), std::vector<double>(3, std::numeric_limits<double>::quiet_NaN()));
  CHECK_THAT(refusal(file, run.trainer), contains("differs by inf"));
}

TEST_CASE("a checkpoint without its golden answer is refused") {
  Single b;
  SmallRun<Single> run(b, 0);
  const SafetensorsFile sound = checkpoint_of(run.trainer);
  const auto without = [&](const std::string& name) {
    SafetensorsFile file = sound;
    std::erase_if(file.tensors, [&](const NamedArray& array) { return array.name == name; });
    return refusal(file, run.trainer);
  };
  CHECK(without("golden.image") == "\"run/a.safetensors\": it lacks golden.image, U8 of shape (h, w, 3)");
  CHECK_THAT(without("golden.locations"), contains("there is no tensor golden.locations"));
  CHECK_THAT(without("golden.probabilities"), contains("there is no tensor golden.probabilities"));
}

TEST_CASE("saving refuses what could not be loaded") {
  Single b;
  SmallRun<Single> run(b, 0);
  const ScratchFolder folder;
  const fs::path path = folder / "a.safetensors";
  CheckpointInfo info = small_info();
  SECTION("the wrong number of names") {
    info.classes.pop_back();
    CHECK_THROWS_WITH(save_checkpoint(path, run.trainer, info),
                      "save_checkpoint: info.classes must hold 3 names, but holds 2");
  }
  SECTION("another model") {
    info.model.glimpses = 4;
    CHECK_THROWS_WITH(save_checkpoint(path, run.trainer, info),
                      "save_checkpoint: the trainer's model and info.model differ: glimpses is 3 and 4");
  }
  SECTION("a model that answers nonsense") {
    b.fill(std::numeric_limits<float>::quiet_NaN(), run.trainer.parameters().core.bias);
    CHECK_THROWS_AS(save_checkpoint(path, run.trainer, info), NumericError);
  }
  CHECK(entries(folder.path()) == 0);
}

TEST_CASE("text that is not UTF-8 does not cost a run its checkpoint") {
  Single b;
  SmallRun<Single> run(b, 0);
  const ScratchFolder folder;
  CheckpointInfo info = small_info();
  info.run = {{"data", "caf\xE9"}};
  save_checkpoint(folder / "a.safetensors", run.trainer, info);
  CHECK(checkpoint_info(read_checkpoint(folder / "a.safetensors"), "a").run["data"] == "caf\xEF\xBF\xBD");
}

TEST_CASE("a full disk leaves the old checkpoint") {
  Single b;
  SmallRun<Single> run(b, 0);
  const ScratchFolder folder;
  const fs::path path = folder / "a.safetensors";
  save_checkpoint(path, run.trainer, small_info());
  const std::vector<std::uint8_t> old = read_file(path);

  SmallRun<Single> later(b, 2);
  std::string sentence;
  try {
    const limits::FileSize limit(1000);
    save_checkpoint(path, later.trainer, small_info());
  } catch (const FileError& error) {
    sentence = error.what();
  }
  CHECK_THAT(sentence, contains("a.safetensors\": cannot be written: File too large"));
  CHECK(read_file(path) == old);
  CHECK(entries(folder.path()) == 1);

  CHECK_THROWS_WITH(save_checkpoint(folder / "no/such", later.trainer, small_info()), contains("cannot be written"));
  save_checkpoint(path, later.trainer, small_info());
  CHECK(read_file(path) != old);
}
