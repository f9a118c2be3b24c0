#include <saccade/core/file.hpp>
#include <saccade/data/find_images.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <unistd.h>

using namespace saccade;
using namespace saccade::data;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> names_found(const fs::path& folder, Account& account) {
  std::vector<std::string> list;
  for (const fs::path& path : find_images(folder, account)) list.push_back(name_below(folder, path));
  return list;
}

}  // namespace

TEST_CASE("images are found by their endings, in one order, and what is passed over is told", "[find]") {
  const ScratchFolder folder;
  for (const char* name : {"b", "a/deep", ".cache", "a.b"}) create_folders(folder / name);
  for (const char* name : {"b/2.PNG", "b/10.jpg", "a/deep/x.Jpeg", "a.b/c.png", "b/notes.txt", "b/scan.tif",
                           ".cache/x.png", "b/._2.PNG", "b/.DS_Store"})
    write_file(folder / name, "");
  fs::create_symlink(folder / "b/2.PNG", folder / "a/linked.png");
  fs::create_symlink(folder / "nowhere.png", folder / "a/dangling.png");
  fs::create_directory_symlink("..", folder / "a/deep/up");
  Account account;
  CHECK(names_found(folder.path(), account) ==
        std::vector<std::string>{"a/deep/x.Jpeg", "a/linked.png", "a.b/c.png", "b/10.jpg", "b/2.PNG"});
  CHECK(describe(account) ==
        "passed over: 1 hidden folders (.cache)\n"
        "passed over: 1 links to nothing (a/dangling.png)\n"
        "passed over: 1 links to a folder above them (a/deep/up)\n"
        "passed over: 2 hidden files (b/.DS_Store, b/._2.PNG)\n"
        "passed over: 1 files that are not .png, .jpg or .jpeg (b/notes.txt)\n"
        "passed over: 1 whole slides, which this program does not read (b/scan.tif)\n");
}

TEST_CASE("whole slides are taken where they can be read, but for those of several files", "[find]") {
  const ScratchFolder folder;
  for (const char* name : {"1.svs", "2.TIFF", "3.mrxs", "4.dcm", "5.vms", "6.png", "7.s", "8"})
    write_file(folder / name, "");
  Account account;
  std::vector<std::string> list;
  for (const fs::path& path : find_images(folder.path(), account, true)) list.push_back(path.filename().string());
  CHECK(list == std::vector<std::string>{"1.svs", "2.TIFF", "3.mrxs", "6.png"});
  CHECK(describe(account) ==
        "passed over: 2 parts of slides of several files, of which a manifest names the first (4.dcm, 5.vms)\n"
        "passed over: 2 files that are not .png, .jpg or .jpeg (7.s, 8)\n");
}

TEST_CASE("a link to itself leads to nothing", "[find]") {
  const ScratchFolder folder;
  fs::create_symlink(folder / "round.png", folder / "round.png");
  Account account;
  CHECK(names_found(folder.path(), account).empty());
  CHECK(describe(account) == "passed over: 1 links to nothing (round.png)\n");
}

TEST_CASE("a folder that may be listed but not entered is an error that names it", "[find]") {
  const ScratchFolder folder;
  create_folders(folder / "listed");
  write_file(folder / "listed/x.png", "");
  fs::permissions(folder.path(), fs::perms::all);
  fs::permissions(folder / "listed", fs::perms::others_read | fs::perms::owner_read);
  const uid_t user = ::geteuid();
  if (user == 0) REQUIRE(::seteuid(65534) == 0);
  std::string sentence;
  Account account;
  try {
    static_cast<void>(find_images(folder.path(), account));
  } catch (const FileError& error) {
    sentence = error.what();
  }
  if (user == 0) REQUIRE(::seteuid(0) == 0);
  fs::permissions(folder / "listed", fs::perms::all);
  CHECK(sentence.starts_with('"' + (folder / "listed").string()));
  CHECK_THAT(sentence, contains("cannot be read: Permission denied"));
}

TEST_CASE("a linked folder is entered", "[find]") {
  const ScratchFolder folder, elsewhere;
  write_file(elsewhere / "x.png", "");
  fs::create_directory_symlink(elsewhere.path(), folder / "linked");
  Account account;
  CHECK(names_found(folder.path(), account) == std::vector<std::string>{"linked/x.png"});
}

TEST_CASE("a name that is not UTF-8 is told with replaced bytes", "[find]") {
  const ScratchFolder folder;
  write_file(folder / "caf\xE9.png", "");
  Account account;
  CHECK(names_found(folder.path(), account) == std::vector<std::string>{"caf\xEF\xBF\xBD.png"});
}

TEST_CASE("a folder that cannot be read is named", "[find]") {
  const ScratchFolder folder;
  create_folders(folder / "a/closed");
  fs::permissions(folder.path(), fs::perms::all);
  fs::permissions(folder / "a/closed", fs::perms::none);
  const uid_t user = ::geteuid();
  if (user == 0) REQUIRE(::seteuid(65534) == 0);  // root may read everything
  std::string sentence;
  Account account;
  try {
    static_cast<void>(find_images(folder.path(), account));
  } catch (const FileError& error) {
    sentence = error.what();
  }
  if (user == 0) REQUIRE(::seteuid(0) == 0);
  fs::permissions(folder / "a/closed", fs::perms::all);
  CHECK(sentence == '"' + (folder / "a/closed").string() + "\": the folder cannot be read: Permission denied");
  CHECK_THROWS_WITH(find_images(folder / "nowhere", account),
                    contains("nowhere\": the folder cannot be read: No such"));
}

TEST_CASE("only the first names of many are told", "[find]") {
  Account account;
  for (int i = 0; i < 7; ++i) account.pass_over("hidden files", std::to_string(i));
  account.warn("this");
  CHECK(describe(account) == "passed over: 7 hidden files (0, 1, 2, ...)\nwarning: this\n");
}
