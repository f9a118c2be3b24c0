#include <saccade/core/sum_tree.hpp>

#include "support/catch.hpp"
#include "support/in_ranks.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

using namespace saccade;
using saccade_test::expect;
using saccade_test::in_ranks;

namespace {

/// Numbers of very different sizes, so that every order of adding them has other bits.
std::vector<float> leaf(Index number, std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto n = static_cast<std::size_t>(number) * 7919 + i * 104729 + 1;
    values[i] = static_cast<float>(n % 1013) / 7.0f * (n % 3 == 0 ? 1e-5f : n % 3 == 1 ? -30.0f : 1.0f);
  }
  return values;
}

/// The definition, written once more.
std::vector<float> sum_of(Index first, Index end, std::size_t count) {
  if (end - first == 1) return leaf(first, count);
  const Index middle = (first + end) / 2;
  std::vector<float> left = sum_of(first, middle, count);
  const std::vector<float> right = sum_of(middle, end, count);
  for (std::size_t i = 0; i < count; ++i) left[i] += right[i];
  return left;
}

}  // namespace

TEST_CASE("a tree's sum has the same bits for any number of processes", "[ranks]") {
  for (const Index leaves : {1, 2, 3, 4, 6, 7, 8, 12}) {
    for (const std::size_t count : {1u, 3u, 50u}) {
      const std::vector<float> expected = sum_of(0, leaves, count);
      for (Index ranks = 1; ranks <= std::min<Index>(leaves, 6); ++ranks) {
        INFO(leaves << " leaves of " << count << ", " << ranks << " ranks");
        std::vector<std::vector<float>> sums(static_cast<std::size_t>(2 * ranks));
        const auto problems = in_ranks(ranks, [&](const ProcessGroup& group) {
          SumTree<float> tree(leaves, group);
          for (std::size_t time = 0; time < 2; ++time) {  // the second in used memory
            tree.start(count);
            for (Index n = tree.mine().first; n < tree.mine().end; ++n) {
              const std::span<float> mine = tree.next_leaf();
              expect(std::all_of(mine.begin(), mine.end(), [](float x) { return x == 0; }), "a leaf begins with zeros");
              std::ranges::copy(leaf(n, count), mine.begin());
            }
            const auto sum = tree.sum();
            sums[static_cast<std::size_t>(2 * group.rank()) + time].assign(sum.begin(), sum.end());
          }
        });
        for (const std::string& problem : problems) CHECK(problem.empty());
        for (const auto& sum : sums) CHECK(sum == expected);
      }
    }
  }
}

TEST_CASE("shares are neighbours, as equal as can be", "[ranks]") {
  CHECK(share_of(10, 0, 4) == IndexRange{0, 2});
  CHECK(share_of(10, 1, 4) == IndexRange{2, 5});
  CHECK(share_of(10, 2, 4) == IndexRange{5, 7});
  CHECK(share_of(10, 3, 4) == IndexRange{7, 10});
  CHECK(share_of(2, 0, 3).size() == 0);
}

TEST_CASE("an all-reduce leaves the sum of all ranks everywhere", "[ranks]") {
  for (const std::string& problem : in_ranks(3, [](const ProcessGroup& group) {
         std::vector<double> values{1.0 + static_cast<double>(group.rank()), 10.0 * static_cast<double>(group.rank())};
         all_reduce_sum(group, std::span<double>(values));
         expect(values == std::vector<double>{6, 30}, "the sums are 6 and 30");
       }))
    CHECK(problem.empty());
  std::vector<double> alone{4};
  all_reduce_sum(ProcessGroup(), std::span<double>(alone));
  CHECK(alone == std::vector<double>{4});
}
