#include <saccade/core/file.hpp>
#include <saccade/data/annotations.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <string>
#include <vector>

using namespace saccade;
using namespace saccade::data;

TEST_CASE("what is known of an image is found in a table above it", "[annotations]") {
  const ScratchFolder folder;
  create_folders(folder / "a/b");
  for (const char* name : {"a/b/1.png", "a/2.png", "a/3.png"}) write_file(folder / name, "");
  write_file(folder / "manifest.csv", "path,label,x,y,width,height\na/b/1.png,cat,1,2,3,4\na/b/1.png,cat,5,6,7,8\n");
  write_file(folder / "a/manifest.csv", "path,label\n2.png,dog\n");
  Annotations annotations;
  CHECK(annotations.find(folder / "a/b/1.png").label == "cat");
  CHECK(annotations.find(folder / "a/b/../b/1.png").regions == std::vector<Box>{{1, 2, 3, 4}, {5, 6, 7, 8}});
  CHECK(annotations.find(folder / "a/2.png").label == "dog");
  CHECK(annotations.find(folder / "a/2.png").regions.empty());
  CHECK(annotations.find(folder / "a/3.png").label.empty());
  CHECK(annotations.find(folder / "nowhere.png").label.empty());
}

TEST_CASE("images named as in BreakHis tell their class, and a table their region", "[annotations]") {
  const ScratchFolder folder;
  create_folders(folder / "deep/100X");
  const auto image = folder / "deep/100X/SOB_M_DC-14-2523-100-001.png";
  write_file(image, "");
  CHECK(Annotations().find(image).label == "malignant");
  CHECK(Annotations().find(image).regions.empty());
  for (const char* name : {"foci.csv", "regions.csv"}) {
    write_file(folder / name, "path,x,y,width,height,label\nx/SOB_M_DC-14-2523-100-001.png,1,2,3,4,1\n");
    CHECK(Annotations().find(image).regions == std::vector<Box>{{1, 2, 3, 4}});
    std::filesystem::remove(folder / name);
  }
  write_file(folder / "deep/manifest.csv", "path,type\n");  // another program's table
  CHECK(Annotations().find(image).label == "malignant");
}
