#include <saccade/core/file.hpp>
#include <saccade/data/image_encode.hpp>
#include <saccade/data/manifest.hpp>
#include <saccade/data/split.hpp>

#include "data/shared_location.hpp"
#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <set>
#include <string>
#include <vector>

using namespace saccade;
using namespace saccade::data;

namespace {

/// A folder with images a.png, b.png and "c, d.png" of 40 x 30 pixels, and a table.
struct Folder {
  explicit Folder(const std::string& table) {
    for (const char* name : {"a.png", "b.png", "c, d.png"}) write_png(scratch / name, RgbImage(40, 30).view());
    write_file(scratch / "manifest.csv", table);
  }
  [[nodiscard]] Reading read() const { return read_manifest(scratch / "manifest.csv"); }
  ScratchFolder scratch;
};

/// What is wrong with a table, behind its path.
void check_table_refused(const std::string& table, const std::string& sentence) {
  INFO(table);
  const Folder folder(table);
  CHECK_THROWS_WITH(folder.read(), '"' + (folder.scratch / "manifest.csv").string() + "\": " + sentence);
}

}  // namespace

TEST_CASE("a manifest says labels, groups, parts and boxes", "[manifest]") {
  const Folder folder(
      "\xEF\xBB\xBFsplit,label,path,x,y,width,height,group\r\n"
      "test,monocyte,\"c, d.png\",,,,,s2\r\n"
      "train,monocyte,./b.png,1,2,3,4,s1\r\n"
      "train,basophil,a.png,0,0,40,30,s1\r\n"
      "train,monocyte,b.png,39,29,1,1,s1\r\n");
  const Dataset dataset = folder.read().dataset;
  CHECK(dataset.kind == "manifest");
  CHECK(dataset.grouping == "group");
  CHECK(dataset.name == "manifest.csv: 3 images of 2 classes, 2 groups");
  CHECK(dataset.classes == std::vector<std::string>{"basophil", "monocyte"});
  REQUIRE(dataset.size() == 3);
  const Sample &a = dataset.sample(0), &b = dataset.sample(1), &c = dataset.sample(2);
  CHECK(a.name == "a.png");
  CHECK(a.label == 0);
  CHECK(a.regions == std::vector<Box>{{0, 0, 40, 30}});
  CHECK(b.path == folder.scratch / "b.png");
  CHECK(b.label == 1);
  CHECK(b.group == "s1");
  CHECK(b.regions == std::vector<Box>{{1, 2, 3, 4}, {39, 29, 1, 1}});
  CHECK(b.part == Part::train);
  CHECK(c.name == "c, d.png");
  CHECK(c.part == Part::test);
  CHECK(c.regions.empty());
  CHECK(describe(folder.read().account).empty());
}

TEST_CASE("without groups each image is one, and without labels it has no class", "[manifest]") {
  const Folder folder("path\nb.png\na.png\n");
  const Reading reading = folder.read();
  CHECK(reading.dataset.grouping == "image");
  CHECK(reading.dataset.sample(1).group == "b.png");
  CHECK(reading.dataset.sample(0).label == -1);
  CHECK(reading.dataset.classes.empty());
  CHECK(describe(reading.account) == "warning: 2 of 2 images have no label: they are in no part\n");
}

TEST_CASE("whole numbers are classes in their order", "[manifest]") {
  const Folder folder("path,label\na.png,10\nb.png,9\n");
  CHECK(folder.read().dataset.classes == std::vector<std::string>{"9", "10"});
  const Folder mixed("path,label\na.png,10\nb.png,9a\n");
  CHECK(mixed.read().dataset.classes == std::vector<std::string>{"10", "9a"});
}

TEST_CASE("images that are not there are passed over by name", "[manifest]") {
  const Folder folder("path,label\na.png,1\ngone.png,1\n");
  const Reading reading = folder.read();
  CHECK(reading.dataset.size() == 1);
  CHECK(describe(reading.account) == "passed over: 1 images that the table names, but that are not there (gone.png)\n");
  check_table_refused("path\ngone.png\nlost.png\n",
                      "names 2 images, and none of them is there; paths are relative to the table's folder");
}

TEST_CASE("a manifest that contradicts itself is refused with its line", "[manifest]") {
  const std::string header = "path,label,group,split,x,y,width,height\n";
  check_table_refused("", "is empty; expected a line of column names");
  check_table_refused(
      "path,colour\n",
      "line 1: the column \"colour\" is not known; expected path and any of label, group, split, x, y, width, "
      "height, divided by commas");
  check_table_refused(
      "path;label\n",
      "line 1: the column \"path;label\" is not known; expected path and any of label, group, split, x, y, "
      "width, height, divided by commas");
  check_table_refused("path,label,label\n", "line 1: the column \"label\" is there twice");
  check_table_refused("label,group\n", "line 1: there is no column \"path\"");
  check_table_refused("path,x,y,width\n", "line 1: a box needs all of x, y, width and height");
  check_table_refused("path,label\na.png\n", "line 2: 1 fields, but the first line names 2 columns");
  check_table_refused("path,label\n\na.png,1,2\n", "line 3: 3 fields, but the first line names 2 columns");
  check_table_refused("path,label\n,1\n", "line 2: the path is empty");
  check_table_refused("path,group\na.png,\n", "line 2: the group is empty");
  check_table_refused("path,label\na.png,caf\xE9\n", "line 2: label and group must be UTF-8");
  check_table_refused("path,split\na.png,dev\n", "line 2: split must be train, validation or test, but is \"dev\"");
  check_table_refused(header + "a.png,1,g,train,1,2,3,\n", "line 2: a box needs all of x, y, width and height");
  for (const std::string x : {"-1", "1.5", "0x1", " 1", "1e2", "99999999999999999999"}) {
    check_table_refused(header + "a.png,1,g,train," + x + ",2,3,4\n",
                        "line 2: x must be a whole number of pixels, at least 0, but is \"" + x + '"');
  }
  check_table_refused(header + "a.png,1,g,train,1,2,3,0\n",
                      "line 2: height must be a whole number of pixels, at least 1, but is \"0\"");
  check_table_refused(header + "a.png,1,g,train,1,2,3,4\nb.png,1,g,train,,,,\na.png,2,g,train,5,6,7,8\n",
                      "line 4: another label for \"a.png\" than in line 2");
  check_table_refused(header + "a.png,1,g,train,1,2,3,4\na.png,1,h,train,5,6,7,8\n",
                      "line 3: another group for \"a.png\" than in line 2");
  check_table_refused(header + "a.png,1,g,train,1,2,3,4\na.png,1,g,test,5,6,7,8\n",
                      "line 3: another split for \"a.png\" than in line 2");
  check_table_refused("path\na.png\n./a.png\n",
                      "line 3: names \"a.png\" again, as line 2 does, but not with another box");
  check_table_refused(header + "a.png,1,g,train,1,2,3,4\na.png,1,g,train,1,2,3,4\n",
                      "line 3: names \"a.png\" again, as line 2 does, but not with another box");
}

TEST_CASE("a box outside its image is refused with its line", "[manifest]") {
  const std::string header = "path,x,y,width,height\na.png,0,0,40,30\n";
  for (const std::string box :
       {"40,0,1,1", "0,30,1,1", "39,0,2,1", "0,0,40,31", "9223372036854775807,0,1,1", "0,0,9223372036854775807,1"}) {
    INFO(box);
    const Folder folder(header + "b.png," + box + "\n");
    CHECK_THROWS_WITH(folder.read(), contains("line 3: the box at (") && contains("within \"b.png\" of 40 x 30"));
  }
}

TEST_CASE("a header is known for that of a manifest or not", "[manifest]") {
  CHECK(is_manifest(Folder("path,label\n").scratch / "manifest.csv"));
  CHECK_FALSE(is_manifest(Folder("path,type\n").scratch / "manifest.csv"));
  CHECK_FALSE(is_manifest(Folder("").scratch / "manifest.csv"));
}

TEST_CASE("the blood cells beside the checkout are four classes with a box each", "[manifest]") {
  const auto path = shared_location("blood") / "manifest.csv";
  if (!std::filesystem::exists(path)) SKIP_TEST("no " << path);
  const Reading reading = read_manifest(path);
  const Dataset& dataset = reading.dataset;
  CHECK(describe(reading.account).empty());
  CHECK(dataset.size() == 276);
  CHECK(dataset.classes == std::vector<std::string>{"eosinophil", "lymphocyte", "monocyte", "neutrophil"});
  for (const Sample& sample : dataset.samples) CHECK(sample.regions.size() == 1);
  CHECK(dataset.sample(0).regions.front() == Box{260, 177, 231, 199});
  // A smear holds several classes; the rarest, 15 monocytes of 276, is in both parts of every split all the same.
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Split split = random_split(dataset, seed);
    for (const auto* part : {&split.train, &split.test}) {
      std::set<Index> labels;
      for (const Index i : *part) labels.insert(dataset.sample(i).label);
      CHECK(labels.size() == 4);
    }
  }
}
