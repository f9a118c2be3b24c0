#pragma once

/// Catch2 for every test of the project: version 3 where it is installed, version 2 otherwise.
/// What the two spell differently has one name here.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif

#include <string>

/// Ends the test case and says why it cannot run here: SKIP_TEST("no BreakHis images beside the checkout").
/// (The SKIP of newer versions is missing in the older ones.)
#define SKIP_TEST(sentence)        \
  do {                             \
    WARN("skipped: " << sentence); \
    return;                        \
  } while (false)

/// Matches a text that contains `part`: CHECK_THROWS_WITH(f(), contains("must be (M, K)")).
inline auto contains(const std::string& part) {
#if CATCH_VERSION_MAJOR >= 3
  return Catch::Matchers::ContainsSubstring(part);
#else
  return Catch::Matchers::Contains(part);
#endif
}
