#include <saccade/cuda.hpp>

#include <cstdio>
#include <vector>

static_assert(saccade::TrainableBackend<saccade::CudaBackend<float>>);

std::vector<float> doubled(saccade::CudaBackend<float>& backend, const std::vector<float>& numbers);

// A user's C++ file that no nvcc reads. Exit code 77: there is no GPU, which one sentence says.
int main() try {
  saccade::CudaBackend<float> backend;
  saccade::CudaBackend<float>::Tensor x = backend.zeros({3}), y = backend.zeros({3});
  backend.upload(std::vector<float>{-1, 0, 2}, x);
  backend.relu(x, y);
  std::vector<float> numbers(3);
  backend.download(y, numbers);
  return numbers == std::vector<float>{0, 0, 2} && doubled(backend, numbers) == std::vector<float>{0, 0, 4} ? 0 : 1;
} catch (const saccade::CudaError& error) {
  std::printf("%s\n", error.what());
  return 77;
}
