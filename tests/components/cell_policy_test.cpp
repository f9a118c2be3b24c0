#include <saccade/components/cell_policy.hpp>

#include "components/policy_problem.hpp"

#include <algorithm>
#include <cmath>

using namespace saccade;
using namespace saccade_test;

namespace {

using Cells = CellPolicy<Reference>;

/// 3 x 3 cells.
PolicyConfig cells(PolicyConfig config = {}) {
  config.hidden = 4;
  config.cells = 3;
  config.context = 9;
  return config;
}

struct CellProblem : PolicyProblem<Cells> {
  explicit CellProblem(const PolicyConfig& config) : PolicyProblem(config) {
    cache.cell = {{policy_batch}, {4, 0, 7}};
    // The second image shows nothing in the first column of cells.
    for (const std::size_t row : {0u, 3u, 6u}) outside.values[9 + row] = -1e4;
  }

  [[nodiscard]] double centre(std::size_t n, std::size_t cell, std::size_t axis) const {
    const double place = static_cast<double>(axis == 0 ? cell % 3 : cell / 3);
    return ((2 * place + 1) / 3 - 1) * stretch.values[2 * n + axis];
  }

  /// -sum_n advantage_n ln p(cell_n) + 1/B sum_n (entropy sum_i p ln p + movement_penalty E |centre - previous|^2),
  /// from the logits.
  double surrogate() {
    describe();
    double loss = 0;
    for (std::size_t n = 0; n < policy_batch; ++n) {
      const double* logits = &cache.logits.values[9 * n];
      double total = 0;
      for (std::size_t i = 0; i < 9; ++i) total += std::exp(logits[i]);
      loss -= advantage.values[n] * (logits[static_cast<std::size_t>(cache.cell.values[n])] - std::log(total));
      for (std::size_t i = 0; i < 9; ++i) {
        const double p = std::exp(logits[i]) / total;
        if (p == 0) continue;
        loss += policy.config().entropy * p * std::log(p) / policy_batch;
        if (previous.values.empty()) continue;
        for (std::size_t axis = 0; axis < 2; ++axis) {
          const double way = centre(n, i, axis) - previous.values[2 * n + axis];
          loss += policy.config().movement_penalty * p * way * way / policy_batch;
        }
      }
    }
    return loss;
  }
};

}  // namespace

TEST_CASE("the cells receive the REINFORCE gradient of the one drawn, the entropy's and the way's", "[cell_policy]") {
  PolicyConfig config = cells({.state = StateGradient::attached});
  bool moves = false;
  SECTION("the score alone") {}
  SECTION("with an entropy bonus") { config.entropy = 0.3; }
  SECTION("with a movement penalty") {
    config.movement_penalty = 0.4;
    moves = true;
  }
  SECTION("with both, a patch readout, a detached state") {
    config.entropy = 0.3;
    config.movement_penalty = 0.4;
    config.patch = 2;
    config.state = StateGradient::detached;
    moves = true;
  }
  CellProblem problem(config);
  if (moves) problem.previous = {{policy_batch, 2}, {0.1, 0.8, -1, 1, 0, 0.5}};
  problem.cache.cell.values[1] = 1;  // the first column of that image cannot be drawn
  problem.check_score_gradient([&] { return problem.surrogate(); });
}

TEST_CASE("the score of a cell by hand: advantage (p - onehot)", "[cell_policy]") {
  CellProblem problem(cells());
  problem.describe();
  problem.cache.probabilities = filled({policy_batch, 9}, 1.0 / 9);
  problem.advantage.values = {2, 0, -0.5};
  problem.backward();
  CHECK(problem.d_context.values[4] == Approx(2 * (1.0 / 9 - 1)));
  CHECK(problem.d_context.values[3] == Approx(2.0 / 9));
  CHECK(problem.d_context.values[9 + 0] == 0);
  CHECK(problem.d_context.values[18 + 7] == Approx(-0.5 * (1.0 / 9 - 1)));
}

TEST_CASE("a draw lies in its cell, and every cell that shows the image is drawn as often as it is probable",
          "[cell_policy]") {
  CellProblem problem(cells());
  problem.describe();
  std::vector<double> count(9, 0.0);
  const int draws = 4000;
  for (int draw = 0; draw < draws; ++draw) {
    problem.policy.sample(problem.b, {.seed = 3, .counter = static_cast<std::uint64_t>(draw)}, problem.inputs(),
                          problem.cache);
    for (std::size_t n = 0; n < policy_batch; ++n) {
      const auto cell = static_cast<std::size_t>(problem.cache.cell.values[n]);
      for (std::size_t axis = 0; axis < 2; ++axis) {
        const double half = problem.stretch.values[2 * n + axis] / 3;
        REQUIRE(std::abs(problem.cache.sample.values[2 * n + axis] - problem.centre(n, cell, axis)) <= half + 1e-12);
      }
    }
    ++count[static_cast<std::size_t>(problem.cache.cell.values[1])];
  }
  for (std::size_t i = 0; i < 9; ++i) {
    const double p = problem.cache.probabilities.values[9 + i];
    CHECK(std::abs(count[i] / draws - p) <= 4 * std::sqrt(p * (1 - p) / draws));
    if (i % 3 == 0) CHECK(count[i] == 0);
  }
}

TEST_CASE("an image draws the same cell and place in any batch", "[cell_policy]") {
  CellProblem problem(cells());
  problem.describe();
  problem.policy.sample(problem.b, {.seed = 3, .counter = 8}, problem.inputs(), problem.cache);
  const auto cell = problem.cache.cell.values, place = problem.cache.within.values;
  // The last image as the first of a batch that begins at number 2.
  CellProblem other(cells());
  other.describe();
  for (std::size_t i = 0; i < 9; ++i) other.cache.probabilities.values[i] = problem.cache.probabilities.values[18 + i];
  other.policy.sample(other.b, {.seed = 3, .counter = 8, .first = 4}, other.inputs(), other.cache);
  CHECK(other.cache.cell.values[0] == cell[2]);
  CHECK(other.cache.within.values[0] == place[4]);
  CHECK(other.cache.within.values[1] == place[5]);
}

TEST_CASE("the mode is the centre of the most probable cell", "[cell_policy]") {
  CellProblem problem(cells());
  problem.describe();
  problem.policy.take_mode(problem.b, problem.cache);
  for (std::size_t n = 0; n < policy_batch; ++n) {
    const auto row = problem.cache.probabilities.values.begin() + static_cast<std::ptrdiff_t>(9 * n);
    const auto best = static_cast<std::size_t>(std::max_element(row, row + 9) - row);
    CHECK(problem.cache.cell.values[n] == static_cast<double>(best));
    for (std::size_t axis = 0; axis < 2; ++axis)
      CHECK(problem.cache.sample.values[2 * n + axis] == Approx(problem.centre(n, best, axis)));
  }
}

TEST_CASE("log-probability and entropy of cells by hand", "[cell_policy]") {
  CellProblem problem(cells());
  problem.cache.cell.values[1] = 5;
  problem.describe();
  Array density = filled({policy_batch}, not_a_number), entropy = density;
  problem.policy.log_density(problem.b, problem.cache, problem.workspace, density);
  problem.policy.entropy(problem.b, problem.cache, problem.workspace, entropy);
  for (std::size_t n = 0; n < policy_batch; ++n) {
    const double* p = &problem.cache.probabilities.values[9 * n];
    CHECK(density.values[n] == Approx(std::log(p[static_cast<std::size_t>(problem.cache.cell.values[n])])));
    double expected = 0;
    for (std::size_t i = 0; i < 9; ++i) expected -= p[i] > 0 ? p[i] * std::log(p[i]) : 0;
    CHECK(entropy.values[n] == Approx(expected));
  }
}

TEST_CASE("a policy over cells says when it cannot be built", "[cell_policy]") {
  CHECK_THROWS_WITH(Cells({.context = 8, .cells = 3}),
                    "CellPolicy: context must be a number for each of the 3 x 3 cells, but is 8");
  CHECK_THROWS_WITH(Cells(cells({.entropy = -1})), contains("CellPolicy: entropy must be at least 0, but is -1"));
  CHECK_THROWS_WITH(Cells(cells({.movement_penalty = -1})),
                    contains("CellPolicy: movement_penalty must be at least 0"));
  CHECK_THROWS_WITH(Cells(cells({.learn_sigma = true})), contains("CellPolicy: learn_sigma is the Gaussian policy's"));
}
