// expect: padding
#include <saccade/backends/reference/reference_backend.hpp>

// A backend that takes padding for one number, and has not heard of groups either.
struct MyBackend : saccade::ReferenceBackend<float> {
  void convolve(const Tensor& x, const Tensor& w, saccade::ConvolutionGeometry geometry, Tensor& y) {
    const saccade::Index first_row = -geometry.padding;
    for (saccade::Index i = 0; i < y.shape[1]; ++i) y.values[0] += x.values[0] * w.values[0] * float(first_row + i);
  }
};

int main() { MyBackend b; }
