#pragma once

#include <saccade/backends/cuda/engine.hpp>

namespace saccade::inline SACCADE_VERSION_NAMESPACE::cuda {

inline void softmax(const Call& call, const DeviceTensor& logits, DeviceTensor& probabilities) {
  softmax(call.single(logits, "logits"), call.single(probabilities, "probabilities"), logits.shape()[0],
          logits.shape()[1], call.stream());
}

inline void softmax_cross_entropy(const Call& call, const DeviceTensor& logits, const DeviceTensor& labels,
                                  DeviceTensor& probabilities, DeviceTensor& loss) {
  softmax_cross_entropy(call.single(logits, "logits"), call.single(labels, "labels"),
                        call.single(probabilities, "probabilities"), call.single(loss, "loss"), logits.shape()[0],
                        logits.shape()[1], call.stream());
}

inline void softmax_cross_entropy_backward(const Call& call, const DeviceTensor& probabilities,
                                           const DeviceTensor& labels, const DeviceTensor& d_loss,
                                           DeviceTensor& d_logits, Write write) {
  softmax_cross_entropy_backward(call.single(probabilities, "probabilities"), call.single(labels, "labels"),
                                 call.single(d_loss, "d_loss"), call.single(d_logits, "d_logits"), write,
                                 d_logits.shape()[0], d_logits.shape()[1], call.stream());
}

inline void most_probable(const Call& call, const DeviceTensor& scores, DeviceTensor& classes) {
  most_probable(call.single(scores, "scores"), call.single(classes, "classes"), scores.shape()[0], scores.shape()[1],
                call.stream());
}

inline void correct(const Call& call, const DeviceTensor& classes, const DeviceTensor& labels, DeviceTensor& y) {
  correct(call.single(classes, "classes"), call.single(labels, "labels"), call.single(y, "y"), y.size(), call.stream());
}

}  // namespace saccade::cuda
