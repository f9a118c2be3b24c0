#include <saccade/report/json_lines.hpp>

#include "support/catch.hpp"

#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>

#include <unistd.h>

using namespace saccade;
using namespace saccade::report;
namespace fs = std::filesystem;

namespace {

/// A folder of its own that goes with the test.
struct Folder {
  fs::path path = fs::temp_directory_path() / ("saccade_json_lines_" + std::to_string(getpid()));
  Folder() {
    fs::remove_all(path);
    fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
};

std::string content_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void write(const fs::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

}  // namespace

TEST_CASE("each object is one line, members in order, in the file at once", "[report][json_lines]") {
  const Folder folder;
  const fs::path path = folder.path / "metrics.jsonl";
  {
    JsonLinesWriter writer(path);
    writer.append({{"epoch", 1}, {"accuracy", 0.5}, {"a", "line\nfeed"}});
    CHECK(content_of(path) == "{\"epoch\":1,\"accuracy\":0.5,\"a\":\"line\\nfeed\"}\n");
  }
  JsonLinesWriter(path).append({{"epoch", 2}, {"loss", std::numeric_limits<double>::quiet_NaN()}});
  CHECK(content_of(path) == "{\"epoch\":1,\"accuracy\":0.5,\"a\":\"line\\nfeed\"}\n{\"epoch\":2,\"loss\":null}\n");
  const auto objects = read_json_lines(path);
  REQUIRE(objects.size() == 2);
  CHECK(objects[0]["a"] == "line\nfeed");
  CHECK(objects[1]["epoch"] == 2);
}

TEST_CASE("a file is cut after its first lines", "[report][json_lines]") {
  const Folder folder;
  const fs::path path = folder.path / "metrics.jsonl";
  write(path, "{\"a\":1}\n{\"a\":22}\n{\"a\":3}\n{\"a\":");  // the last line was torn by a kill
  CHECK(read_json_lines(path).size() == 3);
  truncate_json_lines(path, 3);
  CHECK(content_of(path) == "{\"a\":1}\n{\"a\":22}\n{\"a\":3}\n");
  truncate_json_lines(path, 2);
  JsonLinesWriter(path).append({{"a", 4}});
  CHECK(content_of(path) == "{\"a\":1}\n{\"a\":22}\n{\"a\":4}\n");
  truncate_json_lines(path, 0);
  CHECK(content_of(path).empty());
  truncate_json_lines(folder.path / "none.jsonl", 0);
  CHECK_FALSE(fs::exists(folder.path / "none.jsonl"));
}

TEST_CASE("a file with too few lines is refused and left alone", "[report][json_lines]") {
  const Folder folder;
  const fs::path path = folder.path / "metrics.jsonl";
  write(path, "{}\n{}");
  CHECK_THROWS_AS(truncate_json_lines(path, 2), FileError);
  CHECK_THROWS_WITH(truncate_json_lines(path, 2),
                    "\"" + path.string() + "\": expected 2 complete lines, but there are 1");
  CHECK(content_of(path) == "{}\n{}");
  CHECK_THROWS_WITH(truncate_json_lines(folder.path / "none.jsonl", 1), contains("none.jsonl\": cannot be read"));
}

TEST_CASE("a line that is no JSON is named", "[report][json_lines]") {
  const Folder folder;
  const fs::path path = folder.path / "metrics.jsonl";
  write(path, "{}\n{\"a\":\n{}\n");
  CHECK_THROWS_WITH(read_json_lines(path), "\"" + path.string() + "\": line 2 is not JSON");
}

TEST_CASE("a file that cannot be written is named with the reason", "[report][json_lines]") {
  const Folder folder;
  CHECK_THROWS_AS(JsonLinesWriter(folder.path / "no" / "metrics.jsonl"), FileError);
  CHECK_THROWS_WITH(JsonLinesWriter(folder.path / "no" / "metrics.jsonl"),
                    contains("metrics.jsonl\": cannot be written"));
  CHECK_THROWS_WITH(JsonLinesWriter(folder.path), contains("directory"));
  if (!fs::exists("/dev/full")) SKIP_TEST("no /dev/full on this system");
  JsonLinesWriter full("/dev/full");
  CHECK_THROWS_WITH(full.append({{"epoch", 1}}), "\"/dev/full\": cannot be written: No space left on device");
}
