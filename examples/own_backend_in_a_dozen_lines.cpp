// Runs the whole model over a backend of one's own: here the reference backend with one operation replaced.
#include <saccade/saccade.hpp>

#include <cstdio>
#include <vector>

struct CountingBackend : saccade::ReferenceBackend<float> {
  int convolutions = 0;

  void convolve(const Tensor& x, const Tensor& w, saccade::ConvolutionGeometry geometry, Tensor& y) {
    ++convolutions;
    ReferenceBackend::convolve(x, w, geometry, y);
  }
};

int main() {
  CountingBackend backend;
  const saccade::HybridAttentionClassifier<CountingBackend> model(saccade::compact_preset());
  auto parameters = model.make_parameters(backend);
  auto statistics = model.make_statistics(backend);
  saccade::initialize(backend, parameters, 1);
  saccade::initialize(backend, statistics, 1);

  const saccade::data::SyntheticImage tissue = saccade::data::synthesize({}, 0, 0);
  const saccade::ImageView image = tissue.image.view();
  const std::vector<saccade::OrientedImage<CountingBackend>> images{{&image}};
  saccade::Evaluator evaluator(backend, model, 1);
  const auto answer = evaluator.predict(parameters, statistics, images, saccade::GlimpsePolicy::learned).front();
  for (const saccade::Location& at : answer.locations) std::printf("looked at (%+.2f, %+.2f)\n", at.x, at.y);
  std::printf("class %d after %d convolutions\n", static_cast<int>(answer.answer()), backend.convolutions);
}
