#include <saccade/cuda.hpp>

#include <vector>

static_assert(saccade::TrainableBackend<saccade::CudaBackend<float>>);

namespace {

__global__ void double_numbers(float* numbers, int count) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < count) numbers[i] *= 2;
}

}  // namespace

// A user's kernel beside ours, on a tensor of ours.
std::vector<float> doubled(saccade::CudaBackend<float>& backend, const std::vector<float>& numbers) {
  const int count = static_cast<int>(numbers.size());
  saccade::CudaBackend<float>::Tensor x = backend.zeros({count});
  backend.upload(numbers, x);
  backend.synchronize();
  double_numbers<<<1, 32>>>(x.single("doubled", "x"), count);
  saccade::cuda::check(cudaDeviceSynchronize(), "doubled", "double_numbers");
  std::vector<float> result(numbers.size());
  backend.download(x, result);
  return result;
}
