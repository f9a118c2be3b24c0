#include <saccade/core/file.hpp>
#include <saccade/data/breakhis.hpp>
#include <saccade/data/image_encode.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <filesystem>
#include <string>
#include <vector>

using namespace saccade;
using namespace saccade::data;
namespace fs = std::filesystem;

namespace {

/// An empty file stands for an image: the index reads only names.
void put_image(const ScratchFolder& folder, const std::string& name, const std::string& ending) {
  const auto parsed = parse_breakhis_name(name);
  REQUIRE(parsed);
  const fs::path path = folder / breakhis_path(*parsed, ending);
  create_folders(path.parent_path());
  write_file(path, "");
}

std::vector<std::string> names_of(const std::vector<ImageRecord>& records) {
  std::vector<std::string> list;
  for (const ImageRecord& record : records) list.push_back(to_string(record));
  return list;
}

}  // namespace

TEST_CASE("names follow the scheme", "[breakhis]") {
  const auto name = parse_breakhis_name("SOB_M_DC-14-2523-100-007");
  REQUIRE(name);
  CHECK(*name == BreakhisName{1, "DC", "14-2523", 100, 7});
  CHECK(to_string(*name) == "SOB_M_DC-14-2523-100-007");
  const auto lettered = parse_breakhis_name("SOB_B_TA-14-19854C-40-1234");
  REQUIRE(lettered);
  CHECK(*lettered == BreakhisName{0, "TA", "14-19854C", 40, 1234});
  CHECK(to_string(*lettered) == "SOB_B_TA-14-19854C-40-1234");
}

TEST_CASE("other names are passed over", "[breakhis]") {
  for (const std::string stem :
       {"", "SOB", "SOB_M_", "SOB_M_DC", "SOB_M_DC-14-2523-100", "SOB_X_DC-14-2523-100-007", "SOB_B_DC-14-2523-100-007",
        "SOB_M_ZZ-14-2523-100-007", "SOB_M_DC-14-2523-100-", "SOB_M_DC-14-2523-1x0-007", "SOB_M_DC-14-2523-100-007b",
        "SOB_M_DC-14-100-007", "sob_m_dc-14-2523-100-007", "SOB_M_DC-14-2523--100-007"}) {
    INFO(stem);
    CHECK_FALSE(parse_breakhis_name(stem));
  }
}

TEST_CASE("slides with letters share a case", "[breakhis]") {
  CHECK(case_number("14-22549AB") == "14-22549");
  CHECK(case_number("14-22549G") == "14-22549");
  CHECK(case_number("14-2523") == "14-2523");
}

TEST_CASE("the index is the same wherever in the data set one points", "[breakhis]") {
  const ScratchFolder folder;
  put_image(folder, "SOB_M_DC-14-2523-100-010", ".png");
  put_image(folder, "SOB_M_DC-14-2523-100-009", ".JPG");
  put_image(folder, "SOB_B_A-14-22549AB-100-001", ".jpeg");
  put_image(folder, "SOB_B_A-14-22549AB-40-001", ".png");
  write_file(folder / "SOB_B_A-14-22549AB-100-002.txt", "not a picture");
  write_file(folder / "overview.png", "not named by the scheme");

  const std::vector<std::string> expected = {"SOB_B_A-14-22549AB-100-001", "SOB_M_DC-14-2523-100-009",
                                             "SOB_M_DC-14-2523-100-010"};
  const auto records = index_breakhis(folder.path(), 100);
  CHECK(names_of(records) == expected);
  CHECK(records[0].label == 0);
  CHECK(records[2].label == 1);
  CHECK(records[2].path.filename() == "SOB_M_DC-14-2523-100-010.png");
  CHECK(names_of(index_breakhis(folder / "BreaKHis_v1", 100)) == expected);
  CHECK(names_of(index_breakhis(folder / "BreaKHis_v1/histology_slides/breast", 100)) == expected);
  CHECK(index_breakhis(folder.path()).size() == 4);
}

TEST_CASE("an index without images says what is there", "[breakhis]") {
  const ScratchFolder folder;
  put_image(folder, "SOB_M_DC-14-2523-200-001", ".png");
  put_image(folder, "SOB_M_DC-14-2523-40-001", ".png");
  CHECK_THROWS_AS(index_breakhis(folder.path(), 100), FileError);
  CHECK_THROWS_WITH(index_breakhis(folder.path(), 100),
                    "breakhis: no image at 100x under \"" + folder.path().string() +
                        "\"; expected .../SOB/<type>/<slide>/100X/*.png (found 40X, 200X)");
  const ScratchFolder empty;
  CHECK_THROWS_WITH(index_breakhis(empty.path()), contains("no image under") && contains("(found none)"));
  CHECK_THROWS_WITH(index_breakhis(empty / "nowhere", 100),
                    "breakhis: no such folder: \"" + (empty / "nowhere").string() + '"');
}

TEST_CASE("one image in two encodings is refused", "[breakhis]") {
  const ScratchFolder folder;
  put_image(folder, "SOB_M_DC-14-2523-100-001", ".png");
  put_image(folder, "SOB_M_DC-14-2523-100-001", ".jpg");
  CHECK_THROWS_WITH(index_breakhis(folder.path()), contains("SOB_M_DC-14-2523-100-001 is there twice"));
}

TEST_CASE("a reading is named images of one magnification, with groups and what was passed over", "[breakhis]") {
  const ScratchFolder folder;
  put_image(folder, "SOB_M_DC-14-2523-100-010", ".png");
  put_image(folder, "SOB_B_A-14-22549AB-100-001", ".png");
  put_image(folder, "SOB_B_A-14-22549CD-100-001", ".png");
  put_image(folder, "SOB_B_A-14-22549AB-40-001", ".png");
  write_file(folder / "overview.png", "");
  CHECK_THROWS_WITH(read_breakhis(folder.path()), contains("has several magnifications (40, 100); choose one"));
  const Reading reading = read_breakhis(folder.path(), 100);
  const Dataset& dataset = reading.dataset;
  CHECK(dataset.name == "BreakHis at 100x: 3 images of 3 slides");
  CHECK(dataset.classes == std::vector<std::string>{"benign", "malignant"});
  CHECK(dataset.sample(0).name == "SOB_B_A-14-22549AB-100-001");
  CHECK(dataset.sample(0).group == "14-22549AB");
  CHECK(dataset.sample(2).label == 1);
  const std::string passed = describe(reading.account);
  CHECK_THAT(passed, contains("1 images of other magnifications (BreaKHis_v1/"));
  CHECK_THAT(passed, contains("1 images not named by the scheme of BreakHis (overview.png)"));
  CHECK_THAT(passed, contains("warning: 1 case has several slides (first: 14-22549), perhaps of one patient"));
  const Reading by_case = read_breakhis(folder.path(), 100, SlideGrouping::case_number);
  CHECK(by_case.dataset.sample(0).group == "14-22549");
  CHECK(by_case.dataset.grouping == "case");
  CHECK(by_case.account.warnings().empty());
}

TEST_CASE("regions are read from beside the data or above it, also by the table's old name", "[breakhis]") {
  const ScratchFolder folder;
  put_image(folder, "SOB_M_DC-14-2523-100-001", ".png");
  put_image(folder, "SOB_M_DC-14-2523-100-002", ".png");
  CHECK_FALSE(find_region_table(folder.path()));
  CHECK(read_breakhis(folder.path()).dataset.sample(0).regions.empty());
  const std::string header = "path,x,y,width,height,label\n";
  for (const char* name : {"foci.csv", "regions.csv"}) {
    write_file(folder / name, header + "a/SOB_M_DC-14-2523-100-001.png,1,2,30,40,1\r\n");
    for (const fs::path& data : {folder.path(), folder / "BreaKHis_v1", folder / "BreaKHis_v1/histology_slides"}) {
      const Reading reading = read_breakhis(data);
      CHECK(reading.dataset.sample(0).regions == std::vector<Box>{{1, 2, 30, 40}});
      CHECK(reading.dataset.sample(1).regions.empty());
      CHECK(reading.account.warnings().front() == "1 of 2 images have no region in " + std::string(name));
    }
    fs::remove(folder / name);
  }
  for (const std::string line : {"a.png,1,2,3,4", "a.png,1,2,3,4,1,5", "a.png,1,,3,4,1", "a.png", "a.png,1,2,3,4,x"}) {
    INFO(line);
    write_file(folder / "regions.csv", header + line + "\n");
    CHECK_THROWS_WITH(read_breakhis(folder.path()),
                      contains("line 2 must be path,x,y,width,height,label, but is \"" + line + '"'));
  }
}

TEST_CASE("lines of a table of regions that contradict, repeat or make no sense are refused, by number", "[breakhis]") {
  const ScratchFolder folder;
  const std::string name = "SOB_M_DC-14-2523-100-001";
  put_image(folder, name, ".png");
  write_png(read_breakhis(folder.path()).dataset.sample(0).path, RgbImage(30, 20).view());
  const auto refused = [&](const std::string& table, const std::string& sentence) {
    INFO(table);
    write_file(folder / "regions.csv", table);
    CHECK_THROWS_WITH(read_breakhis(folder.path()), contains("regions.csv\": " + sentence));
  };
  const std::string header = "path,x,y,width,height,label\n", line = name + ".png,1,2,3,4,1\n";
  refused(line, "line 1 must be path,x,y,width,height,label");
  refused("", "line 1 must be path,x,y,width,height,label");
  refused(header + line + line, "line 3 has a box of " + name + " again");
  refused(header + name + ".png,1,2,3,4,0\n", "line 2 has the label 0, which the name " + name + " contradicts");
  for (const char* box : {"-1,2,3,4,1", "1,2,0,4,1", "1,2,3,-4,1", "1,2,3,4,2"})
    refused(header + name + ".png," + box + "\n", "line 2 needs a box of at least one pixel and the label 0 or 1");
  write_file(folder / "regions.csv", "\xEF\xBB\xBF" + header + name + ".png,20,2,10,4,1\n");
  const Reading reading = read_breakhis(folder.path());
  CHECK(reading.dataset.sample(0).regions == std::vector<Box>{{20, 2, 10, 4}});
  CHECK(reading.account.warnings().empty());
  write_file(folder / "regions.csv", header + name + ".png,20,2,11,4,1\n");
  CHECK(read_breakhis(folder.path()).account.warnings() ==
        std::vector<std::string>{"1 boxes in regions.csv do not lie within their images"});
}
