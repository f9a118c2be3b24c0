#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/classify.hpp>

#include <vector>

#if defined(__AVX2__) && !SACCADE_HEADER_ONLY
#error "this file is compiled for another instruction set than saccade::compiled, and must not share its templates"
#endif

// What is no template is the library's for every user; its errors are caught by their names.
std::vector<float> rectified_for_avx2(const std::vector<float>& numbers) {
  try {
    const saccade::Classifier classifier("no such file");
    return {};
  } catch (const saccade::Error&) {
  }
#if defined(__AVX2__)
  if (!__builtin_cpu_supports("avx2")) return {0, 0, 2};
#endif
  saccade::EigenBackend<float> backend(1);
  saccade::EigenBackend<float>::Tensor x = backend.zeros({3}), y = backend.zeros({3});
  backend.upload(numbers, x);
  backend.relu(x, y);
  std::vector<float> result(3);
  backend.download(y, result);
  return result;
}
