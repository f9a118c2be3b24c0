// expect: delete
#include <saccade/testing/archetype_backend.hpp>

// The archetype's tensors can only be moved, so code that copies them asks for more than the concept gives.
template <saccade::TensorMemory B>
void keep(B& b, const saccade::Tensor<B>& x) {
  auto kept = x;
  b.fill(0, kept);
}

int main() {
  saccade::testing::ArchetypeBackend<float> b(0);
  keep(b, b.zeros({2}));
}
