#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/data/image_encode.hpp>
#include <saccade/data/synthetic_tissue.hpp>
#include <saccade/training/training_checkpoint.hpp>

#include "programs/process.hpp"
#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <array>
#include <cstddef>
#include <regex>
#include <string>

using namespace saccade;
using Cpu = EigenBackend<float>;

namespace {

std::ptrdiff_t matches(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  return std::distance(std::sregex_iterator(text.begin(), text.end(), regex), std::sregex_iterator());
}

}  // namespace

TEST_CASE("an application of a dozen lines classifies an image by a checkpoint") {
  const ScratchFolder folder;
  const std::string checkpoint = (folder / "model.safetensors").string(), image = (folder / "image.png").string();
  HybridAttentionConfig config = compact_preset();
  config.glimpses = 3;
  Cpu b(1);
  Trainer<Cpu> trainer(b, HybridAttentionClassifier<Cpu>(config), {}, 1);
  // The bias decides: the answer is known without a run of training.
  const std::array<float, 2> bias{-3, 3};
  b.upload(bias, trainer.parameters().classifier.bias);
  save_checkpoint(checkpoint, trainer, {.model = config, .classes = {"oak", "willow"}});
  data::write_png(image, data::synthesize({}, 0, 0).image.view());

  const programs::Ending answer = programs::run("classify_in_a_dozen_lines", {checkpoint, image});
  INFO(answer.out << answer.err);
  CHECK(answer.code == 0);
  CHECK(matches(answer.out, "looked at \\([+-][01]\\.[0-9]{2}, [+-][01]\\.[0-9]{2}\\)\n") == 3);
  CHECK(matches(answer.out, "willow: [0-9]{2,3}\\.[0-9] %\n$") == 1);

  const programs::Ending refused = programs::run("classify_in_a_dozen_lines", {image, image});
  CHECK(refused.code == 1);
  CHECK_THAT(refused.err, contains("image.png\": not a valid safetensors file: "));
  CHECK(programs::run("classify_in_a_dozen_lines", {}).err == "usage: classify_in_a_dozen_lines CHECKPOINT IMAGE\n");
}

TEST_CASE("an application of a dozen lines runs the model over its own backend") {
  const int glimpses = static_cast<int>(compact_preset().glimpses);
  const programs::Ending answer = programs::run("own_backend_in_a_dozen_lines", {});
  INFO(answer.out << answer.err);
  CHECK(answer.code == 0);
  CHECK(matches(answer.out, "looked at ") == glimpses);
  std::smatch match;
  REQUIRE(std::regex_search(answer.out, match, std::regex("class [01] after ([0-9]+) convolutions\n$")));
  const int convolutions = std::stoi(match[1]);
  CHECK(convolutions >= glimpses * 10);  // SA-Net has a dozen and more
  // Of the context network: four that read the thumbnail.
  CHECK((convolutions - 4) % glimpses == 0);
}
