#include <saccade/core/message.hpp>
#include <saccade/core/number_text.hpp>
#include <saccade/core/process_group.hpp>
#include <saccade/core/utf8.hpp>
#include <saccade/data/csv.hpp>
#include <saccade/model/json.hpp>
#include <saccade/report/provenance.hpp>
#include <saccade/training/checkpoint_label.hpp>
#include <saccade/training/same_run.hpp>
#include <saccade/training/trained_classifier.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "classify_options.hpp"
#include "common/exit_code.hpp"
#include "common/named_images.hpp"
#include "common/training_data.hpp"
#include "common/with_backend.hpp"
#include "processes.hpp"
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

/// What the user has named, in his order: an image, or the sentence that says why there is none.
struct Named {
  std::optional<program::NamedImage> image{};
  std::string problem{};
};

template <class B>
int classify_images(B& b, const program::ClassifyOptions& options, const ProcessGroup& group) {
  auto classifier = TrainedClassifier<B>::load(b, options.checkpoint, 1, program::golden_tolerance_of(options.backend));
  const CheckpointInfo& info = classifier.info();
  const report::Provenance provenance{.weights = classifier.checksum(), .epoch = trained_epochs(info.run), .data = {}};
  expect_same(group, "checkpoint", provenance.weights);
  const data::SlideReader slides = program::slide_reader_for(options.images.resolution, info, options.checkpoint);
  Index answers = 0, problems = 0;
  const auto problem = [&](const std::string& sentence) {
    std::cerr << "saccade classify: " << sentence << '\n';
    ++problems;
  };
  if (options.format == program::AnswerFormat::csv) std::cout << csv_header(info.classes, info.model.glimpses);
  const auto text_of = [&](const program::NamedImage& image) -> std::string {
    const program::LoadedNamedImage loaded = image.load(info.model, slides);
    Classification answer = classifier.classify(loaded.image);
    for (std::vector<Box>& windows : answer.prediction.windows)
      for (Box& window : windows) window = data::enlarged(window, loaded.base);
    if (options.format == program::AnswerFormat::csv) return to_csv(image.name, answer, provenance);
    if (options.format == program::AnswerFormat::text) return to_line(image.name, answer) + '\n';
    return json_text(to_json(image.name, answer, info.classes, provenance)) + '\n';
  };
  std::vector<Named> waiting;
  // Every process answers for its own of what waits, and hears all answers. False where nobody reads the rest.
  const auto answer_waiting = [&] {
    const auto is_of = [&](std::size_t place, Index rank) {
      return waiting[place].image && static_cast<Index>(place) % group.size() == rank;
    };
    const std::vector<std::string> messages = group.together([&] {
      MessageWriter message;
      message.add(static_cast<std::uint64_t>(waiting.size()));
      message.add(static_cast<bool>(std::cout));
      for (std::size_t place = 0; place < waiting.size(); ++place) {
        if (!is_of(place, group.rank())) continue;
        bool right = true;
        std::string text;
        try {
          text = text_of(*waiting[place].image);
        } catch (const FileError& error) {
          right = false;
          text = error.what();
        }
        message.add(right);
        message.add_text(waiting[place].image->name);
        message.add_text(text);
      }
      return message.take();
    });
    std::vector<MessageReader> heard(messages.begin(), messages.end());
    bool read = true, same = true;
    for (MessageReader& each : heard) {
      same = same && each.read<std::uint64_t>() == waiting.size();
      read = each.read<bool>() && read;
    }
    for (std::size_t place = 0; same && place < waiting.size(); ++place) {
      if (!waiting[place].image) {
        problem(waiting[place].problem);
        continue;
      }
      MessageReader& message = heard[place % heard.size()];
      const bool right = message.read<bool>();
      same = message.read_text() == waiting[place].image->name;
      const std::string text = message.read_text();
      if (!right) {
        problem(text);
        continue;
      }
      std::cout << text << std::flush;
      ++answers;
    }
    if (!same) group.fail(FileError("the processes find other images under the same names"));
    waiting.clear();
    return read && static_cast<bool>(std::cout);
  };
  // One process answers at once; several have some each, so that none waits long for another.
  const std::size_t enough = group.size() == 1 ? 1 : 8 * static_cast<std::size_t>(group.size());
  const auto wait_for = [&](Named named) {
    waiting.push_back(std::move(named));
    return waiting.size() < enough || answer_waiting();
  };
  program::ImageVisitor([&](const program::NamedImage& image) { return wait_for({.image = image}); },
                        [&](const std::string& sentence) { wait_for({.problem = sentence}); },
                        static_cast<bool>(slides))
      .visit(options.images);
  if (!waiting.empty()) answer_waiting();
  if (answers + problems == 0) problem("no image is named");
  return problems == 0 ? program::success : program::failure;
}

}  // namespace

int program::classify(const ClassifyOptions& options) {
  if (options.images.empty()) throw ConfigError("images is required: files, folders, - or --list");
  const Processes processes;
  return processes.run([&](const ProcessGroup& group) {
    const auto& names = options.images.names;
    expect_config(group.size() == 1 || std::find(names.begin(), names.end(), "-") == names.end(),
                  "one process alone can read names from standard input; several need a file of them, by --list");
    return with_backend(options.backend, [&](auto& b) { return classify_images(b, options, group); });
  });
}
