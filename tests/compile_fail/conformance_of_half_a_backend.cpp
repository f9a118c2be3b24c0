// expect: Backend
// expect: softmax
#include <saccade/testing.hpp>

// The kit is no place to skip: a backend without softmax is not checked in part, it does not compile.
class MyBackend : public saccade::ReferenceBackend<float> {
  using saccade::ReferenceBackend<float>::softmax;
};

int main() {
  return static_cast<int>(saccade::testing::conformance_cases<MyBackend>([] { return MyBackend(); }).size());
}
