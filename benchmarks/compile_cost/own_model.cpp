// A model that the library does not have, composed of its components over EigenBackend: one glimpse at a place of the
// image, SA-Net, a linear layer. It is trained on one image for a few steps. compile_cost.py measures how long a
// compiler takes for it.
#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/components/glimpse_sensor.hpp>
#include <saccade/components/linear_layer.hpp>
#include <saccade/components/soft_attention_block.hpp>
#include <saccade/model/parameters.hpp>
#include <saccade/ops/loss.hpp>

#include <cstdio>
#include <span>
#include <string>
#include <vector>

namespace {

using Backend = saccade::EigenBackend<float>;
using Tensor = saccade::Tensor<Backend>;
using Sensor = saccade::GlimpseSensor<Backend>;
using Encoder = saccade::SoftAttentionBlock<Backend>;
using Classifier = saccade::LinearLayer<Backend>;

struct Parameters {
  Encoder::Parameters encoder;
  Classifier::Parameters classifier;

  template <class Self, class Visitor>
  static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
    Encoder::Parameters::for_each(self.encoder, prefix + "encoder.", visit);
    Classifier::Parameters::for_each(self.classifier, prefix + "classifier.", visit);
  }
};

}  // namespace

int main() {
  Backend b;
  const Sensor sensor({.side = 16, .scales = 1});
  const Encoder encoder({.side = 16, .width = 8, .trunk_units = 1, .mask_depth = 1});
  const Classifier classifier({.inputs = encoder.features(), .outputs = 2});
  Parameters p{encoder.make_parameters(b), classifier.make_parameters(b)};
  Parameters d_p{encoder.make_parameters(b), classifier.make_parameters(b)};
  Encoder::Statistics statistics = encoder.make_statistics(b);
  saccade::initialize(b, p, 1);
  saccade::initialize(b, statistics, 1);

  Encoder::Cache cache = encoder.make_cache(b, 1);
  Encoder::Workspace workspace = encoder.make_workspace(b, 1);
  Tensor location = b.zeros({1, 2}), patches = b.zeros(sensor.patch_shape(1));
  Tensor features = b.zeros({1, encoder.features()}), d_features = b.zeros({1, encoder.features()});
  Tensor logits = b.zeros({1, 2}), d_logits = b.zeros({1, 2}), probabilities = b.zeros({1, 2});
  Tensor label = b.zeros({1}), loss = b.zeros({1}), d_loss = b.zeros({1});
  b.fill(1.0f, label);
  b.fill(1.0f, d_loss);

  saccade::RgbImage pixels(64, 48);
  for (std::size_t i = 0; i < pixels.pixels.size(); ++i) pixels.pixels[i] = static_cast<std::uint8_t>(i * 7);
  const saccade::ImageView image = b.make_image(pixels.view());
  const std::vector<saccade::OrientedImage<Backend>> images{{&image}};
  for (int step = 0; step < 3; ++step) {
    sensor.forward(b, images, location, patches);
    encoder.forward(b, p.encoder, statistics, patches, cache, features, saccade::Mode::training);
    classifier.forward(b, p.classifier, features, logits);
    saccade::ops::softmax_cross_entropy(b, logits, label, probabilities, loss);
    float value = 0;
    b.download(loss, std::span<float>(&value, 1));
    std::printf("loss %.4f\n", static_cast<double>(value));

    for (const auto& named : saccade::named_tensors<Backend>(d_p)) b.fill(0.0f, *named.tensor);
    saccade::ops::softmax_cross_entropy_backward(b, probabilities, label, d_loss, d_logits, saccade::Write::overwrite);
    classifier.backward_parameters(b, features, d_logits, d_p.classifier);
    classifier.backward_input(b, p.classifier, d_logits, d_features, saccade::Write::overwrite);
    encoder.backward(b, p.encoder, patches, cache, d_features, workspace, d_p.encoder);
    const auto parameters = saccade::named_tensors<Backend>(p), gradients = saccade::named_tensors<Backend>(d_p);
    for (std::size_t i = 0; i < parameters.size(); ++i)
      saccade::ops::axpy(b, -0.1f, *gradients[i].tensor, *parameters[i].tensor);
  }
}
