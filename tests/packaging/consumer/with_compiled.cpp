#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/classify.hpp>

#include <vector>

#if SACCADE_HEADER_ONLY
#error "this file is compiled as saccade::compiled is, and must leave to it what it has"
#endif

std::vector<float> rectified_for_avx2(const std::vector<float>& numbers);

// A user's file compiled as the library is, and the answers of both.
int main() try {
  saccade::EigenBackend<float> backend(1);
  saccade::EigenBackend<float>::Tensor x = backend.zeros({3}), y = backend.zeros({3});
  const std::vector<float> numbers{-1, 0, 2};
  backend.upload(numbers, x);
  backend.relu(x, y);
  std::vector<float> result(3);
  backend.download(y, result);
  if (result != std::vector<float>{0, 0, 2} || rectified_for_avx2(numbers) != result) return 1;
  const saccade::Classifier classifier("no such file");
  return 1;
} catch (const saccade::FileError&) {
  return 0;
}
