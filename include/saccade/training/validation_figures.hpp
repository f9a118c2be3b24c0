#pragma once

#include <saccade/metrics/answers.hpp>
#include <saccade/metrics/area_under_curve.hpp>
#include <saccade/metrics/calibration.hpp>
#include <saccade/metrics/group_recognition_rate.hpp>
#include <saccade/training/predict_images.hpp>
#include <saccade/training/run_data.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

/// Opt-in: needs nlohmann/json, stb_image, libpng and libjpeg-turbo.
namespace saccade::inline SACCADE_NAMESPACE {

/// The figures of an epoch's predictions, by the names of metrics.jsonl.
/// @param epoch  counted from 1
/// @throws NumericError where a probability is not finite
[[nodiscard]] inline nlohmann::ordered_json validation_figures(std::span<const ImagePrediction> predictions,
                                                               const RunData& data, Index classes, GlimpsePolicy policy,
                                                               Index epoch) {
  metrics::Answers answers(classes);
  for (const ImagePrediction& each : predictions) {
    const std::vector<double>& probabilities = each.prediction.probabilities.back();
    if (!std::all_of(probabilities.begin(), probabilities.end(), [](double p) { return std::isfinite(p); })) {
      throw NumericError("training: after epoch " + std::to_string(epoch) +
                         " a probability is not finite; lower the learning rate or clip the gradient");
    }
    answers.add(data.sample(each.image).group, data.sample(each.image).label, probabilities);
  }
  const metrics::Confusion confusion = answers.confusion();
  const std::vector<metrics::GroupScore> groups = answers.by_group();
  return nlohmann::ordered_json{{"policy", to_string(policy)},
                                {"groups", groups.size()},
                                {"images", answers.images()},
                                {"group_recognition_rate", metrics::group_recognition_rate(groups)},
                                {"image_accuracy", confusion.accuracy()},
                                {"balanced_accuracy", confusion.balanced_accuracy()},
                                {"macro_f1", confusion.macro_f1()},
                                {"auc", metrics::macro_area(answers)},
                                {"cross_entropy", answers.mean_cross_entropy()},
                                {"temperature", metrics::calibrating_temperature(answers)}};
}

}  // namespace saccade
