#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/ops/linear.hpp>

#include <vector>

#include "support/catch.hpp"

using namespace saccade;

// An answer may not depend on the images that happen to share its batch.
TEST_CASE("a row of a linear layer has the same bits alone as in any batch", "[linear]") {
  for (const InstructionSet set : {InstructionSet::portable, InstructionSet::avx2, InstructionSet::avx512}) {
    if (!supports(set)) continue;
    EigenBackend<float> b({.threads = 2, .instruction_set = set});
    for (const Index terms : {1, 3, 16, 31, 64, 257}) {
      for (const Index columns : {1, 2, 5, 16, 130}) {
        const Index rows = 7;
        auto x = b.zeros({rows, terms}), w = b.zeros({columns, terms});
        b.sample_uniform(-1.0f, 1.0f, {.seed = 1}, x);
        b.sample_uniform(-1.0f, 1.0f, {.seed = 2}, w);
        auto y = b.zeros({rows, columns});
        ops::linear(b, x, w, y, Write::overwrite);
        for (Index row = 0; row < rows; ++row) {
          auto alone = b.zeros({1, terms}), answer = b.zeros({1, columns});
          b.upload(x.values().subspan(static_cast<std::size_t>(row * terms), static_cast<std::size_t>(terms)), alone);
          ops::linear(b, alone, w, answer, Write::overwrite);
          const auto expected =
              y.values().subspan(static_cast<std::size_t>(row * columns), static_cast<std::size_t>(columns));
          INFO(name(set) << ", " << terms << " terms, " << columns << " columns, row " << row);
          CHECK(std::vector<float>(answer.values().begin(), answer.values().end()) ==
                std::vector<float>(expected.begin(), expected.end()));
        }
      }
    }
  }
}
