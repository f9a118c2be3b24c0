// Classifies an image with a trained model: classify_in_a_dozen_lines CHECKPOINT IMAGE
#include <saccade/io.hpp>
#include <saccade/saccade.hpp>

#include <cstdio>

int main(int count, char** arguments) try {
  if (count != 3) throw saccade::ConfigError("usage: classify_in_a_dozen_lines CHECKPOINT IMAGE");
  saccade::EigenBackend<float> backend;
  auto classifier = saccade::TrainedClassifier<saccade::EigenBackend<float>>::load(backend, arguments[1]);
  const saccade::Classification answer = classifier.classify(arguments[2]);
  for (const auto& [x, y] : answer.prediction.locations) std::printf("looked at (%+.2f, %+.2f)\n", x, y);
  const double probability = answer.probabilities[static_cast<std::size_t>(answer.class_index)];
  std::printf("%s: %.1f %%\n", answer.class_name.c_str(), 100 * probability);
} catch (const saccade::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
