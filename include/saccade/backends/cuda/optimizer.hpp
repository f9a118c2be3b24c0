#pragma once

#include <saccade/backends/cuda/engine.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_VERSION_NAMESPACE::cuda {

/// All parameters of a model, cut into chunks, as the kernels of the optimiser go through them in one launch. The
/// tensors must stay where they are.
class ParameterList {
 public:
  ParameterList() = default;
  ParameterList(const Call& call, const std::vector<ParameterChunk>& chunks)
      : memory_(call.engine().stream(), chunks.size() * sizeof(ParameterChunk), call.operation()),
        size_(static_cast<Index>(chunks.size())) {
    call.engine().staging().copy(chunks.data(), memory_.data(), memory_.bytes(), call.operation());
  }

  [[nodiscard]] const ParameterChunk* chunks() const { return static_cast<const ParameterChunk*>(memory_.data()); }
  [[nodiscard]] Index size() const { return size_; }

 private:
  DeviceMemory memory_;
  Index size_ = 0;
};

/// The list of some ParameterTerms.
template <class Terms>
[[nodiscard]] ParameterList make_parameter_list(const Call& call, const Terms& terms) {
  call.expect_outside_capture();
  std::vector<ParameterChunk> chunks;
  for (const auto& term : terms) {
    float* const gradient = call.single(*term.gradient, "a gradient");
    float* const parameter = call.single(*term.parameter, "a parameter");
    float* const first = call.single(*term.first, "a first moment");
    float* const second = call.single(*term.second, "a second moment");
    const float* const hyper = call.single(*term.hyper, "hyper");
    for (Index begin = 0; begin < term.parameter->size(); begin += parameter_chunk) {
      const Index count = std::min(parameter_chunk, term.parameter->size() - begin);
      chunks.push_back({.gradient = gradient + begin,
                        .parameter = parameter + begin,
                        .first = first + begin,
                        .second = second + begin,
                        .hyper = hyper,
                        .count = static_cast<std::uint32_t>(count)});
    }
  }
  return ParameterList(call, chunks);
}

inline void zero_gradients(const Call& call, ParameterList& list) {
  zero_gradients(list.chunks(), list.size(), call.stream());
}

inline void sum_of_squares(const Call& call, ParameterList& list, DeviceTensor& y) {
  sum_of_squares(list.chunks(), list.size(), call.single(y, "y"), call.sums(sum_of_squares_list_workspace(list.size())),
                 call.stream());
}

inline void adam_step(const Call& call, ParameterList& list, const DeviceTensor& scale) {
  adam_step(list.chunks(), list.size(), call.single(scale, "scale"), call.stream());
}

inline void sum_of_squares(const Call& call, const DeviceTensor& x, DeviceTensor& y, Write write) {
  sum_of_squares(call.single(x, "x"), call.single(y, "y"), write, x.size(),
                 call.sums(sum_of_squares_workspace(x.size())), call.stream());
}

inline void clip_scale(const Call& call, const DeviceTensor& sum, float max_norm, DeviceTensor& scale) {
  clip_scale(call.single(sum, "sum"), max_norm, call.single(scale, "scale"), call.stream());
}

inline void mark_not_finite(const Call& call, const DeviceTensor& x, DeviceTensor& mark) {
  mark_not_finite(x.map(), call.single(mark, "mark"), x.size(), call.stream());
}

inline void adam_step(const Call& call, const DeviceTensor& gradient, const DeviceTensor& scale,
                      const DeviceTensor& hyper, DeviceTensor& parameter, DeviceTensor& first_moment,
                      DeviceTensor& second_moment) {
  adam_step(call.single(gradient, "g"), call.single(scale, "scale"), call.single(hyper, "hyper"),
            call.single(parameter, "p"), call.single(first_moment, "m"), call.single(second_moment, "v"),
            parameter.size(), call.stream());
}

inline void advance_adam(const Call& call, DeviceTensor& hyper) {
  advance_adam(call.single(hyper, "hyper"), call.stream());
}

}  // namespace saccade::cuda
