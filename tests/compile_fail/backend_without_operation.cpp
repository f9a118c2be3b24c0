// expect: TrainableBackend
// expect: max_pool_backward
#include <saccade/backends/reference/reference_backend.hpp>

// A backend that lacks one function: the message names the concept and the missing call.
class MyBackend : public saccade::ReferenceBackend<float> {
  using saccade::ReferenceBackend<float>::max_pool_backward;
};

template <saccade::TrainableBackend B>
void train(B&) {}

int main() {
  MyBackend b;
  train(b);
}
