#include <saccade/data/annotations.hpp>
#include <saccade/data/image_encode.hpp>
#include <saccade/report/explain_image.hpp>
#include <saccade/report/progress.hpp>
#include <saccade/training/run_data.hpp>
#include <saccade/training/trained_classifier.hpp>

#include "common/backend_choice.hpp"
#include "common/program.hpp"

#include <filesystem>
#include <iostream>
#include <set>
#include <string>
#include <vector>

namespace {

using namespace saccade;

template <class B>
int explain(B& b, double golden_tolerance, const std::filesystem::path& checkpoint, const std::filesystem::path& out,
            const std::vector<std::string>& images) {
  std::set<std::string> names;
  for (const std::string& path : images) {
    if (!names.insert(std::filesystem::path(path).stem().string()).second)
      throw ConfigError("two images have the name of \"" + path + "\", and their pictures would have too");
  }
  auto classifier = TrainedClassifier<B>::load(b, checkpoint, 1, golden_tolerance);
  Evaluator<B> evaluator(b, classifier.model(), 1, Keep::every_step);
  create_folders(out);
  const std::vector<std::string>& classes = classifier.info().classes;
  data::Annotations annotations;
  report::Progress progress("explaining", static_cast<Index>(images.size()));
  for (const std::string& path : images) {
    const std::filesystem::path file(path);
    RgbImage image = load_image_for(file, classifier.info().model);
    report::Explanation explanation = report::explain_image(
        b, evaluator, classifier.parameters(), classifier.statistics(), std::move(image), classifier.info().classes);
    explanation.title = file.filename().string();
    const data::Annotation known = annotations.find(file);
    const auto label = static_cast<std::size_t>(data::label_of(classes, known.label));
    if (label < classes.size()) explanation.label = label;
    explanation.foci = known.regions;
    const std::filesystem::path sheet = out / (file.stem().string() + "_glimpses.png");
    const std::filesystem::path masks = out / (file.stem().string() + "_masks.png");
    data::write_png(sheet, report::draw_explanation(explanation).view());
    data::write_png(masks, report::draw_masks(explanation).view());
    std::cout << sheet.string() << '\n' << masks.string() << '\n' << std::flush;
    progress.advance();
  }
  return program::success;
}

}  // namespace

int main(int argc, char* argv[]) {
  std::filesystem::path checkpoint, out;
  std::vector<std::string> images;
  program::BackendChoice backend;
  program::Options options("breakhis_explain",
                           "Draws where a classifier looked and what its soft masks weighed: for each image "
                           "NAME_glimpses.png and NAME_masks.png. Prints the files written.");
  options.add_option("--checkpoint", checkpoint, "written by breakhis_train")->required();
  options.add_option("--out", out, "folder for the pictures")->required();
  options.add_option("images", images, "PNG or JPEG files of any size not below the glimpse")->required()->take_all();
  program::add_backend_options(options, backend);
  return program::run(options, argc, argv, [&] {
    return program::with_backend(
        backend, [&](auto& b) { return explain(b, backend.golden_tolerance(), checkpoint, out, images); });
  });
}
