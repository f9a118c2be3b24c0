#include "../../examples/common/terminate.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <new>
#include <stdexcept>
#include <string>

#include "support/catch.hpp"

namespace {

struct Death {
  int status = 0;
  std::string err;
};

/// What a process says that ends by an exception in a function that lets none pass, as destructors do.
template <class Exception>
Death death_by(const Exception& exception) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    const auto thrower = +[](const Exception& e) { throw e; };
    [&]() noexcept { thrower(exception); }();
    _exit(0);
  }
  close(ends[1]);
  Death death;
  char piece[256];
  for (ssize_t count; (count = read(ends[0], piece, sizeof piece)) > 0;)
    death.err.append(piece, static_cast<std::size_t>(count));
  close(ends[0]);
  REQUIRE(waitpid(child, &death.status, 0) == child);
  return death;
}

}  // namespace

TEST_CASE("Memory that runs out where nothing can be thrown ends in a sentence", "[programs]") {
  const Death death = death_by(std::bad_alloc());
  CHECK(WIFEXITED(death.status));
  CHECK(WEXITSTATUS(death.status) == program::failure);
  CHECK(death.err == "test_programs: out of memory, and none left to undo what was begun\n");
}

TEST_CASE("Other exceptions that nothing catches end as they always did", "[programs]") {
  // Sanitizers and Catch2 have handlers of their own for the signal: the child must only not seem to have succeeded.
  const Death death = death_by(std::logic_error("a mistake of ours"));
  CHECK_FALSE((WIFEXITED(death.status) && WEXITSTATUS(death.status) == 0));
  CHECK(death.err.find("a mistake of ours") != std::string::npos);
}
