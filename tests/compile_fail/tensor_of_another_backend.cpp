// expect: HostTensor<float>
// expect: HostTensor<double>
#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/ops/pointwise.hpp>

// Tensors belong to their backend: single and double precision do not mix.
int main() {
  saccade::ReferenceBackend<float> b;
  saccade::ReferenceBackend<double> other;
  auto x = other.zeros({2, 3});
  auto y = b.zeros({2, 3});
  saccade::ops::relu(b, x, y);
}
