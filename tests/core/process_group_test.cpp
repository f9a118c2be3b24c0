#include <saccade/core/process_group.hpp>
#include <saccade/core/thread_communicator.hpp>

#include "support/catch.hpp"
#include "support/in_ranks.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

using namespace saccade;
using saccade_test::expect;
using saccade_test::in_ranks;

TEST_CASE("a process by itself is a group of one", "[ranks]") {
  const ProcessGroup group;
  CHECK(group.size() == 1);
  CHECK(group.rank() == 0);
  CHECK(group.leads());
  CHECK(group.together([] { return std::string("mine"); }) == std::vector<std::string>{"mine"});
  CHECK(group.together([] {}).size() == 1);
  CHECK_THROWS_WITH(group.together([] { throw FileError("no such file"); }), "no such file");
  CHECK_THROWS_AS(group.fail(NumericError("x")), NumericError);
  SelfCommunicator self;
  CHECK(ProcessGroup(self).size() == 1);
}

TEST_CASE("everybody learns what each says, bytes and nothing included", "[ranks]") {
  const std::string zeros("\0a\0", 3);
  for (const std::string& problem : in_ranks(3, [&](const ProcessGroup& group) {
         const auto texts = group.together([&]() -> std::string {
           return group.rank() == 0 ? "first" : group.rank() == 1 ? "" : zeros;
         });
         expect(texts == std::vector<std::string>{"first", "", zeros}, "three texts");
         expect(group.together([] {}) == std::vector<std::string>(3), "three times nothing");
       }))
    CHECK(problem.empty());
}

TEST_CASE("the error of one is said by it and ends all", "[ranks]") {
  std::atomic<int> went_on = 0, configs = 0;
  const auto sentences = in_ranks(3, [&](const ProcessGroup& group) {
    try {
      group.together([&] {
        group.together([] {});  // one inside of the other
        if (group.rank() > 0) throw ConfigError("rank " + std::to_string(group.rank()) + " has another split");
        group.together([] {});  // where rank 0 meets what the others have to tell
      });
      ++went_on;
    } catch (const PeerError& error) {
      if (error.kind == PeerError::Kind::config) ++configs;
      throw;
    }
  });
  CHECK(went_on == 0);
  CHECK(configs == 2);
  CHECK(sentences == std::vector<std::string>{"peer: rank 1 has another split", "rank 1 has another split",
                                              "peer: rank 1 has another split"});
}

TEST_CASE("what all have found the leader says", "[ranks]") {
  CHECK(in_ranks(2, [](const ProcessGroup& group) { group.fail(NumericError("the loss is not finite")); }) ==
        std::vector<std::string>{"the loss is not finite", "peer: the loss is not finite"});
}

TEST_CASE("what was told within a body is not told again", "[ranks]") {
  const std::vector<std::string> expected{"peer: no such file", "no such file", "peer: no such file"};
  const std::vector<std::string> found{"not finite", "peer: not finite"};
  const auto throws = [](const ProcessGroup& group) {
    group.together([&] {
      group.together([&] {
        group.together([&] {
          if (group.rank() == 1) throw FileError("no such file");
        });
      });
    });
  };
  CHECK(in_ranks(3, throws) == expected);
  CHECK(in_ranks(2, [](const ProcessGroup& group) {
          group.together([&] { group.together([&] { group.fail(NumericError("not finite")); }); });
        }) == found);
  // Whoever catches it can go on, and fail once more.
  CHECK(in_ranks(3, [&](const ProcessGroup& group) {
          try {
            throws(group);
          } catch (const Error&) {
          }
          group.together([] {});
          throws(group);
        }) == expected);
}

TEST_CASE("an abort wakes whoever waits, and whoever comes later", "[ranks]") {
  const auto sentences = in_ranks(3, [](const ProcessGroup& group) {
    if (group.rank() == 2) throw Error("the third has fallen");  // in_ranks aborts
    group.together([] {});
  });
  CHECK(sentences ==
        std::vector<std::string>{"peer: the third has fallen", "peer: the third has fallen", "the third has fallen"});
}

TEST_CASE("a talk that fails aborts the others", "[ranks]") {
  const auto sentences = in_ranks(2, [](const ProcessGroup& group) {
    if (group.leads()) group.or_abort([] { throw Error("no memory for the answer"); });
    group.together([] {});
  });
  CHECK(sentences == std::vector<std::string>{"no memory for the answer", "peer: no memory for the answer"});
}

TEST_CASE("threads pass bytes as a communicator must", "[ranks]") {
  ThreadMeeting meeting(2);
  CHECK_THROWS_WITH(ThreadCommunicator(meeting, 2), contains("the rank must be from 0 to 1, but is 2"));
  CHECK_THROWS_WITH(ThreadMeeting(0), contains("must be at least 1"));
  const auto speak = [&](Index rank) {
    ThreadCommunicator c(meeting, rank);
    std::array<std::byte, 2> bytes{std::byte(rank), std::byte(rank + 10)};
    c.broadcast(bytes, 1);
    const bool told = bytes == std::array{std::byte(1), std::byte(11)};
    c.barrier();
    // Rank 0 sends one byte to itself and two to rank 1, which sends two and none.
    const std::vector<std::byte> out =
        rank == 0 ? std::vector{std::byte(1), std::byte(2), std::byte(3)} : std::vector{std::byte(4), std::byte(5)};
    const std::vector<std::size_t> out_sizes =
        rank == 0 ? std::vector<std::size_t>{1, 2} : std::vector<std::size_t>{2, 0};
    const std::vector<std::size_t> in_sizes =
        rank == 0 ? std::vector<std::size_t>{1, 2} : std::vector<std::size_t>{2, 0};
    std::vector<std::byte> in(rank == 0 ? 3 : 2);
    c.exchange(out, out_sizes, in, in_sizes);
    return told && in == (rank == 0 ? std::vector{std::byte(1), std::byte(4), std::byte(5)}
                                    : std::vector{std::byte(2), std::byte(3)});
  };
  bool right = false;
  std::thread other([&] { right = speak(1); });
  CHECK(speak(0));
  other.join();
  CHECK(right);
}
