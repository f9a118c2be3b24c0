// Classifies an image with a trained model: classify_in_a_dozen_lines CHECKPOINT IMAGE
#include <saccade/classify.hpp>

#include <cstdio>

int main(int count, char** arguments) try {
  if (count != 3) throw saccade::ConfigError("usage: classify_in_a_dozen_lines CHECKPOINT IMAGE");
  saccade::Classifier classifier(arguments[1]);
  const saccade::Classifier::Answer answer = classifier.classify(arguments[2]);
  for (const auto& glimpse : answer.glimpses) std::printf("looked at (%+.2f, %+.2f)\n", glimpse.x, glimpse.y);
  std::printf("%s: %.1f %%\n", answer.class_name.c_str(), 100 * answer.probability);
} catch (const saccade::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
