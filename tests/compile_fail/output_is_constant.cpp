// expect: relu
// expect: const
#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/ops/pointwise.hpp>

// An output cannot be a tensor that nobody may write.
int main() {
  saccade::ReferenceBackend<float> b;
  const auto x = b.zeros({2, 3}), y = b.zeros({2, 3});
  saccade::ops::relu(b, x, y);
}
