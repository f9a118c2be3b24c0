#include <saccade/core/number_text.hpp>
#include <saccade/core/utf8.hpp>
#include <saccade/data/csv.hpp>
#include <saccade/model/json.hpp>
#include <saccade/report/provenance.hpp>
#include <saccade/training/checkpoint_label.hpp>
#include <saccade/training/trained_classifier.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <iostream>
#include <string>
#include <vector>

#include "classify_options.hpp"
#include "common/exit_code.hpp"
#include "common/named_images.hpp"
#include "common/slides.hpp"
#include "common/training_data.hpp"
#include "common/with_backend.hpp"
#include "subcommands.hpp"

namespace {

using namespace saccade;

/// {"image", "class", "probability", "probabilities", "glimpses": [{"x", "y", "width", "height"}], "provenance"}
nlohmann::ordered_json to_json(const std::string& path, const Classification& answer,
                               const std::vector<std::string>& classes, const report::Provenance& provenance) {
  nlohmann::ordered_json json{{"image", to_utf8(path)},
                              {"class", answer.class_name},
                              {"probability", answer.probabilities[static_cast<std::size_t>(answer.class_index)]}};
  for (std::size_t i = 0; i < classes.size(); ++i) json["probabilities"][classes[i]] = answer.probabilities[i];
  for (const std::vector<Box>& windows : answer.prediction.windows) {
    const Box& box = windows.front();
    json["glimpses"].push_back({{"x", box.x}, {"y", box.y}, {"width", box.width}, {"height", box.height}});
  }
  json["provenance"] = report::to_json(provenance);
  return json;
}

/// "slide.png  malignant  0.934  looked at (294,174) (102,88), 112 x 112 pixels each".
std::string to_line(const std::string& path, const Classification& answer) {
  const double probability = answer.probabilities[static_cast<std::size_t>(answer.class_index)];
  std::string line = path + "  " + answer.class_name + "  " + fixed_text(probability, 3) + "  looked at";
  for (const std::vector<Box>& windows : answer.prediction.windows)
    line += " (" + std::to_string(windows.front().x) + "," + std::to_string(windows.front().y) + ")";
  const Box& box = answer.prediction.windows.front().front();
  return line + ", " + std::to_string(box.width) + " x " + std::to_string(box.height) + " pixels each";
}

/// "image,class,probability,probability_benign,probability_malignant,x_1,y_1,width_1,height_1,x_2,...,weights,epoch".
std::string csv_header(const std::vector<std::string>& classes, Index glimpses) {
  std::vector<std::string> fields{"image", "class", "probability"};
  for (const std::string& name : classes) fields.push_back("probability_" + name);
  for (Index t = 1; t <= glimpses; ++t)
    for (const char* name : {"x_", "y_", "width_", "height_"}) fields.push_back(name + std::to_string(t));
  fields.insert(fields.end(), {"weights", "epoch"});
  return data::csv_line(fields);
}

std::string to_csv(const std::string& path, const Classification& answer, const report::Provenance& provenance) {
  const auto number = [](double probability) { return fixed_text(probability, 6); };
  std::vector<std::string> fields{path, answer.class_name,
                                  number(answer.probabilities[static_cast<std::size_t>(answer.class_index)])};
  for (const double probability : answer.probabilities) fields.push_back(number(probability));
  for (const std::vector<Box>& windows : answer.prediction.windows) {
    const Box& box = windows.front();
    for (const Index value : {box.x, box.y, box.width, box.height}) fields.push_back(std::to_string(value));
  }
  fields.push_back(provenance.weights);
  fields.push_back(provenance.epoch ? std::to_string(*provenance.epoch) : "");
  return data::csv_line(fields);
}

template <class B>
int classify_images(B& b, const program::ClassifyOptions& options) {
  auto classifier = TrainedClassifier<B>::load(b, options.checkpoint, 1, program::golden_tolerance_of(options.backend));
  const CheckpointInfo& info = classifier.info();
  const report::Provenance provenance{.weights = classifier.checksum(), .epoch = trained_epochs(info.run), .data = {}};
  data::SlideReader slides = program::slide_reader();
  slides.resolution = reading_json(to_utf8(options.checkpoint.string()), [&] {
    return program::resolution_of(options.images.resolution, program::training_data(info));
  });
  Index answers = 0, problems = 0;
  const auto problem = [&](const std::string& sentence) {
    std::cerr << "saccade classify: " << sentence << '\n';
    ++problems;
  };
  if (options.format == program::AnswerFormat::csv) std::cout << csv_header(info.classes, info.model.glimpses);
  const auto answer_for = [&](const program::NamedImage& image) {
    try {
      const program::LoadedNamedImage loaded = image.load(info.model, slides);
      Classification answer = classifier.classify(loaded.image);
      for (std::vector<Box>& windows : answer.prediction.windows)
        for (Box& window : windows) window = data::enlarged(window, loaded.base);
      switch (options.format) {
        case program::AnswerFormat::text:
          std::cout << to_line(image.name, answer) << '\n';
          break;
        case program::AnswerFormat::json_lines:
          std::cout << json_text(to_json(image.name, answer, info.classes, provenance)) << '\n';
          break;
        case program::AnswerFormat::csv:
          std::cout << to_csv(image.name, answer, provenance);
          break;
      }
      std::cout << std::flush;
      ++answers;
    } catch (const FileError& error) {
      problem(error.what());
    }
    return static_cast<bool>(std::cout);  // nobody reads the rest
  };
  program::ImageVisitor(answer_for, problem, static_cast<bool>(slides)).visit(options.images);
  if (answers + problems == 0) problem("no image is named");
  return problems == 0 ? program::success : program::failure;
}

}  // namespace

int program::classify(const ClassifyOptions& options) {
  if (options.images.empty()) throw ConfigError("images is required: files, folders, - or --list");
  return with_backend(options.backend, [&](auto& b) { return classify_images(b, options); });
}
