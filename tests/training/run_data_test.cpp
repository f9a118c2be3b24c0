#include <saccade/data/image_encode.hpp>
#include <saccade/training/config_history.hpp>
#include <saccade/training/known_groups.hpp>
#include <saccade/training/run_config.hpp>
#include <saccade/training/run_data.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <set>
#include <string>
#include <vector>

using namespace saccade;

namespace {

/// Images of 40 x 30 pixels by a table of (name, label, group, part); a column is left out where all are empty.
struct Table {
  explicit Table(const std::string& table) {
    data::write_png(scratch / "wide.png", RgbImage(64, 20).view());
    data::write_png(scratch / "high.png", RgbImage(16, 48).view());
    for (int i = 0; i < 12; ++i) data::write_png(scratch / (std::to_string(i) + ".png"), RgbImage(40, 30).view());
    write_file(scratch / "manifest.csv", table);
  }
  [[nodiscard]] DataChoice choice(const std::string& split = "") const {
    return {.folder = scratch.path(), .split = split};
  }
  ScratchFolder scratch;
};

/// Twelve images of two classes in six groups.
std::string twelve() {
  std::string table = "path,label,group\n";
  for (int i = 0; i < 12; ++i)
    table += std::to_string(i) + ".png," + (i < 6 ? "a" : "b") + ",g" + std::to_string(i / 2) + "\n";
  return table;
}

}  // namespace

TEST_CASE("Training takes a validation part out of the training groups", "[data]") {
  const Table table(twelve());
  const RunData run = open_for_training(table.choice());
  CHECK(to_string(run.choice) == "random:1");
  CHECK(split_title(run) == "split random:1 by group");
  CHECK(run.validation_share == 0.15);
  CHECK(run.split.train.size() == 4);
  CHECK(run.split.validation.size() == 4);
  CHECK(run.split.test.size() == 4);
  CHECK(data::find_leaks(run.dataset, run.split).empty());
  const RunData all = open_for_training(table.choice("all"));
  CHECK(all.split.train.size() == 12);
  CHECK(all.split.test.empty());
  CHECK(all.validation_share == 0);
  const RunData evaluated = open_for_evaluation(table.choice("random:1"));
  CHECK(evaluated.split.test == run.split.test);
  CHECK(open_for_evaluation(table.choice("all")).split.test.size() == 12);
}

TEST_CASE("Parts that the data give are taken, and validation is carved where they give none", "[data]") {
  const std::string header = "path,label,split\n";
  const Table both(header + "0.png,a,train\n1.png,b,train\n2.png,a,test\n3.png,b,test\n4.png,a,validation\n");
  const RunData given = open_for_training(both.choice());
  CHECK(to_string(given.choice) == "given");
  CHECK(split_title(given) == "split given");
  CHECK(given.split.validation == std::vector<Index>{4});
  CHECK(given.validation_share == 0);
  DataChoice choice = both.choice();
  choice.validation = 0.2;
  CHECK_THROWS_WITH(
      open_for_training(choice),
      "data: the data say which images validate, so no share of the training images can be chosen as well");
  const Table carved(header + "0.png,a,train\n1.png,b,train\n2.png,a,train\n3.png,b,train\n4.png,a,test\n");
  const RunData run = open_for_training(carved.choice());
  CHECK(run.split.validation.size() == 2);
  CHECK(run.split.test == std::vector<Index>{4});
  CHECK(open_for_training(carved.choice("random:2")).split.train.size() > 0);
}

TEST_CASE("Data that nothing can be learned from are refused", "[data]") {
  const Table one("path,label\n0.png,a\n1.png,a\n"), none("path\n0.png\n"),
      tested("path,label,split\n0.png,a,test\n1.png,b,test\n");
  CHECK_THROWS_WITH(open_for_training(one.choice()), contains("has one class only, a; expected two or more to tell"));
  CHECK_THROWS_WITH(open_for_training(none.choice()), contains("has no classes; expected two or more to tell apart"));
  CHECK_THROWS_WITH(open_for_training(tested.choice()), contains("data: split given leaves no training image under"));
  const Table trained("path,label,split\n0.png,a,train\n1.png,b,train\n");
  CHECK_THROWS_WITH(open_for_evaluation(trained.choice()), contains("data: split given leaves no test image under"));
  DataChoice choice = one.choice();
  choice.validation = 1.0;
  CHECK_THROWS_WITH(open_for_training(choice), "data: the validation share must be at least 0 and less than 1");
  CHECK_THROWS_WITH(open_for_training(one.choice("official:1")), contains("official splits are of BreakHis"));
}

TEST_CASE("An evaluation counts labels in the model's classes", "[data]") {
  const Table table("path,label\n0.png,b\n1.png,d\n");
  const RunData run = open_for_evaluation(table.choice("all"), {"a", "b", "c", "d"});
  CHECK(run.sample(0).label == 1);
  CHECK(run.sample(1).label == 3);
  CHECK(run.dataset.classes.size() == 4);
  CHECK_THROWS_WITH(open_for_evaluation(table.choice("all"), {"a", "b"}),
                    "data: image 1.png is of the class d, but those known are a, b");
}

TEST_CASE("A thumbnail covers the largest image and is no larger than the smallest", "[data]") {
  const Table table("path,label\nwide.png,a\nhigh.png,b\n0.png,a\n");
  HybridAttentionConfig model = compact_preset();
  model.sensor.side = 16;
  model = with_thumbnail_over(model, open_for_training(table.choice("all")).dataset);
  CHECK(model.glance.side == 16);
  CHECK(model.glance.covers() == 64);
  model.sensor.side = 18;  // the high image is a bad one then
  model.glance.side = 88;
  CHECK(with_thumbnail_over(model, open_for_training(table.choice("all")).dataset).glance.side == 20);
}

TEST_CASE("An image of a wrong size is refused by its header", "[data]") {
  const ScratchFolder folder;
  // The header of a PNG of 11585 x 11585 pixels, and no pixels: a decoder would call it damaged.
  std::vector<std::uint8_t> bytes{0x89, 'P',  'N',  'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13, 'I', 'H', 'D', 'R', 0,
                                  0,    0x2d, 0x41, 0,   0,    0x2d, 0x41, 8,    2, 0, 0, 0,  0,   0,   0,   0};
  write_file(folder / "a.png", bytes);
  HybridAttentionConfig model = compact_preset();
  CHECK_THROWS_WITH(
      load_image_for(folder / "a.png", model),
      contains("an image of 11585 x 11585 pixels; expected at most the 704 x 704 that the model's thumbnail"));
}

TEST_CASE("Groups that a model has learned from are known again", "[data]") {
  const Table table(twelve());
  const RunData trained = open_for_training(table.choice());
  const nlohmann::ordered_json json = describe_data(trained);
  CHECK(known_groups(open_for_evaluation(table.choice("random:1")), json).empty());
  CHECK(known_groups(open_for_evaluation(table.choice("all")), json).size() == 4);
  CHECK(known_groups(open_for_evaluation(table.choice("all")), nlohmann::ordered_json::object()).empty());
}

TEST_CASE("Images that a model has learned from are known again by making its split once more", "[data]") {
  std::string rows = "path,label\n";
  for (int i = 0; i < 12; ++i) rows += std::to_string(i) + ".png," + (i < 6 ? "a" : "b") + "\n";
  const Table table(rows);
  const RunData trained = open_for_training(table.choice("random:3"));
  const nlohmann::ordered_json json = describe_data(trained);
  CHECK_FALSE(json.contains("train_groups"));
  CHECK(known_groups(open_for_evaluation(table.choice("random:3")), json).empty());
  CHECK(known_groups(open_for_evaluation(table.choice("all")), json).size() ==
        trained.split.train.size() + trained.split.validation.size());
  write_file(table.scratch / "manifest.csv", rows.substr(0, rows.rfind("11.png")));
  CHECK(known_groups(open_for_evaluation(table.choice("all")), json).empty());  // other images than the training's
}

TEST_CASE("What decides a run's data is written down by kind", "[data]") {
  const Table table(twelve());
  const nlohmann::ordered_json json = describe_data(open_for_training(table.choice()));
  CHECK(json.at("kind") == "manifest");
  CHECK(json.at("classes") == nlohmann::ordered_json({"a", "b"}));
  CHECK(json.at("group") == "group");
  CHECK(json.at("images").at("train") == 4);
  CHECK(json.at("fingerprint").at("train").get<std::string>().size() == 16);
  CHECK(json.at("test_groups").size() == 2);
  CHECK_FALSE(json.contains("magnification"));
}

TEST_CASE("The data of older runs are told in today's form", "[data]") {
  const nlohmann::ordered_json old{{"magnification", 40}, {"split", "all"}, {"train_patients", {"14-1"}}};
  const nlohmann::ordered_json now = current_data_description(old);
  CHECK(now == nlohmann::ordered_json{{"kind", "breakhis"},
                                      {"classes", {"benign", "malignant"}},
                                      {"magnification", 40},
                                      {"split", "all"},
                                      {"train_groups", {"14-1"}}});
  CHECK(current_data_description(now) == now);
  CHECK(current_data_description(nlohmann::ordered_json::object()).empty());
}
