// Trains the model on drawn tissue with the backend, step by step beside EigenBackend from the same parameters.
#include <saccade/saccade.hpp>

#include "torch_backend.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

namespace {

constexpr int threads = 2, steps = 16;

/// Eight small images, the labels of their patients, and views of them.
struct Tissue {
  Tissue() {
    const saccade::data::SyntheticTissueOptions options{
        .width = 128, .height = 96, .region_area = 0.2, .patients_per_class = 4};
    for (saccade::Index patient = 0; patient < options.patients(); ++patient) {
      pictures.push_back(saccade::data::synthesize(options, patient, 0).image);
      labels.push_back(options.label(patient));
    }
  }

  std::vector<saccade::RgbImage> pictures;
  std::vector<saccade::Index> labels;
};

saccade::HybridAttentionConfig small_model() {
  saccade::HybridAttentionConfig config = saccade::compact_preset();
  config.glimpses = 2;
  config.sensor.side = 24;
  config.sensor.scales = 2;
  config.encoder.width = 8;
  return config;
}

/// A training run on one backend, over the same images again and again.
template <class Backend>
class Run {
 public:
  using Scalar = saccade::Scalar<Backend>;

  explicit Run(const Tissue& tissue) : tissue_(tissue) {
    for (const auto& picture : tissue.pictures) images_.push_back(backend_.make_image(picture.view()));
    for (const auto& image : images_) batch_.push_back({&image});
  }

  double step() { return trainer_.step(batch_, tissue_.labels, 0.01).cross_entropy; }

  /// The last step's gradient, all parameters one after the other.
  std::vector<double> gradient() {
    std::vector<double> numbers;
    for (const auto& named : saccade::named_tensors<Backend>(trainer_.gradients())) {
      const std::vector<Scalar> values = saccade::to_vector(backend_, *named.tensor);
      numbers.insert(numbers.end(), values.begin(), values.end());
    }
    return numbers;
  }

 private:
  using Model = saccade::HybridAttentionClassifier<Backend>;

  const Tissue& tissue_;
  Backend backend_{threads};
  saccade::Trainer<Backend> trainer_{backend_, Model(small_model()), {}, 1};
  std::vector<saccade::Image<Backend>> images_;
  std::vector<saccade::OrientedImage<Backend>> batch_;
};

/// |x - y| / |y|
double distance(const std::vector<double>& x, const std::vector<double>& y) {
  double difference = 0, length = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    difference += (x[i] - y[i]) * (x[i] - y[i]);
    length += y[i] * y[i];
  }
  return std::sqrt(difference / length);
}

/// Whether the loss falls to a third, and the gradients of the first `compared` steps agree to `tolerance`.
template <class Scalar>
bool train(const char* precision, const Tissue& tissue, int compared, double tolerance) {
  Run<torch_example::TorchBackend<Scalar>> torch(tissue);
  Run<saccade::EigenBackend<Scalar>> eigen(tissue);
  std::printf("%s\nstep  loss: PyTorch     Eigen   gradients differ by\n", precision);
  double first_loss = 0, last_loss = 0, farthest = 0;
  for (int i = 1; i <= steps; ++i) {
    last_loss = torch.step();
    const double eigen_loss = eigen.step(), d = distance(torch.gradient(), eigen.gradient());
    if (i == 1) first_loss = last_loss;
    if (i <= compared) farthest = std::max(farthest, d);
    std::printf("%4d %14.6f %9.6f %14.1e\n", i, last_loss, eigen_loss, d);
  }
  return last_loss < first_loss / 3 && farthest < tolerance;
}

}  // namespace

int main() {
  const Tissue tissue;
  // In single precision every step enlarges the rounding errors of the one before: a glimpse may move by a pixel.
  const bool in_single = train<float>("float", tissue, 1, 1e-5);
  const bool in_double = train<double>("double", tissue, steps, 1e-10);
  if (in_single && in_double) return 0;
  std::fprintf(stderr, "the loss does not fall, or the backends do not agree\n");
  return 1;
}
