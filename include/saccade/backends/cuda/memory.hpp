#pragma once

#include <saccade/backends/cuda/engine.hpp>

#include <algorithm>
#include <cstddef>
#include <span>

namespace saccade::inline SACCADE_VERSION_NAMESPACE::cuda {

[[nodiscard]] inline DeviceTensor zeros(const Call& call, const Shape& shape, Format format) {
  call.expect_outside_capture();
  DeviceTensor y(call.engine().stream(), shape, format, call.operation());
  if (y.size() > 0)
    check(cudaMemsetAsync(y.map().data, 0, static_cast<std::size_t>(y.size()) * bytes_of(format), call.stream()),
          call.operation(), "cudaMemsetAsync");
  return y;
}

inline void fill(const Call& call, float value, DeviceTensor& y) { fill(value, y.map(), y.size(), call.stream()); }

inline void copy(const Call& call, const DeviceTensor& x, DeviceTensor& y) {
  copy(x.map(), y.map(), y.size(), call.stream());
}

/// Does not wait: `source` may be changed when it returns.
inline void upload(const Call& call, std::span<const float> source, DeviceTensor& y) {
  call.expect_outside_capture();
  if (source.empty()) return;
  const bool direct = y.format() == Format::single;
  const Map arrived = direct ? y.map() : call.scratch(Purpose::converted, Format::single, y.size());
  call.engine().staging().copy(source.data(), arrived.data, source.size_bytes(), call.operation());
  if (!direct) copy(arrived, y.map(), y.size(), call.stream());
}

/// Waits until the numbers have arrived.
inline void download(const Call& call, const DeviceTensor& x, std::span<float> target) {
  call.expect_outside_capture();
  if (target.empty()) return;
  ConstMap source = x.map();
  if (x.format() != Format::single) {
    const Map converted = call.scratch(Purpose::converted, Format::single, x.size());
    copy(source, converted, x.size(), call.stream());
    source = converted;
  }
  check(cudaMemcpyAsync(target.data(), source.data, target.size_bytes(), cudaMemcpyDeviceToHost, call.stream()),
        call.operation(), "cudaMemcpyAsync to the host");
  check(cudaStreamSynchronize(call.stream()), call.operation(), "the work queued before it");
}

inline void synchronize(const Call& call) {
  call.expect_outside_capture();
  check(cudaStreamSynchronize(call.stream()), call.operation(), "the work queued before it");
}

}  // namespace saccade::cuda
