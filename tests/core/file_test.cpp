#include <saccade/core/file.hpp>

#include "support/catch.hpp"
#include "support/limits.hpp"
#include "support/scratch_folder.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

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

TEST_CASE("what cannot be read now is told from what never can", "[file]") {
  const ScratchFolder folder;
  write_file(folder / "there", "a");
  const auto passing = [](const auto& body) {
    try {
      (void)body();
    } catch (const UnreadableError& error) {
      return error.passing() ? "passing" : "lasting";
    }
    return "read";
  };
  CHECK(passing([&] { return read_file(folder / "there"); }) == std::string("read"));
  CHECK(passing([&] { return read_file(folder / "missing"); }) == std::string("lasting"));
  CHECK(passing([&] { return read_file(folder.path()); }) == std::string("lasting"));
  std::string when_full;
  {
    const limits::NoMoreFiles limit;
    when_full = passing([&] { return read_file(folder / "there"); });
  }
  CHECK(when_full == "passing");

  CHECK(file_exists(folder / "there"));
  CHECK(file_exists(folder.path()));
  CHECK_FALSE(file_exists(folder / "missing"));
  CHECK_FALSE(file_exists(folder / "there/below"));
  fs::create_symlink("nothing", folder / "link");
  CHECK_FALSE(file_exists(folder / "link"));
  // A name that no system can look up is not simply absent.
  CHECK(passing([&] { return file_exists(folder / std::string(5000, 'x')); }) == std::string("lasting"));
}

TEST_CASE("of a file its beginning can be read", "[file]") {
  const ScratchFolder folder;
  write_file(folder / "a", std::string(200000, 'x') + "end");
  CHECK(read_file(folder / "a", 8) == std::vector<std::uint8_t>(8, 'x'));
  CHECK(read_file(folder / "a", 200001).back() == 'e');
  CHECK(read_file(folder / "a", 1 << 20).size() == 200003);
  CHECK(read_file(folder / "a", 0).empty());
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

TEST_CASE("a device or a pipe is written to and not replaced", "[file]") {
  CHECK_THROWS_WITH(write_file_atomically("/dev/full", "a"),
                    contains("\"/dev/full\": cannot be written: No space left on device"));
  CHECK(std::filesystem::is_character_file("/dev/full"));
  write_file_atomically("/dev/null", "a");
  CHECK(std::filesystem::is_character_file("/dev/null"));
}

TEST_CASE("a full disk leaves the old file and no partial one", "[file]") {
  const ScratchFolder folder;
  write_file(folder / "checkpoint", "old");
  std::string sentence;
  try {
    const limits::FileSize limit(100);
    write_file_atomically(folder / "checkpoint", std::string(101, 'n'));
  } catch (const FileError& error) {
    sentence = error.what();
  }
  CHECK_THAT(sentence, contains("checkpoint\": cannot be written: File too large"));
  CHECK(text_of(folder / "checkpoint") == "old");
  CHECK(entries(folder.path()) == 1);

  write_file_atomically(folder / "checkpoint", "new");
  CHECK(text_of(folder / "checkpoint") == "new");
}

TEST_CASE("several writers of one file each have a partial file of their own", "[file]") {
  const ScratchFolder folder;
  // Left by a process of the same number, on this machine or another.
  const std::string taken = (folder / "a").string() + '.' + std::to_string(::getpid()) + '-';
  for (int number = 0; number < 2000; ++number) write_file(taken + std::to_string(number) + ".partial", "another's");
  write_file_atomically(folder / "a", "mine", Outlives::process);
  CHECK(text_of(folder / "a") == "mine");
  CHECK(text_of(taken + "0.partial") == "another's");

  std::vector<std::thread> writers;
  for (const char letter : {'b', 'c', 'd'}) {
    writers.emplace_back([&folder, letter] {
      for (int i = 0; i < 50; ++i) write_file_atomically(folder / "a", std::string(4096, letter), Outlives::process);
    });
  }
  for (std::thread& writer : writers) writer.join();
  const std::string text = text_of(folder / "a");
  CHECK(text == std::string(4096, text[0]));

  write_file(folder / "notes.partial", "the user's");
  write_file(folder / "a.b-2.partial", "the user's");
  remove_partial_files(folder.path());
  CHECK(entries(folder.path()) == 3);
  remove_partial_files(folder / "none");
}

TEST_CASE("a rename that fails removes the partial file", "[file]") {
  const ScratchFolder folder;
  fs::create_directories(folder / "taken/below");
  CHECK_THROWS_WITH(write_file_atomically(folder / "taken", "new"), contains("taken\": cannot be written"));
  CHECK(entries(folder.path()) == 1);
  CHECK(fs::is_directory(folder / "taken"));
}
