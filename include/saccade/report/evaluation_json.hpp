#pragma once

#include <saccade/core/box.hpp>
#include <saccade/metrics/answers.hpp>
#include <saccade/metrics/early_stopping.hpp>
#include <saccade/metrics/hit_rate.hpp>
#include <saccade/metrics/pixel_fraction.hpp>
#include <saccade/model/config.hpp>
#include <saccade/model/control_policy.hpp>
#include <saccade/report/predictions.hpp>
#include <saccade/training/breakhis_dataset.hpp>
#include <saccade/training/predict_images.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// How a classifier did under one glimpse policy, and its JSON: evaluation.json. Opt-in: needs nlohmann/json, libpng
/// and libjpeg-turbo.
namespace saccade::inline SACCADE_NAMESPACE::report {

/// How much of an image is read, means over the images.
struct PixelShares {
  double processed = metrics::undefined;  ///< pixels handed to the network: (T * scales * side^2 + thumbnail) / area
  double unique = metrics::undefined;            ///< of the image, seen at full resolution by at least one glimpse
  double unique_any_scale = metrics::undefined;  ///< of the image, seen by at least one glimpse at any scale
};

/// One policy's results over a set of images.
struct PolicyResult {
  GlimpsePolicy policy = GlimpsePolicy::learned;
  metrics::Answers answers;
  metrics::Scores scores;
  std::vector<double> accuracy_by_glimpse;  ///< of images, after each glimpse
  std::vector<metrics::StoppingPoint> early_stopping;  ///< accuracy against mean glimpses
  PixelShares pixels;
  std::optional<metrics::HitRate> hit_rate;  ///< where the foci are known
  double seconds = 0;                        ///< that it took, decoding included
};

/// @param foci  box of each record of the dataset, or empty where they are not known
/// @param seed  of the bootstrap
[[nodiscard]] inline PolicyResult judge(GlimpsePolicy policy, const BreakhisDataset& dataset,
                                        std::span<const ImagePrediction> predictions, const GlimpseGeometry& sensor,
                                        std::span<const Box> foci, std::uint64_t seed, double seconds) {
  PolicyResult result;
  result.policy = policy;
  result.seconds = seconds;
  if (!foci.empty()) result.hit_rate.emplace();
  PixelShares sums{0, 0, 0};
  std::vector<double> right;
  std::vector<metrics::AnswersByGlimpse> answers;
  for (const ImagePrediction& each : predictions) {
    const Prediction& prediction = each.prediction;
    const Index label = dataset.record(each.image).label;
    result.answers.add(dataset.patient_of(each.image), label, prediction.probabilities.back());
    answers.push_back(prediction.probabilities);
    right.resize(prediction.probabilities.size());
    for (std::size_t t = 0; t < right.size(); ++t) {
      const std::vector<double>& p = prediction.probabilities[t];
      right[t] += std::max_element(p.begin(), p.end()) - p.begin() == label ? 1 : 0;
    }
    std::vector<Box> finest, all;
    for (const std::vector<Box>& windows : prediction.windows) {
      finest.push_back(windows.front());
      all.insert(all.end(), windows.begin(), windows.end());
    }
    Index processed = static_cast<Index>(all.size()) * sensor.side * sensor.side;
    for (const Thumbnail& thumbnail : prediction.thumbnails) {
      processed += thumbnail.side * thumbnail.side;
      all.push_back(thumbnail.window);
    }
    sums.processed += static_cast<double>(processed) / static_cast<double>(each.width * each.height);
    sums.unique += metrics::pixel_fraction(finest, each.width, each.height).unique;
    sums.unique_any_scale += metrics::pixel_fraction(all, each.width, each.height).unique;
    if (result.hit_rate) result.hit_rate->add(finest, foci[static_cast<std::size_t>(each.image)]);
  }
  if (const auto images = static_cast<double>(predictions.size()); images > 0) {
    for (const double count : right) result.accuracy_by_glimpse.push_back(count / images);
    result.pixels = {sums.processed / images, sums.unique / images, sums.unique_any_scale / images};
  }
  result.early_stopping = metrics::early_stopping(answers, result.answers.truth);
  result.scores = metrics::score_answers(result.answers, seed);
  return result;
}

/// The lines of predictions.jsonl for one policy. @param foci  as for `judge`
[[nodiscard]] inline std::vector<PredictionRecord> prediction_records(GlimpsePolicy policy,
                                                                      const BreakhisDataset& dataset,
                                                                      std::span<const ImagePrediction> predictions,
                                                                      std::span<const Box> foci) {
  std::vector<PredictionRecord> records;
  for (const ImagePrediction& each : predictions) {
    const data::ImageRecord& image = dataset.record(each.image);
    records.push_back({.policy = to_string(policy),
                       .image = image.path.stem().string(),
                       .patient = dataset.patient_of(each.image),
                       .truth = image.label,
                       .width = each.width,
                       .height = each.height,
                       .locations = each.prediction.locations,
                       .probabilities = each.prediction.probabilities});
    if (!foci.empty()) records.back().focus = foci[static_cast<std::size_t>(each.image)];
  }
  return records;
}

namespace detail {

/// Null where a figure is not defined.
[[nodiscard]] inline nlohmann::ordered_json figure(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}

/// {"value": 0.9, "low": 0.72, "high": 0.97}: the 95 % interval over patients.
[[nodiscard]] inline nlohmann::ordered_json figure(const metrics::Estimate& estimate) {
  return {{"value", figure(estimate.value)},
          {"low", figure(estimate.interval.low)},
          {"high", figure(estimate.interval.high)}};
}

[[nodiscard]] inline nlohmann::ordered_json figures(std::span<const double> values) {
  auto list = nlohmann::ordered_json::array();
  for (const double value : values) list.push_back(figure(value));
  return list;
}

[[nodiscard]] inline nlohmann::ordered_json early_stopping(std::span<const metrics::StoppingPoint> curve) {
  auto list = nlohmann::ordered_json::array();
  for (const metrics::StoppingPoint& point : curve) {
    list.push_back({{"threshold", point.threshold},
                    {"glimpses", figure(point.glimpses)},
                    {"accuracy", figure(point.accuracy)}});
  }
  return list;
}

[[nodiscard]] inline nlohmann::ordered_json per_patient(const metrics::Answers& answers) {
  std::map<std::string, Index> label_of;  // a leaking slide may have both: its first image's
  for (std::size_t i = 0; i < answers.patient.size(); ++i) label_of.try_emplace(answers.patient[i], answers.truth[i]);
  auto list = nlohmann::ordered_json::array();
  for (const metrics::PatientScore& patient : answers.by_patient()) {
    list.push_back({{"patient", patient.patient},
                    {"class", data::class_names[static_cast<std::size_t>(label_of.at(patient.patient))]},
                    {"right", patient.right},
                    {"images", patient.images},
                    {"score", patient.score()}});
  }
  return list;
}

}  // namespace detail

/// The figures that evaluation.json has at its top for the headline policy and below "controls" for every other one.
[[nodiscard]] inline nlohmann::ordered_json to_json(const PolicyResult& result) {
  using detail::figure;
  const metrics::Scores& scores = result.scores;
  const metrics::Confusion confusion(2, result.answers.truth, result.answers.predicted);
  nlohmann::ordered_json json{
      {"patient_recognition_rate", figure(scores.patient_recognition_rate)},
      {"patient_majority_accuracy", figure(scores.majority_accuracy)},
      {"image_accuracy", figure(scores.image_accuracy)},
      {"balanced_accuracy", figure(scores.balanced_accuracy)},
      {"auc", figure(scores.auc)},
      {"sensitivity", figure(scores.sensitivity)},
      {"specificity", figure(scores.specificity)},
      {"f1", figure(scores.f1)},
      {"confusion",
       {{"classes", data::class_names},
        {"counts", {{confusion.count(0, 0), confusion.count(0, 1)}, {confusion.count(1, 0), confusion.count(1, 1)}}}}},
      {"cross_entropy", figure(result.answers.mean_cross_entropy())},
      {"accuracy_by_glimpse", detail::figures(result.accuracy_by_glimpse)},
      {"early_stopping", detail::early_stopping(result.early_stopping)},
      {"pixel_fraction",
       {{"processed", figure(result.pixels.processed)},
        {"unique", figure(result.pixels.unique)},
        {"unique_any_scale", figure(result.pixels.unique_any_scale)}}}};
  json["hit_rate"] = nullptr;
  if (result.hit_rate) {
    json["hit_rate"] = {{"any", figure(result.hit_rate->any())},
                        {"by_step", detail::figures(result.hit_rate->by_step())}};
  }
  return json;
}

/// The whole of evaluation.json.
///
/// @param protocol  what was evaluated and how
/// @param results   of every policy; the headline is the one named `headline`
/// @param glimpses  of an image
[[nodiscard]] inline nlohmann::ordered_json evaluation_json(const nlohmann::ordered_json& protocol,
                                                            std::span<const PolicyResult> results,
                                                            GlimpsePolicy headline, Index glimpses) {
  nlohmann::ordered_json json{{"schema", "saccade.evaluation.1"}, {"protocol", protocol}};
  nlohmann::ordered_json controls = nlohmann::ordered_json::object();
  for (const PolicyResult& result : results) {
    if (result.policy != headline) {
      controls[to_string(result.policy)] = to_json(result);
      continue;
    }
    json.update(to_json(result));
    json["per_patient"] = detail::per_patient(result.answers);
    const double speed = static_cast<double>(result.answers.images()) / result.seconds;
    json["throughput"] = {{"images_per_second", detail::figure(speed)},
                          {"glimpses_per_second", detail::figure(speed * static_cast<double>(glimpses))}};
  }
  json["controls"] = controls;
  return json;
}

}  // namespace saccade::report
