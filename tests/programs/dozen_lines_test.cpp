#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/data/image_encode.hpp>
#include <saccade/data/synthetic_tissue.hpp>
#include <saccade/training/checkpoint.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <array>
#include <cstdio>
#include <memory>
#include <regex>
#include <string>

#include <sys/wait.h>

using namespace saccade;
using Cpu = EigenBackend<float>;

namespace {

struct Result {
  int status = 0;
  std::string output;  ///< of both streams
};

/// Runs one of our programs in a shell.
Result run(const std::string& command) {
  Result result;
  FILE* const pipe = ::popen(("\"" SACCADE_PROGRAM_DIR "\"/" + command + " 2>&1").c_str(), "r");
  REQUIRE(pipe);
  std::array<char, 4096> block{};
  while (const std::size_t size = std::fread(block.data(), 1, block.size(), pipe))
    result.output.append(block.data(), size);
  const int status = ::pclose(pipe);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

std::ptrdiff_t count(const std::string& text, const std::string& pattern) {
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

  const Result answer = run("classify_in_a_dozen_lines " + checkpoint + " " + image);
  INFO(answer.output);
  CHECK(answer.status == 0);
  CHECK(count(answer.output, "looked at \\([+-][01]\\.[0-9]{2}, [+-][01]\\.[0-9]{2}\\)\n") == 3);
  CHECK(count(answer.output, "willow: [0-9]{2}\\.[0-9] %\n$") == 1);

  const Result refused = run("classify_in_a_dozen_lines " + image + " " + image);
  CHECK(refused.status == 1);
  CHECK_THAT(refused.output, contains("image.png\": not a valid safetensors file: "));
  CHECK(run("classify_in_a_dozen_lines").output == "usage: classify_in_a_dozen_lines CHECKPOINT IMAGE\n");
}

TEST_CASE("an application of a dozen lines runs the model over its own backend") {
  const Result answer = run("own_backend_in_a_dozen_lines");
  INFO(answer.output);
  CHECK(answer.status == 0);
  CHECK(count(answer.output, "looked at ") == 4);
  std::smatch match;
  REQUIRE(std::regex_search(answer.output, match, std::regex("class [01] after ([0-9]+) convolutions\n$")));
  const int convolutions = std::stoi(match[1]);
  CHECK(convolutions >= 4 * 10);  // SA-Net has a dozen and more
  CHECK(convolutions % 4 == 0);   // and looks four times
}
