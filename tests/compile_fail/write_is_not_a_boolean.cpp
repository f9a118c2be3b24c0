// expect: Write
#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/ops/linear.hpp>

// Whether to accumulate is said in words.
int main() {
  saccade::ReferenceBackend<float> b;
  auto x = b.zeros({2, 3}), w = b.zeros({4, 3}), y = b.zeros({2, 4});
  saccade::ops::linear(b, x, w, y, true);
}
