#include "model_network.hpp"

#include <saccade/core/error.hpp>

#if defined(SACCADE_WITH_CUDA)
#include <saccade/cuda.hpp>
#endif

namespace bench {

#if defined(SACCADE_WITH_CUDA)

namespace {

using B = saccade::CudaBackend<float>;

/// Bytes of the first device that are taken, by whomever. The first call makes the process's context.
double taken_bytes() {
  std::size_t free = 0, total = 0;
  saccade::cuda::check(cudaMemGetInfo(&free, &total), "attention_benchmark", "cudaMemGetInfo");
  return static_cast<double>(total - free);
}

class CudaNetwork : public ModelNetwork<B> {
 public:
  CudaNetwork(const NetworkSpec& spec, saccade::Precision precision, double before)
      : ModelNetwork(std::make_unique<B>(saccade::CudaOptions{.precision = precision}), spec), before_(before) {}

  [[nodiscard]] double device_bytes() override { return taken_bytes() - before_; }

 private:
  double before_;
};

std::unique_ptr<Network> make(const NetworkSpec& spec, saccade::Precision precision) {
  if (const auto fault = saccade::cuda::device_fault(0)) throw saccade::CudaError(*fault);
  return std::make_unique<CudaNetwork>(spec, precision, taken_bytes());
}

}  // namespace

std::unique_ptr<Network> make_cuda_fp32_network(const NetworkSpec& spec, int) {
  return make(spec, saccade::Precision::single);
}

std::unique_ptr<Network> make_cuda_tf32_network(const NetworkSpec& spec, int) {
  return make(spec, saccade::Precision::tf32);
}

std::unique_ptr<Network> make_cuda_bf16_network(const NetworkSpec& spec, int) {
  return make(spec, saccade::Precision::bf16);
}

#else

namespace {

std::unique_ptr<Network> refuse() { throw saccade::Error("this build has no CUDA backend; see docs/cuda.md"); }

}  // namespace

std::unique_ptr<Network> make_cuda_fp32_network(const NetworkSpec&, int) { return refuse(); }
std::unique_ptr<Network> make_cuda_tf32_network(const NetworkSpec&, int) { return refuse(); }
std::unique_ptr<Network> make_cuda_bf16_network(const NetworkSpec&, int) { return refuse(); }

#endif

}  // namespace bench
