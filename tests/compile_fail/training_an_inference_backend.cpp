// expect: convolve_backward_input
// expect: TrainableConvolutionOps
#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/ops/convolution.hpp>

// A backend that only classifies is legal; asking it for a derivative names the concept that it lacks.
class InferenceBackend : public saccade::ReferenceBackend<float> {
  using saccade::ReferenceBackend<float>::convolve_backward_input;
};

int main() {
  InferenceBackend b;
  auto x = b.zeros({1, 2, 2, 1}), w = b.zeros({1, 1, 1, 1});
  saccade::ops::convolve_backward_input(b, x, w, {}, x, saccade::Write::overwrite);
}
