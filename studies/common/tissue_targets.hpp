#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "benchmarks/common/table.hpp"
#include "seed_statistics.hpp"
#include "tissue_rows.hpp"

/// How a tissue study stands against what was hoped for.
namespace bench {

/// What was hoped for, and what was measured.
struct Target {
  std::string what;
  std::string wanted;
  std::string measured;  ///< empty where it was not
  bool met = false;
};

/// The targets of the headline case: 4 % region, the preset large, learned glimpses, soft attention. None where it was
/// not run.
[[nodiscard]] inline std::vector<Target> tissue_targets(const std::vector<TissueRow>& rows) {
  const TissueRun headline;
  const TissueRow* learned = find_row(rows, headline);
  if (learned == nullptr) return {};
  const auto control = [&](Condition condition) {
    TissueRun run = headline;
    run.condition = condition;
    return find_row(rows, run);
  };
  const auto points = [](double share) { return three_digits(100 * share) + " points"; };
  std::vector<Target> targets;
  const double hits = learned->last_hits();
  targets.push_back({"the last learned glimpse finds the region", "at least 90 %", share_text(hits), hits >= 0.9});
  const auto above = [&](const std::string& what, const std::string& wanted, double other, double margin) {
    const double gain = learned->accuracy() - other;
    Target target{what, wanted, "", false};
    if (std::isfinite(gain)) target = {what, wanted, points(gain), gain >= margin};
    targets.push_back(target);
  };
  const double undefined = mean({});
  const TissueRow* random = control(Condition::random);
  const TissueRow* shrunk = control(Condition::shrunk);
  above("accuracy above random glimpses of the same models", "at least 15 points", learned->accuracy("random"), 0.15);
  above("accuracy above models made for random glimpses", "at least 15 points",
        random != nullptr ? random->accuracy() : undefined, 0.15);
  // Above, not equal: the smallest step of a share is far larger.
  above("accuracy above the shrunk image", "more than 0 points", shrunk != nullptr ? shrunk->accuracy() : undefined,
        1e-9);
  // Models that have learned nothing are close to their own oracle: those made for random glimpses may know more.
  const double oracle =
      std::fmax(learned->accuracy("oracle"), random != nullptr ? random->accuracy("oracle") : undefined);
  const double behind = oracle - learned->accuracy();
  targets.push_back({"accuracy behind the oracle, the better one of both models", "at most 5 points", points(behind),
                     behind <= 0.05});
  const std::size_t seeds = learned->figures.size();
  targets.push_back({"seeds that learn", "at least 9 of 10",
                     std::to_string(learned->learned()) + " of " + std::to_string(seeds),
                     seeds >= 10 && 10 * learned->learned() >= 9 * seeds});
  return targets;
}

[[nodiscard]] inline Table target_table(const std::vector<Target>& targets) {
  Table table({"target", "wanted", "measured", "met"});
  for (const Target& target : targets) {
    table.add({target.what, target.wanted, target.measured.empty() ? "not measured" : target.measured,
               target.met ? "yes" : "no"});
  }
  return table;
}

}  // namespace bench
