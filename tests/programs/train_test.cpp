#include <saccade/data/image_decode.hpp>
#include <saccade/report/json_lines.hpp>

#include <nlohmann/json.hpp>

#include <string>

#include "support/catch.hpp"
#include "tiny_run.hpp"

using namespace programs;

TEST_CASE("A training leaves a run folder with everything in it", "[programs]") {
  const ScratchFolder scratch;
  const auto out = scratch / "run";
  const Ending ending = run("saccade train", training(out, 3, {"--threads", "1"}));
  INFO(ending.err);
  REQUIRE(ending.code == 0);

  // 8 patients: 70 % of each class's 4 train (3), 1 tests; of the 3, at least one is kept to validate.
  CHECK_THAT(ending.out, contains("data: BreakHis at 100x: 24 images of 8 slides\n"));
  CHECK_THAT(ending.out, contains("split random:1 by slide\n"
                                  "                 train  validation        test\n"
                                  "images              12           6           6\n"
                                  "slides               4           2           2\n"
                                  "benign               6           3           3\n"
                                  "malignant            6           3           3\n"
                                  "no slide is in two parts\n"
                                  "no case is in two parts\n"));
  CHECK_THAT(ending.out, contains("memory of a training step: 0."));
  CHECK_THAT(ending.out, contains("best.safetensors"));
  CHECK_THAT(ending.err, contains("epoch 3/3"));

  const auto epochs = saccade::report::read_json_lines(out / "metrics.jsonl");
  REQUIRE(epochs.size() == 3);
  for (std::size_t i = 0; i < epochs.size(); ++i) {
    CHECK(epochs[i].at("epoch") == i + 1);
    for (const char* name : {"learning_rate", "loss", "cross_entropy", "reward", "accuracy", "gradient_norm"})
      CHECK(epochs[i].at(name).is_number());
    CHECK(epochs[i].at("validation").at("groups") == 2);
    CHECK(epochs[i].at("validation").at("images") == 6);
  }
  CHECK(epochs[2].at("learning_rate").get<double>() == Approx(0.002 * 0.95 * 0.95));
  CHECK(epochs[0].at("validation").at("policy") == "random");
  CHECK(epochs[1].at("validation").at("policy") == "learned");
  // Equation 5 with a weight of 1.
  CHECK(epochs[0].at("loss").get<double>() ==
        Approx(epochs[0].at("cross_entropy").get<double>() - epochs[0].at("reward").get<double>()));

  const auto config = nlohmann::ordered_json::parse(text(out / "config.json"));
  CHECK(config.at("model").at("encoder").at("width") == 4);
  CHECK(config.at("training").at("epochs") == 3);
  CHECK(config.at("seed") == 1);
  CHECK(config.at("data").at("train_groups").size() == 4);
  CHECK(config.at("data").at("kind") == "breakhis");
  CHECK(config.at("data").at("magnification") == 100);
  CHECK(std::filesystem::exists(out / "checkpoint.safetensors"));
  CHECK(std::filesystem::exists(out / "best.safetensors"));
  for (const char* figure : {"loss.png", "reward.png", "accuracy.png", "gradient_norm.png"})
    CHECK(saccade::data::load_image(out / "figures" / figure).width == 800);
}

TEST_CASE("One seed gives the same bytes, with one thread and with two; another seed others", "[programs]") {
  const ScratchFolder scratch;
  const auto files = [&](const std::string& name, const Arguments& more) {
    const Ending ending = run("saccade train", training(scratch / name, 3, more));
    INFO(ending.err);
    REQUIRE(ending.code == 0);
    std::vector<std::vector<std::uint8_t>> list;
    for (const char* file : {"metrics.jsonl", "checkpoint.safetensors", "best.safetensors", "config.json"})
      list.push_back(bytes(scratch / name / file));
    return list;
  };
  const auto one = files("one", {"--threads", "1"});
  CHECK((files("again", {"--threads", "1", "--cache-mb", "0"}) == one));
  CHECK((files("two", {"--threads", "2", "--decode-threads", "2"}) == one));
  CHECK((files("recomputed", {"--threads", "1", "--recompute"}) == one));
  const auto other = files("other", {"--threads", "1", "--seed", "2"});
  CHECK((other[0] != one[0]));
  CHECK((other[1] != one[1]));
}

TEST_CASE("best.safetensors is the epoch that did best on the validation patients", "[programs]") {
  const ScratchFolder scratch;
  const auto out = scratch / "run";
  REQUIRE(run("saccade train", training(out, 6, {"--threads", "1", "--learning-rate", "0.02"})).code == 0);
  double best_rate = -1, best_loss = 0;
  int best = 0;
  for (const auto& epoch : saccade::report::read_json_lines(out / "metrics.jsonl")) {
    if (epoch.at("validation").at("policy") == "random") continue;  // its policy knows nothing yet
    const double rate = epoch.at("validation").at("group_recognition_rate").get<double>();
    const double loss = epoch.at("validation").at("cross_entropy").get<double>();
    if (rate > best_rate || (rate == best_rate && loss < best_loss)) {
      best_rate = rate;
      best_loss = loss;
      best = epoch.at("epoch").get<int>();
    }
  }
  // A run that ends with that epoch has its checkpoint there.
  REQUIRE(run("saccade train", training(scratch / "short", best, {"--threads", "1", "--learning-rate", "0.02"})).code ==
          0);
  const Ending of_best =
      run("saccade classify", {"--checkpoint", out / "best.safetensors", images_below(tiny_data())[0]});
  const Ending of_short =
      run("saccade classify", {"--checkpoint", scratch / "short/checkpoint.safetensors", images_below(tiny_data())[0]});
  REQUIRE(of_best.code == 0);
  CHECK(of_best.out == of_short.out);
}

TEST_CASE("With --split all everything trains, and the last epoch is the best", "[programs]") {
  const ScratchFolder scratch;
  const Ending ending = run("saccade train", training(scratch / "run", 2, {"--threads", "1", "--split", "all"}));
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  CHECK_THAT(ending.out, contains("images              24           0           0\n"));
  CHECK(saccade::report::read_json_lines(scratch / "run/metrics.jsonl")[0].at("validation").is_null());
  CHECK(same(scratch / "run/best.safetensors", scratch / "run/checkpoint.safetensors"));
}

TEST_CASE("A training begins with the weights of another run, and says which do not fit", "[programs]") {
  const ScratchFolder scratch;
  REQUIRE(run("saccade train", training(scratch / "first", 2, {"--threads", "1"})).code == 0);
  const Arguments start{"--threads", "1", "--start-from", scratch / "first/best.safetensors"};
  const Ending same_model = run("saccade train", training(scratch / "second", 1, start));
  INFO(same_model.err);
  REQUIRE(same_model.code == 0);
  CHECK_THAT(same_model.out, Catch::Matches("[^]*starts from: ([0-9]+) of \\1 tensors\n[^]*"));
  const auto config = nlohmann::ordered_json::parse(text(scratch / "second/config.json"));
  CHECK(config.at("start_from").at("crc32c").is_number());

  Arguments wider = start;
  wider.insert(wider.end(), {"--set", "hidden=9"});
  const Ending other_model = run("saccade train", training(scratch / "third", 1, wider));
  INFO(other_model.err);
  REQUIRE(other_model.code == 0);
  CHECK_THAT(other_model.out, contains(" tensors, not core."));

  saccade::write_file(scratch / "text", "no tensors");
  const Ending refused = run("saccade train", training(scratch / "fourth", 1, {"--start-from", scratch / "text"}));
  CHECK(refused.code == 1);
  CHECK_THAT(refused.err, contains("text\": not a valid safetensors file"));
  CHECK_FALSE(std::filesystem::exists(scratch / "fourth/config.json"));
}

TEST_CASE("An official split is read from --folds, and its leaks are told", "[programs]") {
  const ScratchFolder scratch;
  std::filesystem::create_directories(scratch / "folds");
  std::string lines;
  int number = 0;
  for (const auto& image : images_below(tiny_data())) {
    // Every third image tests, so that all eight patients are in two parts.
    lines += image.filename().string() + "|100|1|" + (++number % 3 == 0 ? "test" : "train") + "\n";
  }
  saccade::write_file(scratch / "folds/dsfold1.txt", lines);
  const Ending ending =
      run("saccade train",
          training(scratch / "run", 1, {"--threads", "1", "--split", "official:1", "--folds", scratch / "folds"}));
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  CHECK_THAT(ending.out, contains("slide 14-30001 is in train (2 images) and test (1)\n"));
}

TEST_CASE("Options may stand in a file, and the command line wins", "[programs]") {
  const ScratchFolder scratch;
  saccade::write_file(scratch / "run.toml",
                      "epochs = 1\nseed = 5\nset = [\"encoder.width=8\", \"hidden=4\", \"training.decay=0.5\"]\n");
  const Ending ending = run(
      "saccade train", {"--data", tiny_data(), "--out", scratch / "run", "--config", scratch / "run.toml", "--preset",
                        "compact", "--seed", "6", "--threads", "1", "--glimpses", "random", "--no-augmentation"});
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  const auto config = nlohmann::ordered_json::parse(text(scratch / "run/config.json"));
  CHECK(config.at("seed") == 6);
  CHECK(config.at("training").at("epochs") == 1);
  CHECK(config.at("training").at("glimpses") == "random");
  CHECK(config.at("training").at("augment") == false);
  CHECK(config.at("training").at("decay") == 0.5);
  CHECK(config.at("model").at("encoder").at("width") == 8);
  CHECK(config.at("model").at("hidden") == 4);
  const auto metrics = saccade::report::read_json_lines(scratch / "run/metrics.jsonl");
  CHECK(metrics.at(0).at("validation").at("policy") == "random");
}

TEST_CASE("Images that are the same byte for byte in two parts are told, and so is a class that is missing",
          "[programs]") {
  const ScratchFolder scratch;
  copy_data(scratch / "data");
  // A slide of each class that trains, and one that tests: the second gets the first image of the first.
  const auto config = nlohmann::json::parse([&] {
    REQUIRE(run("saccade train", training(scratch / "run", 1, {"--threads", "1"}, scratch / "data")).code == 0);
    return text(scratch / "run/config.json");
  }());
  const auto image_of = [&](const nlohmann::json& slide) {
    for (const auto& image : images_below(scratch / "data"))
      if (image.filename().string().find(slide.get<std::string>() + "-100-001") != std::string::npos) return image;
    return std::filesystem::path();
  };
  const auto& data = config.at("data");
  const auto from = image_of(data.at("train_groups")[0]), to = image_of(data.at("test_groups")[0]);
  std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing);
  const Ending equal = run("saccade train", training(scratch / "equal", 1, {"--threads", "1"}, scratch / "data"));
  CHECK_THAT(equal.out, contains(from.stem().string() + " (train) and " + to.stem().string() +
                                 " (test) are the same, byte for byte\n"));

  std::filesystem::remove_all(scratch / "data/BreaKHis_v1/histology_slides/breast/malignant");
  const Ending one = run("saccade train", training(scratch / "one", 1, {"--threads", "1"}, scratch / "data"));
  CHECK_THAT(one.err, contains("no training image is of class \"malignant\": the classifier cannot learn it\n"));
  for (const char* part : {"validation", "test"})
    CHECK_THAT(one.err, contains("no " + std::string(part) + " image is of class \"malignant\": balanced accuracy"));
}

TEST_CASE("A folder for each class trains and is evaluated as any data set", "[programs]") {
  const ScratchFolder scratch;
  make_class_folders(scratch / "data");
  const Ending ending =
      run("saccade train",
          training(scratch / "run", 2, {"--threads", "1", "--set", "training.class_weights=none"}, scratch / "data"));
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  CHECK_THAT(ending.out, contains("data: a folder for each class and part: 24 images of 3 classes\n"));
  CHECK_THAT(ending.out, contains("split given\n"));
  CHECK_THAT(ending.out, contains("cat                  5           1           2\n"));
  CHECK_THAT(ending.out, contains("each image is a group of its own"));
  const auto config = nlohmann::json::parse(text(scratch / "run/config.json"));
  CHECK(config.at("model").at("classes") == 3);
  CHECK(config.at("data").at("classes") == nlohmann::json({"ape", "bee", "cat"}));
  CHECK_FALSE(config.at("data").contains("train_groups"));
  const Ending answer = run("saccade classify",
                            {"--checkpoint", scratch / "run/best.safetensors", images_below(tiny_data())[0], "--json"});
  REQUIRE(answer.code == 0);
  CHECK(nlohmann::json::parse(answer.out).at("probabilities").contains("bee"));

  // Pictures exchanged between two parts of a run are another data set.
  std::filesystem::rename(scratch / "data/train/ape/0.png", scratch / "data/train/ape/renamed.png");
  const Ending other =
      run("saccade train", training(scratch / "run", 3, {"--threads", "1", "--resume"}, scratch / "data"));
  CHECK(other.code == 1);
  CHECK_THAT(
      last_line(other.err),
      contains("images.csv\": the run began with other images: \"train/ape/0.png\" (train) is not there any more"));
}
