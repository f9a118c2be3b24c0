#include <saccade/core/file.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <filesystem>
#include <string>

using namespace saccade;
namespace fs = std::filesystem;

namespace {

std::string text_of(const fs::path& path) {
  const auto bytes = read_file(path);
  return {bytes.begin(), bytes.end()};
}

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

}  // namespace

TEST_CASE("bytes come back as they were written", "[file]") {
  const ScratchFolder folder;
  std::string text(300000, 'x');
  text[1000] = '\0';
  text += "end";
  write_file(folder / "a", text);
  CHECK(text_of(folder / "a") == text);
  write_file_atomically(folder / "a", "");
  CHECK(text_of(folder / "a").empty());
  CHECK(entries(folder.path()) == 1);
}

TEST_CASE("a file that cannot be read is named with the reason", "[file]") {
  const ScratchFolder folder;
  CHECK_THROWS_AS(read_file(folder / "missing"), FileError);
  CHECK_THROWS_WITH(read_file(folder / "missing"), contains("missing\": cannot be read: No such file or directory"));
  CHECK_THROWS_WITH(read_file(folder.path()), contains("cannot be read: Is a directory"));
}

TEST_CASE("a file that cannot be written is named with the reason", "[file]") {
  const ScratchFolder folder;
  CHECK_THROWS_WITH(write_file(folder / "no/such", "a"), contains("no/such\": cannot be written: No such file"));
  CHECK_THROWS_WITH(write_file_atomically(folder / "no/such", "a"),
                    contains("no/such\": cannot be written: No such file"));
  CHECK_THROWS_WITH(write_file("/dev/full", "a"),
                    contains("\"/dev/full\": cannot be written: No space left on device"));

  write_file(folder / "file", "a");
  CHECK_THROWS_AS(create_folders(folder / "file/below"), FileError);
  CHECK_THROWS_WITH(create_folders(folder / "file/below"), contains("the folder cannot be made"));
}

TEST_CASE("a full disk leaves the old file and no partial one", "[file]") {
  const ScratchFolder folder;
  write_file(folder / "checkpoint", "old");
  // Everything written to the partial file goes to a device that is always full.
  fs::create_symlink("/dev/full", folder / "checkpoint.partial");
  CHECK_THROWS_AS(write_file_atomically(folder / "checkpoint", "new"), FileError);
  CHECK(text_of(folder / "checkpoint") == "old");
  CHECK(entries(folder.path()) == 1);

  fs::create_symlink("/dev/full", folder / "checkpoint.partial");
  CHECK_THROWS_WITH(write_file_atomically(folder / "checkpoint", "new"),
                    contains("checkpoint\": cannot be written: No space left on device"));

  write_file_atomically(folder / "checkpoint", "new");
  CHECK(text_of(folder / "checkpoint") == "new");
}

TEST_CASE("a rename that fails removes the partial file", "[file]") {
  const ScratchFolder folder;
  fs::create_directories(folder / "taken/below");
  CHECK_THROWS_WITH(write_file_atomically(folder / "taken", "new"), contains("taken\": cannot be written"));
  CHECK(entries(folder.path()) == 1);
  CHECK(fs::is_directory(folder / "taken"));
}
