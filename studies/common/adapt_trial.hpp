#pragma once

#include "condition.hpp"
#include "image_trial.hpp"
#include "study_options.hpp"

namespace bench {

/// Makes of a trial of learned glimpses one of another condition. @param size  of the images
inline void adapt(ImageTrial& trial, Condition condition, saccade::ImageSize size, const TrainingChoice& choice) {
  trial.policies = judged_policies(condition);
  trial.preparation = preparation_of(condition);
  if (trial.preparation == Preparation::stretch)
    trial.config.training.epochs = choice.epochs_of_stretched(trial.config);
  adapt(trial.config, condition, side_of_square(trial.config.model, condition, size));
}

}  // namespace bench
