#pragma once

#include <saccade/backends/cuda/engine.hpp>

namespace saccade::inline SACCADE_VERSION_NAMESPACE::cuda {

inline void apply_mask(const Call& call, const DeviceTensor& trunk, const DeviceTensor& mask_logits,
                       DeviceTensor& attended) {
  call.expect_one_format({{"trunk", trunk}, {"mask_logits", mask_logits}, {"attended", attended}});
  apply_mask(trunk.map(), mask_logits.map(), attended.map(), attended.size(), call.stream());
}

inline void apply_mask_backward(const Call& call, const DeviceTensor& trunk, const DeviceTensor& mask_logits,
                                const DeviceTensor& d_attended, DeviceTensor& d_trunk, Write write_trunk,
                                DeviceTensor& d_mask_logits, Write write_mask) {
  call.expect_one_format({{"trunk", trunk},
                          {"mask_logits", mask_logits},
                          {"d_attended", d_attended},
                          {"d_trunk", d_trunk},
                          {"d_mask_logits", d_mask_logits}});
  apply_mask_backward(trunk.map(), mask_logits.map(), d_attended.map(), d_trunk.map(), write_trunk, d_mask_logits.map(),
                      write_mask, trunk.size(), call.stream());
}

inline void attention_pool(const Call& call, const DeviceTensor& trunk, const DeviceTensor& mask_logits,
                           DeviceTensor& features) {
  call.expect_one_format({{"trunk", trunk}, {"mask_logits", mask_logits}});
  const Index batch = trunk.shape()[0], pixels = trunk.shape()[1] * trunk.shape()[2], channels = trunk.shape()[3];
  attention_pool(trunk.map(), mask_logits.map(), call.single(features, "features"), batch, pixels, channels,
                 call.sums(attention_pool_workspace(batch, pixels, channels)), call.stream());
}

inline void attention_pool_backward(const Call& call, const DeviceTensor& trunk, const DeviceTensor& mask_logits,
                                    const DeviceTensor& d_features, DeviceTensor& d_trunk, Write write_trunk,
                                    DeviceTensor& d_mask_logits, Write write_mask) {
  call.expect_one_format(
      {{"trunk", trunk}, {"mask_logits", mask_logits}, {"d_trunk", d_trunk}, {"d_mask_logits", d_mask_logits}});
  attention_pool_backward(trunk.map(), mask_logits.map(), call.single(d_features, "d_features"), d_trunk.map(),
                          write_trunk, d_mask_logits.map(), write_mask, trunk.shape()[0],
                          trunk.shape()[1] * trunk.shape()[2], trunk.shape()[3], call.stream());
}

}  // namespace saccade::cuda
