#include <saccade/core/file.hpp>
#include <saccade/data/breakhis.hpp>
#include <saccade/data/official_split.hpp>
#include <saccade/data/split_report.hpp>

#include "data/breakhis_location.hpp"
#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <array>
#include <fstream>
#include <string>
#include <vector>

using namespace saccade;
using namespace saccade::data;

namespace {

Split official_split(const Dataset& dataset, const std::filesystem::path& file) {
  Account account;
  return data::official_split(dataset, file, account);
}

Dataset named(const std::vector<std::string>& names) {
  std::vector<ImageRecord> records;
  for (const std::string& name : names) records.push_back({parse_breakhis_name(name).value(), {}});
  return breakhis_dataset(records, SlideGrouping::slide);
}

}  // namespace

TEST_CASE("an official split is read by name, whatever the ending", "[split]") {
  const ScratchFolder folder;
  create_folders(folder / "folds");
  create_folders(folder / "data");
  write_file(folder / "folds/dsfold2.txt",
             "SOB_B_A-14-1-100-001.png|100|2|train\r\nSOB_M_DC-14-3-100-001.png|100|2|test\n"
             "SOB_M_DC-14-3-40-001.png|40|2|test\n");
  const Dataset dataset = named({"SOB_B_A-14-1-100-001", "SOB_M_DC-14-3-100-001"});
  for (const auto& [data, folds] : {std::pair<std::filesystem::path, std::filesystem::path>{folder.path(), {}},
                                    {folder / "data", {}},
                                    {"nowhere", folder / "folds"}}) {
    const Split split = official_split(dataset, find_official_split(2, data, folds));
    CHECK(split.train == std::vector<Index>{0});
    CHECK(split.test == std::vector<Index>{1});
  }
  CHECK_THROWS_WITH(official_split(named({"SOB_B_A-14-9-100-001"}), folder / "folds/dsfold2.txt"),
                    contains("does not name image SOB_B_A-14-9-100-001"));
  CHECK_THROWS_WITH(find_official_split(3, folder.path()), contains("breakhis: no dsfold3.txt in"));
  CHECK_THROWS_WITH(find_official_split(3, folder.path(), folder / "folds"),
                    contains("no dsfold3.txt in") && contains("folds"));
  write_file(folder / "folds/dsfold2.txt",
             "SOB_B_A-14-1-100-001.png|100|2|train\nSOB_B_A-14-1-100-001.png;100;2;test\n");
  CHECK_THROWS_WITH(official_split(dataset, folder / "folds/dsfold2.txt"),
                    contains("line 2 must be name|magnification"));
}

TEST_CASE("lines of an official split that contradict, repeat or make no sense are refused, by number", "[split]") {
  const ScratchFolder folder;
  const Dataset dataset = named({"SOB_B_A-14-1-100-001", "SOB_M_DC-14-3-100-001"});
  const std::string first = "SOB_B_A-14-1-100-001.png|100|2|train\n";
  const auto refused = [&](const std::string& line, const std::string& sentence) {
    INFO(line);
    write_file(folder / "dsfold2.txt", first + line + "\n");
    CHECK_THROWS_WITH(official_split(dataset, folder / "dsfold2.txt"), contains("dsfold2.txt\": line 2 " + sentence));
  };
  refused("SOB_B_A-14-1-100-001.png|100|2|test", "names SOB_B_A-14-1-100-001 again: it is in train by line 1");
  refused("SOB_B_A-14-1-100-001.png|100|2|train", "names SOB_B_A-14-1-100-001 again: it is in train by line 1");
  refused("SOB_M_DC-14-3-100-001.png|100|3|test", "is of fold 3, but those above are of fold 2");
  refused("SOB_M_DC-14-3-100-001.png|40|2|test", "has the magnification 40, but its image is SOB_M_DC-14-3-100-001");
  refused("picture.png|100|2|test", "names \"picture.png\", which is no image of BreakHis");
  refused("SOB_M_DC-14-3-100-001.png|100|2|Test", "must be name|magnification|fold|train or test, but is \"SOB_M");
  refused("SOB_M_DC-14-3-100-001.png|100|2", "must be name|magnification|fold|train or test, but is \"SOB_M");
  refused("SOB_M_DC\xFF", "must be name|magnification|fold|train or test, but is \"SOB_M_DC\xEF\xBF\xBD\"");
}

TEST_CASE("a byte order mark of a split is passed over, and images that are not there are counted", "[split]") {
  const ScratchFolder folder;
  write_file(folder / "dsfold1.txt",
             "\xEF\xBB\xBFSOB_B_A-14-1-100-001.png|100|1|train\nSOB_M_DC-14-3-100-001.png|100|1|test\n"
             "SOB_M_DC-14-3-100-002.png|100|1|test\nSOB_M_DC-14-3-40-001.png|40|1|test\n");
  const Dataset dataset = named({"SOB_B_A-14-1-100-001", "SOB_M_DC-14-3-100-001"});
  Account account;
  const Split split = data::official_split(dataset, folder / "dsfold1.txt", account);
  CHECK(split.train == std::vector<Index>{0});
  CHECK(split.test == std::vector<Index>{1});
  CHECK(describe(account) ==
        "passed over: 1 images that dsfold1.txt names, but that are not there (SOB_M_DC-14-3-100-002)\n");
}

TEST_CASE("official splits 1, 3 and 5 of BreakHis have slide 14-13412 on both sides", "[split]") {
  const auto folds = breakhis_location() / "folds";
  if (!std::filesystem::exists(folds / "dsfold1.txt")) SKIP_TEST("no dsfold1.txt in " << folds);
  std::vector<std::string> names;
  std::ifstream file(folds / "dsfold1.txt");
  for (std::string line; std::getline(file, line);) names.push_back(line.substr(0, line.find(".png")));
  const Dataset dataset = named(names), by_case = regrouped_breakhis(dataset, SlideGrouping::case_number);
  CHECK(dataset.size() == 7909);
  for (const std::uint64_t fold : {1u, 2u, 3u, 4u, 5u}) {
    INFO(fold);
    const Split split = official_split(dataset, find_official_split(fold, "nowhere", folds));
    CHECK(find_leaks(by_case, split).size() > 1);
    const auto leaks = find_leaks(dataset, split);
    if (fold == 2 || fold == 4) {
      CHECK(leaks.empty());
      continue;
    }
    REQUIRE(leaks.size() == 1);
    CHECK(leaks[0].group == "14-13412");
    CHECK(leaks[0].images[0] > 0);
    CHECK(leaks[0].images[2] > 0);
  }
  CHECK(find_leaks(dataset, random_split(dataset, 1)).empty());
}
