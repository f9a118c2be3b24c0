#pragma once

#include <saccade/core/box.hpp>
#include <saccade/metrics/calibration.hpp>
#include <saccade/metrics/early_stopping.hpp>
#include <saccade/metrics/hit_rate.hpp>
#include <saccade/metrics/pixel_fraction.hpp>
#include <saccade/metrics/scores.hpp>
#include <saccade/model/control_policy.hpp>
#include <saccade/report/predictions.hpp>
#include <saccade/training/predict_images.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// How a classifier did under one glimpse policy. Opt-in: needs nlohmann/json.
namespace saccade::inline SACCADE_NAMESPACE::report {

/// What is known of the images of a data set: each list has an entry for each image, by its number.
struct GroundTruth {
  std::vector<std::string> classes{};       ///< names; a label is a position in this list
  std::vector<Index> labels{};              ///< of each image
  std::vector<std::string> groups{};        ///< of each image: its patient, slide or scene
  std::string group_noun = "group";         ///< what a group is: "patient"; "image" where each is its own
  std::vector<std::string> names{};         ///< of each image, for readers
  std::vector<std::vector<Box>> regions{};  ///< of each image, where its class can be told; empty: not known of any

  /// Of some images.
  [[nodiscard]] std::vector<Index> labels_of(std::span<const Index> images) const {
    std::vector<Index> list;
    for (const Index image : images) list.push_back(labels[static_cast<std::size_t>(image)]);
    return list;
  }
};

/// How much of an image is read, means over the images.
struct PixelShares {
  double processed = metrics::undefined;  ///< pixels handed to the network: (T * scales * side^2 + thumbnail) / area
  double unique = metrics::undefined;     ///< of the image, seen at full resolution by at least one glimpse
  double unique_any_scale = metrics::undefined;  ///< of the image, seen by at least one glimpse at any scale
};

/// One policy's results over a set of images.
struct PolicyResult {
  GlimpsePolicy policy = GlimpsePolicy::learned;
  metrics::Answers answers;
  metrics::Scores scores{};
  std::vector<double> accuracy_by_glimpse{};                ///< of images, after each glimpse
  std::vector<metrics::StoppingPoint> early_stopping{};     ///< by confidence: accuracy against mean glimpses
  std::vector<metrics::StoppingPoint> stopping_by_value{};  ///< the same by what a ValueHead says; none without one
  metrics::Calibration calibration{};
  std::optional<double> temperature{};  ///< chosen on other images; see metrics::calibrating_temperature
  PixelShares pixels{};
  std::optional<metrics::HitRate> hit_rate{};  ///< where regions are known
  double seconds = 0;                          ///< that it took, decoding included
};

/// @param predictions  of images of `truth`, by its numbers
/// @param seed         of the bootstrap
[[nodiscard]] inline PolicyResult judge(GlimpsePolicy policy, const GroundTruth& truth,
                                        std::span<const ImagePrediction> predictions, const GlimpseGeometry& sensor,
                                        std::uint64_t seed, double seconds) {
  PolicyResult result{
      .policy = policy, .answers = metrics::Answers(static_cast<Index>(truth.classes.size())), .seconds = seconds};
  if (!truth.regions.empty()) result.hit_rate.emplace();
  PixelShares sums{0, 0, 0};
  std::vector<double> right;
  std::vector<metrics::AnswersByGlimpse> answers;
  std::vector<metrics::SuretyByGlimpse> values;
  for (const ImagePrediction& each : predictions) {
    const Prediction& prediction = each.prediction;
    const auto image = static_cast<std::size_t>(each.image);
    const Index label = truth.labels[image];
    result.answers.add(truth.groups[image], label, prediction.probabilities.back());
    answers.push_back(prediction.probabilities);
    if (!prediction.values.empty()) values.push_back(prediction.values);
    right.resize(prediction.probabilities.size());
    for (std::size_t t = 0; t < right.size(); ++t) {
      const std::vector<double>& p = prediction.probabilities[t];
      right[t] += std::max_element(p.begin(), p.end()) - p.begin() == label ? 1 : 0;
    }
    std::vector<Box> sharp, all;  // sharp: at full resolution, or empty
    for (const std::vector<Box>& windows : prediction.windows) {
      sharp.push_back(windows.front().width == sensor.side ? windows.front() : Box{});
      all.insert(all.end(), windows.begin(), windows.end());
    }
    Index processed = static_cast<Index>(all.size()) * sensor.side * sensor.side;
    for (const Thumbnail& thumbnail : prediction.thumbnails) {
      processed += thumbnail.side * thumbnail.side;
      all.push_back(thumbnail.window);
    }
    sums.processed += static_cast<double>(processed) / static_cast<double>(each.width * each.height);
    sums.unique += metrics::pixel_fraction(sharp, each.width, each.height).unique;
    sums.unique_any_scale += metrics::pixel_fraction(all, each.width, each.height).unique;
    if (result.hit_rate) result.hit_rate->add(sharp, truth.regions[image]);
  }
  if (const auto images = static_cast<double>(predictions.size()); images > 0) {
    for (const double count : right) result.accuracy_by_glimpse.push_back(count / images);
    result.pixels = {sums.processed / images, sums.unique / images, sums.unique_any_scale / images};
  }
  result.early_stopping = metrics::early_stopping(answers, result.answers.truth);
  if (values.size() == answers.size())
    result.stopping_by_value =
        metrics::early_stopping(answers, result.answers.truth, values, metrics::thresholds_of(values));
  result.calibration = metrics::calibration(result.answers);
  result.scores = metrics::score_answers(result.answers, seed);
  return result;
}

/// The lines of predictions.jsonl for one policy.
[[nodiscard]] inline std::vector<PredictionRecord> prediction_records(GlimpsePolicy policy, const GroundTruth& truth,
                                                                      std::span<const ImagePrediction> predictions) {
  std::vector<PredictionRecord> records;
  for (const ImagePrediction& each : predictions) {
    const auto image = static_cast<std::size_t>(each.image);
    records.push_back({.policy = to_string(policy),
                       .image = truth.names[image],
                       .group = truth.groups[image],
                       .truth = truth.labels[image],
                       .width = each.width,
                       .height = each.height,
                       .locations = each.prediction.locations,
                       .probabilities = each.prediction.probabilities});
    if (!truth.regions.empty()) records.back().regions = truth.regions[image];
  }
  return records;
}

}  // namespace saccade::report
