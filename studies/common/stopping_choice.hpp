#pragma once

#include <saccade/core/error.hpp>
#include <saccade/metrics/early_stopping.hpp>

#include <cstddef>
#include <vector>

#include "finished_run.hpp"

namespace bench {

/// How much accuracy stopping early may cost on the images that its threshold is chosen by.
inline constexpr double stopping_loss = 0.005;

/// A threshold chosen by some images, and what stopping early by it does to others.
struct StoppingChoice {
  double threshold = 0;
  double glimpses = 0;  ///< of an image, in the mean
  double accuracy = 0;
};

/// The threshold of the fewest glimpses at which the accuracy is at most stopping_loss below that of all glimpses.
/// @param chosen_by  curve of the images to choose by, see metrics::early_stopping; its last point stops nowhere
/// @param judged     curve of the others, at the same thresholds
[[nodiscard]] inline StoppingChoice choose_stopping(const std::vector<saccade::metrics::StoppingPoint>& chosen_by,
                                                    const std::vector<saccade::metrics::StoppingPoint>& judged) {
  std::size_t best = chosen_by.size() - 1;
  for (std::size_t i = 0; i < chosen_by.size(); ++i)
    if (chosen_by[i].accuracy >= chosen_by.back().accuracy - stopping_loss &&
        chosen_by[i].glimpses < chosen_by[best].glimpses)
      best = i;
  return {judged.at(best).threshold, judged.at(best).glimpses, judged.at(best).accuracy};
}

[[nodiscard]] inline Json to_json(const StoppingChoice& choice) {
  return {{"threshold", choice.threshold}, {"glimpses", choice.glimpses}, {"accuracy", choice.accuracy}};
}

}  // namespace bench
