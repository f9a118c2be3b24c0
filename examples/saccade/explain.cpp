#include <saccade/core/file.hpp>
#include <saccade/core/folder_lock.hpp>
#include <saccade/core/utf8.hpp>
#include <saccade/data/annotations.hpp>
#include <saccade/data/image_encode.hpp>
#include <saccade/model/json.hpp>
#include <saccade/report/explain_image.hpp>
#include <saccade/report/geojson.hpp>
#include <saccade/report/progress.hpp>
#include <saccade/report/provenance.hpp>
#include <saccade/training/checkpoint_label.hpp>
#include <saccade/training/trained_classifier.hpp>

#include <cstddef>
#include <filesystem>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/exit_code.hpp"
#include "common/named_images.hpp"
#include "common/slides.hpp"
#include "common/training_data.hpp"
#include "common/with_backend.hpp"
#include "explain_options.hpp"
#include "subcommands.hpp"

namespace {

using namespace saccade;

/// All images that the command line names, or `pick` of them, evenly spread. @throws FileError for the first name that
/// leads to none
std::vector<program::NamedImage> images_to_explain(const program::ExplainOptions& options) {
  std::vector<program::NamedImage> images;
  program::ImageVisitor(
      [&](const program::NamedImage& image) {
        images.push_back(image);
        return true;
      },
      [](const std::string& sentence) { throw FileError(sentence); }, static_cast<bool>(program::slide_reader()))
      .visit(options.images);
  if (images.empty()) throw FileError("no image is named");
  if (const auto pick = static_cast<std::size_t>(options.pick); pick > 0 && pick < images.size()) {
    std::vector<program::NamedImage> picked;
    for (std::size_t i = 0; i < pick; ++i) picked.push_back(images[(2 * i + 1) * images.size() / (2 * pick)]);
    images = std::move(picked);
  }
  return images;
}

/// What the pictures of each image are called: NAME of NAME.png, and FOLDER_NAME where two images share a name.
/// @throws ConfigError where that is no help
std::vector<std::string> picture_names(const std::vector<program::NamedImage>& images) {
  std::map<std::string, int> uses;
  for (const program::NamedImage& image : images) ++uses[image.stem()];
  std::set<std::string> taken;
  std::vector<std::string> names;
  for (const program::NamedImage& image : images) {
    std::string name = image.stem();
    if (uses[name] > 1) name = image.path.parent_path().filename().string() + '_' + name;
    if (!taken.insert(name).second)
      throw ConfigError("two images have the name of \"" + image.name + "\", and their pictures would have too");
    names.push_back(std::move(name));
  }
  return names;
}

template <class B>
int explain_images(B& b, const program::ExplainOptions& options) {
  const std::vector<program::NamedImage> images = images_to_explain(options);
  const std::vector<std::string> names = picture_names(images);
  auto classifier = TrainedClassifier<B>::load(b, options.checkpoint, 1, program::golden_tolerance_of(options.backend));
  Evaluator<B> evaluator(b, classifier.model(), 1, Activations::every_step);
  create_folders(options.out);
  const FolderLock lock(options.out, "owner.lock", "saccade explain");
  if (!lock.warning().empty()) std::cerr << "saccade explain: warning: " << lock.warning() << '\n';
  remove_partial_files(options.out);
  const std::vector<std::string>& classes = classifier.info().classes;
  const std::string description =
      "saccade explain, by " +
      report::weights_text(
          {.weights = classifier.checksum(), .epoch = trained_epochs(classifier.info().run), .data = {}});
  const data::SlideReader slides =
      program::slide_reader_for(options.images.resolution, classifier.info(), options.checkpoint);
  data::Annotations annotations;
  report::Progress progress("explaining", static_cast<Index>(images.size()));
  for (std::size_t i = 0; i < images.size(); ++i) {
    const program::NamedImage& image = images[i];
    const program::LoadedNamedImage loaded = image.load(classifier.info().model, slides);
    report::Explanation explanation =
        report::explain_image(b, evaluator, classifier.parameters(), classifier.statistics(), loaded.image, classes);
    explanation.title = image.read ? image.sample.name : image.path.filename().string();
    const data::Annotation known =
        image.read ? data::Annotation{.label = image.label, .regions = {}} : annotations.find(image.path);
    const auto label = static_cast<std::size_t>(data::label_of(classes, known.label));
    if (label < classes.size()) explanation.label = label;
    for (const Box& region : known.regions)
      explanation.regions.push_back(report::in_overview(data::reduced(region, loaded.base), explanation.reduction));
    const std::filesystem::path sheet = options.out / (names[i] + "_glimpses.png");
    const std::filesystem::path masks = options.out / (names[i] + (image.is_slide() ? ".geojson" : "_masks.png"));
    data::write_png(sheet, report::draw_explanation(explanation).view(), Outlives::power, description);
    if (image.is_slide()) {
      write_file_atomically(masks, json_text(report::to_geojson(explanation, loaded.base), 1) + '\n');
    } else {
      data::write_png(masks, report::draw_masks(explanation).view(), Outlives::power, description);
    }
    std::cout << sheet.string() << '\n' << masks.string() << '\n' << std::flush;
    progress.advance();
  }
  return program::success;
}

}  // namespace

int program::explain(const ExplainOptions& options) {
  if (options.images.empty()) throw ConfigError("images is required: files, folders, - or --list");
  return with_backend(options.backend, [&](auto& b) { return explain_images(b, options); });
}
