#pragma once

#include <saccade/backends/cuda/engine.hpp>
#include <saccade/core/random_key.hpp>

namespace saccade::inline SACCADE_VERSION_NAMESPACE::cuda {

inline void sample_gaussian(const Call& call, const DeviceTensor& mean, float sigma, RandomKey key,
                            DeviceTensor& sample) {
  sample_gaussian(call.single(mean, "mean"), sigma, key, call.engine().counter_offset(), call.single(sample, "sample"),
                  sample.size(), call.stream());
}

inline void sample_uniform(const Call& call, float low, float high, RandomKey key, DeviceTensor& sample) {
  sample_uniform(low, high, key, call.engine().counter_offset(), call.single(sample, "sample"), sample.size(),
                 call.stream());
}

inline void sample_categorical(const Call& call, const DeviceTensor& probabilities, RandomKey key,
                               DeviceTensor& classes) {
  sample_categorical(call.single(probabilities, "probabilities"), key, call.engine().counter_offset(),
                     call.single(classes, "classes"), probabilities.shape()[0], probabilities.shape()[1],
                     call.stream());
}

inline void gaussian_policy_backward(const Call& call, const DeviceTensor& sample, const DeviceTensor& mean,
                                     const DeviceTensor& advantage, float sigma, DeviceTensor& d_mean, Write write) {
  gaussian_policy_backward(call.single(sample, "sample"), call.single(mean, "mean"),
                           call.single(advantage, "advantage"), sigma, call.single(d_mean, "d_mean"), write,
                           d_mean.shape()[0], d_mean.shape()[1], call.stream());
}

}  // namespace saccade::cuda
