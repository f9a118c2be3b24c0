#include <saccade/core/file.hpp>
#include <saccade/data/content_sum.hpp>
#include <saccade/data/inventory.hpp>

#include "support/catch.hpp"
#include "support/limits.hpp"
#include "support/scratch_folder.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

#include <sys/stat.h>

using namespace saccade;
using namespace saccade::data;
namespace fs = std::filesystem;

namespace {

/// Four files: two images train, one validates, one tests.
struct Files {
  ScratchFolder folder;
  Dataset dataset{.name = "four", .kind = "own", .classes = {"cat", "dog"}};
  Split split{.train = {0, 1}, .validation = {2}, .test = {3}};

  Files() {
    for (Index i = 0; i < 4; ++i) {
      const std::string name = std::to_string(i) + ".png";
      write_file(folder / name, "content " + std::to_string(i));
      dataset.samples.push_back(
          {.name = name, .path = folder / name, .label = i % 2, .group = "g" + std::to_string(i)});
    }
  }
};

}  // namespace

TEST_CASE("the sum of a file is that of its bytes", "[data][inventory]") {
  const ScratchFolder folder;
  write_file(folder / "a", "123456789");
  const ContentSum sum = content_sum(folder / "a");
  CHECK(sum.sum == "e3069283");  // RFC 3720
  CHECK(sum.bytes == 9);
  // More than one block.
  write_file(folder / "b", std::string(3 << 20, '\0'));
  write_file(folder / "c", std::string((3 << 20) - 1, '\0') + "x");
  CHECK(content_sum(folder / "b").sum != content_sum(folder / "c").sum);
  CHECK(content_sum(folder / "b").bytes == 3 << 20);
  write_file(folder / "empty", "");
  CHECK(content_sum(folder / "empty").sum == "00000000");
}

TEST_CASE("a file is read again only where it has changed since", "[data][inventory]") {
  const ScratchFolder folder;
  write_file(folder / "a", "123456789");
  // So short after a change, another one could leave the time as it is.
  CHECK(content_sum(folder / "a").changed == 0);
  struct stat about {};
  REQUIRE(::stat((folder / "a").c_str(), &about) == 0);
  ContentSum known{.bytes = 9,
                   .changed = std::int64_t{about.st_ctim.tv_sec} * 1'000'000'000 + about.st_ctim.tv_nsec,
                   .sum = "taken as it is"};
  CHECK(content_sum(folder / "a", known).sum == "taken as it is");
  known.bytes = 8;
  CHECK(content_sum(folder / "a", known).sum == "e3069283");
  known.bytes = 9;
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  write_file(folder / "a", "987654321");
  CHECK(content_sum(folder / "a", known).sum != "taken as it is");
  known = content_sum(folder / "a");
  write_file(folder / "a", "123456789");  // at once
  CHECK(content_sum(folder / "a", known).sum == "e3069283");
}

TEST_CASE("a file that is missing has no sum, and one that cannot be read now is an error", "[data][inventory]") {
  const ScratchFolder folder;
  write_file(folder / "a", "a");
  CHECK(content_sum(folder / "missing").sum.empty());
  bool passing = false;
  {
    const limits::NoMoreFiles limit;
    try {
      (void)content_sum(folder / "a");
    } catch (const UnreadableError& error) {
      passing = error.passing();
    }
  }
  CHECK(passing);
}

TEST_CASE("an inventory lists the images of each part and is read as it was written", "[data][inventory]") {
  Files files;
  files.dataset.samples[1].group = "with, comma and \"quotes\"";
  files.dataset.samples[3].label = -1;
  Index done = 0;
  const Inventory inventory = take_inventory(files.dataset, files.split, {}, [&](Index now, Index all) {
    CHECK(now == ++done);
    CHECK(all == 4);
  });
  CHECK(done == 4);
  REQUIRE(inventory.images.size() == 4);
  CHECK(inventory.images[0].part == Part::train);
  CHECK(inventory.images[2].part == Part::validation);
  CHECK(inventory.images[1].label == "dog");
  CHECK(inventory.images[3].label.empty());
  CHECK(inventory.images[0].content.bytes == 9);
  write_inventory(files.folder / "images.csv", inventory);
  CHECK((read_inventory(files.folder / "images.csv").images == inventory.images));

  write_file(files.folder / "images.csv", "a,b\r\n");
  CHECK_THROWS_WITH(read_inventory(files.folder / "images.csv"),
                    contains("images.csv\": is not the list of the images of a run"));
  const std::string header = "part,name,class,group,path,item,bytes,changed,crc32c\r\n";
  for (const char* row : {"train,a", "train,a,c,g,p,-1,x,0,0", "pupil,a,c,g,p,-1,1,0,0", "train,,c,g,p,-1,1,0,0"}) {
    write_file(files.folder / "images.csv", header + "train,a,c,g,p,-1,1,0,00000000\r\n" + row + "\r\n");
    CHECK_THROWS_WITH(read_inventory(files.folder / "images.csv"),
                      contains("images.csv\": line 3 does not list an image"));
  }
}

TEST_CASE("what images are does not depend on where they lie", "[data][inventory]") {
  Files files;
  const Inventory before = take_inventory(files.dataset, files.split);
  CHECK(before.identity(Part::train).size() == 16);
  CHECK(before.identity(Part::train) != before.identity(Part::test));
  fs::create_directories(files.folder / "elsewhere");
  for (Sample& sample : files.dataset.samples) {
    fs::rename(sample.path, files.folder / "elsewhere" / sample.name);
    sample.path = files.folder / "elsewhere" / sample.name;
  }
  const Inventory moved = take_inventory(files.dataset, files.split, before);
  CHECK_FALSE(first_difference(before, moved).has_value());
  for (const Part part : parts) CHECK(moved.identity(part) == before.identity(part));
}

TEST_CASE("the first image that differs is named", "[data][inventory]") {
  Files files;
  const Inventory before = take_inventory(files.dataset, files.split);
  const auto now = [&] {
    const Inventory inventory = take_inventory(files.dataset, files.split, before);
    bool same = true;
    for (const Part part : parts) same = same && inventory.identity(part) == before.identity(part);
    const auto difference = first_difference(before, inventory);
    // A part that changes its images changes its identity.
    CHECK(same == !difference.has_value());
    return difference.value_or("");
  };
  CHECK(now().empty());
  SECTION("two files exchanged") {
    fs::rename(files.folder / "0.png", files.folder / "keep");
    fs::rename(files.folder / "3.png", files.folder / "0.png");
    fs::rename(files.folder / "keep", files.folder / "3.png");
    CHECK(now() == "\"0.png\" (train) has another content");
  }
  SECTION("another name") {
    files.dataset.samples[1].name = "renamed.png";
    CHECK(now() == "\"1.png\" (train) is not there any more");
  }
  SECTION("another part") {
    std::swap(files.split.validation, files.split.test);
    CHECK(now() == "\"2.png\" (validation) is in the part test now");
  }
  SECTION("another class") {
    files.dataset.samples[3].label = 0;
    CHECK(now() == "\"3.png\" (test) was of class \"dog\" and is of \"cat\" now");
  }
  SECTION("another group") {
    files.dataset.samples[2].group = "other";
    CHECK(now() == "\"2.png\" (validation) was of group \"g2\" and is of \"other\" now");
  }
  SECTION("one more") {
    write_file(files.folder / "new.png", "new");
    files.dataset.samples.push_back({.name = "new.png", .path = files.folder / "new.png", .label = 0, .group = "g"});
    files.split.test.push_back(4);
    CHECK(now() == "\"new.png\" (test) was not among them");
  }
  SECTION("a file that is gone") {
    fs::remove(files.folder / "2.png");
    CHECK(now() == "\"2.png\" (validation) has another content");
  }
}

TEST_CASE("a file that holds many images is read once, and images of no file have no sum", "[data][inventory]") {
  Files files;
  for (Sample& sample : files.dataset.samples) sample.path = files.folder / "0.png";
  for (Index i = 0; i < 4; ++i) files.dataset.samples[static_cast<std::size_t>(i)].item = i;
  const Inventory packed = take_inventory(files.dataset, files.split);
  for (const InventoryItem& image : packed.images) CHECK(image.content == packed.images[0].content);
  for (Sample& sample : files.dataset.samples) sample.path.clear();
  const Inventory drawn = take_inventory(files.dataset, files.split);
  for (const InventoryItem& image : drawn.images) CHECK(image.content == ContentSum{});
}
