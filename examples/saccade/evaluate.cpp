#include <saccade/core/process_group.hpp>
#include <saccade/core/unreadable_error.hpp>
#include <saccade/core/utf8.hpp>
#include <saccade/data/equal_images.hpp>
#include <saccade/data/image_encode.hpp>
#include <saccade/model/json.hpp>
#include <saccade/report/early_stopping.hpp>
#include <saccade/report/evaluation_json.hpp>
#include <saccade/report/evaluation_table.hpp>
#include <saccade/report/explain_image.hpp>
#include <saccade/report/gallery.hpp>
#include <saccade/report/progress.hpp>
#include <saccade/report/provenance.hpp>
#include <saccade/report/run_folder.hpp>
#include <saccade/report/run_report.hpp>
#include <saccade/report/staged_results.hpp>
#include <saccade/training/averaged_prediction.hpp>
#include <saccade/training/checkpoint_label.hpp>
#include <saccade/training/config_history.hpp>
#include <saccade/training/known_groups.hpp>
#include <saccade/training/run_config.hpp>
#include <saccade/training/run_state.hpp>
#include <saccade/training/same_run.hpp>
#include <saccade/training/shared_predictions.hpp>
#include <saccade/training/trained_classifier.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "common/describe_data.hpp"
#include "common/exit_code.hpp"
#include "common/ground_truth.hpp"
#include "common/interruption.hpp"
#include "common/inventory.hpp"
#include "common/loader_choice.hpp"
#include "common/regions.hpp"
#include "common/report.hpp"
#include "common/slides.hpp"
#include "common/tissue_warning.hpp"
#include "common/training_data.hpp"
#include "common/with_backend.hpp"
#include "evaluate_options.hpp"
#include "processes.hpp"
#include "subcommands.hpp"

namespace {

using namespace saccade;

using program::EvaluateOptions;

/// Options that were not given are those of the training.
DataChoice complete(const EvaluateOptions& options, const nlohmann::ordered_json& trained) {
  DataChoice choice = options.data;
  const bool may_be_breakhis = choice.options.kind.empty() || choice.options.kind == "breakhis";
  if (may_be_breakhis && !choice.options.magnification && trained.contains("magnification"))
    choice.options.magnification = trained.at("magnification").get<double>();
  const SlideResolution slides = program::resolution_of(
      {.microns_per_pixel = choice.options.microns_per_pixel, .magnification = choice.options.magnification}, trained);
  choice.options.microns_per_pixel = slides.microns_per_pixel;
  choice.options.magnification = slides.magnification;
  choice.options.slides = program::slide_reader();
  if (choice.split.empty()) choice.split = trained.value("split", choice.split);
  if (may_be_breakhis && choice.options.group.empty() && trained.value("group", "slide") == "case")
    choice.options.group = "case";
  return choice;
}

/// figures/early_stopping.png in `folder`: a curve for each policy. @throws FileError
void draw_early_stopping(const std::filesystem::path& folder, const std::vector<report::PolicyResult>& results) {
  std::vector<report::Series> curves;
  for (const report::PolicyResult& result : results)
    curves.push_back(report::stopping_series(to_string(result.policy), result.early_stopping));
  for (const report::PolicyResult& result : results) {
    if (result.policy == GlimpsePolicy::learned && !result.stopping_by_value.empty())
      curves.push_back(report::stopping_series("learned, by value", result.stopping_by_value));
  }
  create_folders(folder / "figures");
  data::write_png(folder / "figures/early_stopping.png", draw_chart(report::stopping_chart(std::move(curves))).view());
}

/// One policy's answers, as a file keeps them, and the images that they are about.
struct Answered {
  GlimpsePolicy policy = GlimpsePolicy::learned;
  std::vector<report::PredictionRecord> records{};
  std::vector<Index> images{};  ///< of each record, in the data set
};

/// Pictures of right and wrong answers in `folder`.
template <class B>
void draw_gallery(B& b, TrainedClassifier<B>& classifier, const data::Dataset& dataset, data::TissueAreas& tissue,
                  const EvaluateOptions& options, const Answered& answered, const report::RunFolder& folder,
                  const report::Provenance& provenance) {
  std::vector<bool> right;
  for (const report::PredictionRecord& record : answered.records) right.push_back(record.predicted() == record.truth);
  const auto chosen = report::choose_for_gallery(right, static_cast<std::size_t>(options.gallery));
  Evaluator<B> evaluator(b, classifier.model(), 1, Activations::every_step);
  report::GalleryWriter writer(folder.gallery(), to_string(answered.policy), provenance);
  for (const std::size_t i : chosen) {
    const report::PredictionRecord& record = answered.records[i];
    report::Explanation explanation;
    try {
      const AnyImage image = load_sample_for(dataset, answered.images[i], classifier.info().model, tissue);
      explanation = report::explain_image(b, evaluator, classifier.parameters(), classifier.statistics(), image,
                                          classifier.info().classes,
                                          {.policy = answered.policy,
                                           .seed = options.seed,
                                           .number = static_cast<Index>(i),
                                           .region = record.regions.empty() ? Box{} : record.regions.front()});
    } catch (const UnreadableError&) {
      throw;
    } catch (const FileError& error) {  // damaged: a slide's overview is read here for the first time
      if (!is_slide(dataset, dataset.sample(answered.images[i]))) throw;
      std::cerr << "saccade evaluate: warning: no picture: " << error.what() << '\n';
      continue;
    }
    for (const Box& region : record.regions)
      explanation.regions.push_back(report::in_overview(region, explanation.reduction));
    writer.add(record, explanation);
  }
  writer.finish();
}

template <class B>
int evaluate_classifier(B& b, const EvaluateOptions& options, const ProcessGroup& group) {
  const GlimpsePolicy headline = parse_glimpse_policy(options.policy);
  auto classifier = TrainedClassifier<B>::load(b, options.checkpoint, 1, program::golden_tolerance_of(options.backend));
  const CheckpointInfo& info = classifier.info();
  const nlohmann::ordered_json trained = program::training_data(info);
  const std::string checkpoint = to_utf8(options.checkpoint.string());
  const DataChoice choice = reading_json(checkpoint, [&] { return complete(options, trained); });
  const RunData run = open_for_evaluation(choice, info.classes);
  const data::Dataset& dataset = run.dataset;
  const std::vector<Index>& part = run.split.test;
  expect_same(group, "checkpoint", classifier.checksum());
  expect_same(group, "data set", data::fingerprint(dataset, part));
  const std::vector<Box> regions = program::regions_of(dataset);
  if (headline == GlimpsePolicy::oracle && regions.empty()) {
    throw FileError("the oracle policy needs a region for every image, and \"" + options.data.folder.string() +
                    "\" does not say where they are");
  }
  const report::GroundTruth truth = program::ground_truth_of(dataset, regions);
  if (trained.empty() || !trained.is_object()) {
    std::cerr << "saccade evaluate: warning: the checkpoint does not say what it was trained with: whether it knows "
                 "these images already, nobody can tell\n";
  }
  const std::vector<std::string> known = known_groups(run, trained, checkpoint);
  if (!known.empty()) {
    std::cerr << "saccade evaluate: warning: " << known.size() << " of " << data::groups_of(dataset, part).size() << ' '
              << truth.group_noun << "s belong to those that the checkpoint was trained with (" << known.front()
              << (known.size() > 1 ? ", ..." : "") << "): the figures say nothing about new " << truth.group_noun
              << "s\n";
  }
  program::warn_of_missing_classes("saccade evaluate", run, "test", part);
  Index equal = 0;
  for (const data::EqualImages& pair :
       group.leads() ? data::find_equal_images(dataset, run.split) : std::vector<data::EqualImages>())
    equal += pair.second_part == data::Part::test ? 1 : 0;
  if (equal > 0) {
    std::cerr << "saccade evaluate: warning: " << equal << " of " << part.size()
              << " images are the same, byte for byte, as images of another part; saccade data names them\n";
  }
  report::RunFolder folder(options.out);
  data::Inventory inventory;
  group.together([&] {
    if (!group.leads()) return;
    program::own(folder, "saccade evaluate");
    // A training's list of its images stays as it is: these may be others.
    inventory = program::take_inventory(
        dataset, {.train = {}, .validation = {}, .test = part},
        {folder.images(), report::RunFolder(options.checkpoint.parent_path()).images(), folder.evaluated_images()});
  });
  const report::Provenance provenance{.weights = classifier.checksum(),
                                      .epoch = trained_epochs(info.run),
                                      .data = inventory.identity(data::Part::test)};

  data::TissueAreas tissue(dataset.size());
  data::Loader loader(dataset.size(), decode_for(info.model, dataset, tissue), options.loader.options(options.batch));
  Evaluator<B> evaluator(b, classifier.model(), std::min(options.batch, static_cast<Index>(part.size())));
  const program::Interruption interruption;
  AgreedBadImages bad(options.loader.max_bad_images);
  const auto look = [&](const PredictOptions& predict, const std::string& name) {
    report::Progress progress(name, static_cast<Index>(part.size()));
    ListedImages<B> images(b, loader);
    return predict_shared(
        group, b, evaluator, classifier.parameters(), classifier.statistics(), images, part, predict,
        [&](Index done) {
          progress.advance(std::min(done * group.size(), static_cast<Index>(part.size())) - progress.done());
          return !interruption.requested();
        },
        loader, bad);
  };
  const auto stopped = [] {
    std::cerr << "saccade evaluate: interrupted; nothing is written\n";
    return program::interrupted;
  };
  std::vector<report::PolicyResult> results;
  std::vector<report::PredictionRecord> records;
  Answered answered{.policy = headline};
  for (std::size_t i = 0; i < glimpse_policy_names.size(); ++i) {
    const auto policy = static_cast<GlimpsePolicy>(i);
    if (policy == GlimpsePolicy::oracle && regions.empty()) continue;
    const PredictOptions predict{.policy = policy, .seed = options.seed, .regions = regions};
    const double start = report::steady_seconds();
    const auto looked = look(predict, to_string(policy));
    if (!looked) return stopped();
    const std::vector<ImagePrediction>& predictions = *looked;
    if (predictions.empty()) group.fail(FileError("evaluation: none of the images can be used"));
    results.push_back(
        report::judge(policy, truth, predictions, info.model.sensor, options.seed, report::steady_seconds() - start));
    // Of answers at other glimpses than those that it was chosen by it says nothing.
    if (policy == GlimpsePolicy::learned) results.back().temperature = temperature_of(info.run);
    auto of_policy = report::prediction_records(policy, truth, predictions);
    records.insert(records.end(), of_policy.begin(), of_policy.end());
    if (policy != headline) continue;
    answered.records = std::move(of_policy);
    for (const ImagePrediction& each : predictions) answered.images.push_back(each.image);
  }
  nlohmann::ordered_json averaged_rollouts = nullptr;
  if (options.rollouts > 1) {
    const double start = report::steady_seconds();
    std::vector<std::vector<Prediction>> of_image;
    std::vector<ImagePrediction> predictions;
    for (Index rollout = 0; rollout < options.rollouts; ++rollout) {
      const std::string name = "rollout " + std::to_string(rollout + 1) + " of " + std::to_string(options.rollouts);
      auto looked = look({.seed = options.seed, .drawn = rollout}, name);
      if (!looked) return stopped();
      predictions = std::move(*looked);
      of_image.resize(predictions.size());
      for (std::size_t i = 0; i < predictions.size(); ++i) of_image[i].push_back(std::move(predictions[i].prediction));
    }
    for (std::size_t i = 0; i < predictions.size(); ++i) predictions[i].prediction = averaged(of_image[i]);
    averaged_rollouts = {{"rollouts", options.rollouts}};
    const report::PolicyResult result = report::judge(GlimpsePolicy::learned, truth, predictions, info.model.sensor,
                                                      options.seed, report::steady_seconds() - start);
    averaged_rollouts.update(to_json(result, truth.classes));
  }
  program::warn_of_missing_tissue("saccade evaluate", dataset, tissue, group);
  if (!group.leads()) return program::success;
  program::warn_of_bad_images("saccade evaluate", bad.list(), 0);

  const auto chosen = std::find_if(results.begin(), results.end(), [&](const auto& r) { return r.policy == headline; });
  nlohmann::ordered_json protocol{{"version", version_text()},
                                  {"checkpoint", checkpoint},
                                  {"provenance", to_json(provenance)},
                                  {"split", to_string(run.choice)},
                                  {"group", dataset.grouping},
                                  {"seed", options.seed},
                                  {"data", dataset.name},
                                  {"policy", to_string(headline)},
                                  {"backend", options.backend.name},
                                  {"precision", options.backend.precision()},
                                  {"glimpses", info.model.glimpses},
                                  {"groups", chosen->answers.by_group().size()},
                                  {"images", chosen->answers.images()},
                                  {"bad_images", bad.list().size()},
                                  {"groups_of_the_training", known}};
  if (dataset.magnification) protocol["magnification"] = *dataset.magnification;
  nlohmann::ordered_json json = report::evaluation_json(protocol, truth, results, headline, info.model.glimpses);
  json["averaged_rollouts"] = averaged_rollouts;
  for (report::PredictionRecord& record : records) record.provenance = provenance;
  report::StagedResults staged(folder);
  const report::RunFolder files = staged.files();
  report::write_predictions(files.predictions(), records);
  data::write_inventory(files.evaluated_images(), inventory);
  draw_gallery(b, classifier, dataset, tissue, options, answered, files, provenance);
  draw_early_stopping(files.path(), results);
  write_file_atomically(files.evaluation(), json_text(json, 2) + '\n');
  const bool has_page = program::stage_report("saccade evaluate", folder, staged);
  staged.publish();

  std::cout << dataset.name << "\nsplit " << to_string(run.choice) << ", " << protocol["groups"] << ' '
            << truth.group_noun << "s, " << protocol["images"] << " images\n";
  std::cout << truth.group_noun << " recognition rate of the " << to_string(headline)
            << " policy: " << report::figure_text(chosen->scores.group_recognition_rate) << "\n\n"
            << report::policy_table(results, truth.group_noun);
  if (truth.classes.size() > 2) {
    std::cout << "\nclasses, " << to_string(headline) << " policy\n" << report::class_table(*chosen, truth.classes);
  }
  if (!averaged_rollouts.is_null()) {
    std::cout << "\nmean probabilities of " << options.rollouts << " drawn rollouts of the learned policy: "
              << report::figure_text(averaged_rollouts["image_accuracy"]["value"].get<double>()) << " of the images\n";
  }
  const auto page = has_page ? folder.report() : program::write_report("saccade evaluate", folder);
  std::cout << "\nall figures:  " << folder.evaluation().string() << "\nreport:       " << page.string() << '\n';
  return program::success;
}

}  // namespace

int program::evaluate(const EvaluateOptions& options) {
  const Processes processes;
  return processes.run([&](const ProcessGroup& group) {
    return with_backend(options.backend, [&](auto& b) { return evaluate_classifier(b, options, group); });
  });
}
