#include <saccade/core/file.hpp>
#include <saccade/data/class_folders.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <string>
#include <vector>

using namespace saccade;
using namespace saccade::data;

namespace {

/// Empty files stand for images: the reader reads only names.
struct Tree {
  Tree(std::initializer_list<const char*> files) {
    for (const char* file : files) {
      create_folders((scratch / file).parent_path());
      write_file(scratch / file, "");
    }
  }
  [[nodiscard]] Reading read() const { return read_class_folders(scratch.path()); }
  ScratchFolder scratch;
};

}  // namespace

TEST_CASE("a folder for each class", "[folders]") {
  const Tree tree{"dog/2.png", "cat/1.jpg", "cat/10.png", "readme.txt", "overview.png", "dog/.hidden.png"};
  const Reading reading = tree.read();
  const Dataset& dataset = reading.dataset;
  CHECK(dataset.kind == "folders");
  CHECK(dataset.grouping == "image");
  CHECK(dataset.name == "a folder for each class: 3 images of 2 classes");
  CHECK(dataset.classes == std::vector<std::string>{"cat", "dog"});
  REQUIRE(dataset.size() == 3);
  CHECK(dataset.sample(0).name == "cat/1.jpg");
  CHECK(dataset.sample(1).name == "cat/10.png");
  CHECK(dataset.sample(2).name == "dog/2.png");
  CHECK(dataset.sample(2).label == 1);
  CHECK(dataset.sample(2).group == "dog/2.png");
  CHECK_FALSE(dataset.sample(2).part);
  CHECK(describe(reading.account) ==
        "passed over: 1 hidden files (dog/.hidden.png)\n"
        "passed over: 1 files that are not .png, .jpg or .jpeg (readme.txt)\n"
        "passed over: 1 images that are in no folder of a class (overview.png)\n");
}

TEST_CASE("train, validation and test may stand above the classes", "[folders]") {
  const Tree tree{"train/cat/1.png", "train/dog/2.png", "val/dog/3.png", "test/cat/4.png", "extra/5.png", "test/6.png"};
  const Reading reading = tree.read();
  const Dataset& dataset = reading.dataset;
  CHECK(dataset.classes == std::vector<std::string>{"cat", "dog"});
  REQUIRE(dataset.size() == 4);
  CHECK(dataset.sample(0).name == "test/cat/4.png");
  CHECK(dataset.sample(0).part == Part::test);
  CHECK(dataset.sample(0).label == 0);
  CHECK(dataset.sample(2).part == Part::train);
  CHECK(dataset.sample(3).part == Part::validation);
  CHECK(dataset.sample(3).label == 1);
  CHECK(dataset.name == "a folder for each class and part: 4 images of 2 classes");
  CHECK(describe(reading.account) ==
        "passed over: 1 images outside train, validation and test (extra/5.png)\n"
        "passed over: 1 images that are in no folder of a class (test/6.png)\n");
}

TEST_CASE("a class may be called test", "[folders]") {
  const Dataset dataset = Tree{"control/1.png", "test/2.png"}.read().dataset;
  CHECK(dataset.classes == std::vector<std::string>{"control", "test"});
  CHECK_FALSE(dataset.sample(0).part);
}

TEST_CASE("a folder within a class is a group, also of two classes", "[folders]") {
  const Dataset dataset = Tree{"cat/ward 3/a/1.png", "dog/ward 3/2.png", "dog/3.png"}.read().dataset;
  CHECK(dataset.grouping == "folder");
  CHECK(dataset.sample(0).group == "ward 3");
  CHECK(dataset.sample(1).group == "dog/3.png");
  CHECK(dataset.sample(2).group == "ward 3");
  CHECK(dataset.name == "a folder for each class: 3 images of 2 classes, 2 folders as groups");
}

TEST_CASE("a folder without folders of classes is refused", "[folders]") {
  const Tree flat{"1.png", "2.png"}, divided{"train/1.png", "test/2.png"};
  CHECK_THROWS_WITH(flat.read(), "data: \"" + flat.scratch.path().string() +
                                     "\" has no folder with images for each class, but 2 images in it");
  CHECK_THROWS_WITH(divided.read(), contains("but 2 images directly in its parts"));
  const Tree latin{"caf\xE9/1.png"};
  CHECK_THROWS_WITH(latin.read(), contains("the name of a class must be UTF-8, but is \"caf\xEF\xBF\xBD\""));
}

TEST_CASE("a folder named much like a part is refused beside another", "[folders]") {
  CHECK_THROWS_WITH(
      (Tree{"Train/cat/1.png", "Train/dog/2.png", "Test/cat/3.png"}.read()),
      contains("/Test\" is named much like a part of the data; parts are train, validation (val, valid)"));
  CHECK_THROWS_WITH((Tree{"train/cat/1.png", "train/dog/2.png", "testing/cat/3.png"}.read()),
                    contains("/testing\" is named much like a part"));
  // A class may be called so.
  CHECK(Tree{"Train/1.png", "Car/2.png"}.read().dataset.classes == std::vector<std::string>{"Car", "Train"});
  CHECK(Tree{"Train/wagon/1.png", "Car/2.png"}.read().dataset.classes == std::vector<std::string>{"Car", "Train"});
}

TEST_CASE("classes whose names hardly differ are told", "[folders]") {
  const Reading reading = Tree{"Benign/1.png", "benign/2.png", "malignant/3.png"}.read();
  CHECK(reading.dataset.classes.size() == 3);
  CHECK(describe(reading.account) ==
        "warning: the classes \"Benign\" and \"benign\" are two, and their names hardly differ\n");
  CHECK(alike_classes({"a", "b", " A "}) == "the classes \"a\" and \" A \" are two, and their names hardly differ");
  CHECK(alike_classes({"a", "b"}).empty());
}
