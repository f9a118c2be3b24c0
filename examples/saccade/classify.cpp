#include <saccade/training/run_data.hpp>
#include <saccade/training/trained_classifier.hpp>

#include "common/backend_choice.hpp"
#include "common/program.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

namespace {

using namespace saccade;

/// {"image", "class", "probability", "probabilities", "glimpses": [{"x", "y", "width", "height"}]}
nlohmann::ordered_json to_json(const std::string& path, const Classification& answer,
                               const std::vector<std::string>& classes) {
  nlohmann::ordered_json json{{"image", path},
                              {"class", answer.class_name},
                              {"probability", answer.probabilities[static_cast<std::size_t>(answer.class_index)]}};
  for (std::size_t i = 0; i < classes.size(); ++i) json["probabilities"][classes[i]] = answer.probabilities[i];
  for (const std::vector<Box>& windows : answer.prediction.windows) {
    const Box& box = windows.front();
    json["glimpses"].push_back({{"x", box.x}, {"y", box.y}, {"width", box.width}, {"height", box.height}});
  }
  return json;
}

/// "slide.png  malignant  0.934  looked at (294,174) (102,88), 112 x 112 pixels each".
std::string to_line(const std::string& path, const Classification& answer) {
  char probability[16];
  std::snprintf(probability, sizeof probability, "%.3f",
                answer.probabilities[static_cast<std::size_t>(answer.class_index)]);
  std::string line = path + "  " + answer.class_name + "  " + probability + "  looked at";
  for (const std::vector<Box>& windows : answer.prediction.windows)
    line += " (" + std::to_string(windows.front().x) + "," + std::to_string(windows.front().y) + ")";
  const Box& box = answer.prediction.windows.front().front();
  return line + ", " + std::to_string(box.width) + " x " + std::to_string(box.height) + " pixels each";
}

}  // namespace

int main(int argc, char* argv[]) {
  std::filesystem::path checkpoint;
  std::vector<std::string> images;
  bool json = false;
  program::BackendChoice backend;
  program::Options options("classify_image",
                           "Classifies images: one line each with the class, its probability, and the top left corners "
                           "of the glimpses.");
  options.add_option("--checkpoint", checkpoint, "written by breakhis_train")->required();
  options.add_flag("--json", json, "one JSON object a line");
  options.add_option("images", images, "PNG or JPEG files of any size not below the glimpse")->required()->take_all();
  program::add_backend_options(options, backend);
  return program::run(options, argc, argv, [&] {
    return program::with_backend(backend, [&]<class B>(B& b) {
      auto classifier = TrainedClassifier<B>::load(b, checkpoint, 1, backend.golden_tolerance());
      const CheckpointInfo& info = classifier.info();
      for (const std::string& path : images) {
        const RgbImage image = load_image_for(path, info.model);
        const Classification answer = classifier.classify(image.view());
        std::cout << (json ? to_json(path, answer, info.classes).dump() : to_line(path, answer)) << '\n' << std::flush;
      }
      return static_cast<int>(program::success);
    });
  });
}
