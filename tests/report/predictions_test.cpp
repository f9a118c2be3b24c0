#include <saccade/report/predictions.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <string>
#include <vector>

using namespace saccade;
using namespace saccade::report;

TEST_CASE("predictions.jsonl holds an image a line, and is read as it was written", "[report][predictions]") {
  const ScratchFolder folder;
  const std::vector<PredictionRecord> records{{.policy = "learned",
                                               .image = "a",
                                               .group = "p",
                                               .truth = 1,
                                               .width = 700,
                                               .height = 460,
                                               .locations = {{0.25, -1}, {1.0 / 3, 0}},
                                               .probabilities = {{0.5, 0.5}, {0.25, 0.75}},
                                               .regions = {{1, 2, 3, 4}, {5, 6, 7, 8}}},
                                              {.policy = "random",
                                               .image = "b",
                                               .truth = 0,
                                               .width = 1,
                                               .height = 2,
                                               .locations = {{0, 0}},
                                               .probabilities = {{1, 0, 0}}}};
  write_predictions(folder / "p.jsonl", records);
  const std::vector<std::uint8_t> bytes = read_file(folder / "p.jsonl");
  CHECK(std::string(bytes.begin(), bytes.end()) ==
        "{\"policy\":\"learned\",\"image\":\"a\",\"group\":\"p\",\"truth\":1,\"size\":[700,460],"
        "\"locations\":[[0.25,-1.0],[0.333333,0.0]],\"probabilities\":[[0.5,0.5],[0.25,0.75]],\"regions\":[[1,2,3,4],["
        "5,6,7,8]]}\n"
        "{\"policy\":\"random\",\"image\":\"b\",\"truth\":0,\"size\":[1,2],\"locations\":[[0.0,0.0]],"
        "\"probabilities\":[[1.0,0.0,0.0]]}\n");
  const std::vector<PredictionRecord> read = read_predictions(folder / "p.jsonl");
  REQUIRE(read.size() == 2);
  CHECK(read[0].policy == "learned");
  CHECK(read[0].group == "p");
  CHECK(read[0].predicted() == 1);
  CHECK(read[0].locations[1].x == 0.333333);
  CHECK((read[0].regions == records[0].regions));
  CHECK(read[1].group.empty());
  CHECK(read[1].regions.empty());
  CHECK(read[1].predicted() == 0);
  CHECK(read[1].height == 2);
}

TEST_CASE("a line that tells no prediction is named", "[report][predictions]") {
  const ScratchFolder folder;
  const std::string whole =
      "{\"policy\":\"a\",\"image\":\"b\",\"truth\":0,\"size\":[1,1],\"locations\":[],\"probabilities\":[[1,0]]}\n";
  write_file(folder / "p.jsonl", whole);
  CHECK(read_predictions(folder / "p.jsonl").size() == 1);
  for (const std::string damaged :
       {"{}", "[]",
        "{\"policy\":\"a\",\"image\":\"b\",\"truth\":2,\"size\":[1,1],\"locations\":[],\"probabilities\":[[1,0]]}",
        "{\"policy\":\"a\",\"image\":\"b\",\"truth\":0,\"size\":[1,1],\"locations\":[],\"probabilities\":[]}",
        "{\"policy\":\"a\",\"image\":\"b\",\"truth\":0,\"size\":[0,1],\"locations\":[],\"probabilities\":[[1,0]]}",
        "{\"policy\":\"a\",\"image\":\"b\",\"truth\":0,\"size\":[1,1],\"locations\":[[1]],\"probabilities\":[[1,0]]"
        "}",
        // Numbers that are not whole, or too large for one.
        "{\"policy\":\"a\",\"image\":\"b\",\"truth\":0.5,\"size\":[1,1],\"locations\":[],\"probabilities\":[[1,0]]}",
        "{\"policy\":\"a\",\"image\":\"b\",\"truth\":0,\"size\":[1e30,1],\"locations\":[],\"probabilities\":[[1,0]]}",
        "{\"policy\":\"a\",\"image\":\"b\",\"truth\":0,\"size\":[1,1],\"locations\":[],\"probabilities\":[[1,0]],"
        "\"regions\":[[1,2,9223372036854775808,4]]}"}) {
    INFO(damaged);
    write_file(folder / "p.jsonl", whole + damaged + "\n");
    CHECK_THROWS_WITH(read_predictions(folder / "p.jsonl"),
                      contains("p.jsonl\": line 2 does not say what was predicted of an image"));
  }
  CHECK_THROWS_AS(read_predictions(folder / "none.jsonl"), FileError);
}

TEST_CASE("probabilities and locations that no model gives are refused", "[report][predictions]") {
  const ScratchFolder folder;
  const auto read = [&](const std::string& location, const std::string& probabilities) {
    write_file(folder / "p.jsonl", "{\"policy\":\"a\",\"image\":\"b\",\"truth\":0,\"size\":[9,9],\"locations\":[[" +
                                       location + ",0]],\"probabilities\":[[" + probabilities + "]]}\n");
    return read_predictions(folder / "p.jsonl").size();
  };
  CHECK(read("1", "0.25,0.75") == 1);
  for (const char* probabilities : {"1e308,0", "-0.5,0.5", "1.5,0"})
    CHECK_THROWS_WITH(read("1", probabilities), contains("line 1 does not say what was predicted of an image"));
  CHECK_THROWS_WITH(read("1e300", "1,0"), contains("line 1 does not say what was predicted of an image"));
}

TEST_CASE("a file of before groups and regions is read", "[report][predictions]") {
  const ScratchFolder folder;
  write_file(folder / "p.jsonl",
             std::string("{\"policy\":\"a\",\"image\":\"b\",\"patient\":\"p\",\"truth\":0,\"size\":[9,9],"
                         "\"locations\":[],\"probabilities\":[[1,0]],\"focus\":[1,2,3,4]}\n"));
  const PredictionRecord record = read_predictions(folder / "p.jsonl").front();
  CHECK(record.group == "p");
  CHECK((record.regions == std::vector<Box>{{1, 2, 3, 4}}));
}
