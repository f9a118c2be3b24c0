#include <saccade/core/folder_lock.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

using namespace saccade;
namespace fs = std::filesystem;

namespace {

int no_locks(int, int) {
  errno = ENOSYS;
  return -1;
}

int fails(int, int) {
  errno = EIO;
  return -1;
}

}  // namespace

TEST_CASE("a folder has one owner, and whoever else asks is told who", "[folder_lock]") {
  const ScratchFolder folder;
  const std::string process = "process " + std::to_string(::getpid()) + " on ";
  std::optional<FolderLock> owner(std::in_place, folder.path(), "owner.lock", "saccade train");
  CHECK(owner->warning().empty());
  CHECK_THROWS_AS(FolderLock(folder.path(), "owner.lock", "saccade evaluate"), FileError);
  CHECK_THROWS_WITH(FolderLock(folder.path(), "owner.lock", "saccade evaluate"),
                    contains('"' + folder.path().string() + "\": is being written by saccade train, " + process));
  CHECK_THROWS_WITH(FolderLock(folder.path(), "owner.lock", "saccade evaluate"),
                    contains("; wait until that has ended, or name another folder"));
  const FolderLock another_right(folder.path(), "report.lock", "saccade report");
  owner.reset();
  CHECK_FALSE(fs::exists(folder / "owner.lock"));
  owner.emplace(folder.path(), "owner.lock", "saccade evaluate");
  CHECK_THROWS_WITH(FolderLock(folder.path(), "owner.lock", "x"), contains("by saccade evaluate, " + process));
}

TEST_CASE("a process that is killed leaves no lock", "[folder_lock]") {
  const ScratchFolder folder;
  std::array<int, 2> ready{};
  REQUIRE(::pipe(ready.data()) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const FolderLock lock(folder.path(), "owner.lock", "saccade train");
    const char byte = 1;
    if (::write(ready[1], &byte, 1) == 1) ::pause();
    ::_exit(0);
  }
  char byte = 0;
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  CHECK_THROWS_WITH(FolderLock(folder.path(), "owner.lock", "x"),
                    contains("by saccade train, process " + std::to_string(child) + " on "));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK(fs::exists(folder / "owner.lock"));
  const FolderLock lock(folder.path(), "owner.lock", "saccade evaluate");
  CHECK_THROWS_WITH(FolderLock(folder.path(), "owner.lock", "x"),
                    contains("by saccade evaluate, process " + std::to_string(::getpid()) + " on "));
  for (const int end : ready) ::close(end);
}

TEST_CASE("who has patience gets the lock when it is given back", "[folder_lock]") {
  const ScratchFolder folder;
  std::optional<FolderLock> first(std::in_place, folder.path(), "report.lock", "first");
  std::thread gives_back([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    first.reset();
  });
  const FolderLock second(folder.path(), "report.lock", "second", std::chrono::minutes(1));
  CHECK(fs::exists(folder / "report.lock"));
  CHECK_THROWS_WITH(FolderLock(folder.path(), "report.lock", "third", std::chrono::milliseconds(30)),
                    contains("by second"));
  gives_back.join();
}

TEST_CASE("many who want one folder have it one after the other", "[folder_lock]") {
  const ScratchFolder folder;
  std::atomic<int> inside = 0, most = 0, turns = 0;
  std::vector<std::thread> all;
  for (int i = 0; i < 4; ++i) {
    all.emplace_back([&] {
      for (int turn = 0; turn < 5; ++turn) {
        const FolderLock lock(folder.path(), "report.lock", "one of many", std::chrono::minutes(1));
        most = std::max(most.load(), ++inside);
        ++turns;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        --inside;
      }
    });
  }
  for (std::thread& each : all) each.join();
  CHECK(turns == 20);
  CHECK(most == 1);
}

TEST_CASE("a file system without locks is a warning, and a lock that fails an error", "[folder_lock]") {
  const ScratchFolder folder;
  const FolderLock lock(folder.path(), "owner.lock", "saccade train", {}, no_locks);
  CHECK(lock.warning() == '"' + (folder / "owner.lock").string() +
                              "\": cannot be locked, so see to it that nobody else writes there: Function not "
                              "implemented");
  CHECK_THROWS_WITH(FolderLock(folder.path(), "other.lock", "x", {}, fails),
                    contains("other.lock\": cannot be locked: Input/output error"));
  CHECK_THROWS_WITH(FolderLock(folder / "none", "owner.lock", "x"),
                    contains("none/owner.lock\": cannot be written: No such file or directory"));
}
