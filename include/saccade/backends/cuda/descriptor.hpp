#pragma once

#include <saccade/backends/cuda/error.hpp>

#include <cudnn.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_VERSION_NAMESPACE::cuda {

static_assert(CUDNN_VERSION >= 90800, "CudaBackend needs cuDNN 9.8");

/// Throws CudaError unless `status` is success.
inline void check(cudnnStatus_t status, std::string_view operation, std::string_view action) {
  if (status == CUDNN_STATUS_SUCCESS) return;
  throw CudaError(std::string(operation) + ": " + std::string(action) + " failed: " + cudnnGetErrorString(status));
}

/// Owner of one descriptor of cuDNN's graph API: made, given its attributes, finished, and from then on constant.
class Descriptor {
 public:
  explicit Descriptor(cudnnBackendDescriptorType_t type) {
    cudnnBackendDescriptor_t handle = nullptr;
    check(cudnnBackendCreateDescriptor(type, &handle), "cuDNN", "cudnnBackendCreateDescriptor");
    handle_.reset(handle);
  }

  [[nodiscard]] cudnnBackendDescriptor_t get() const { return handle_.get(); }

  /// Sets an attribute of one or several values.
  template <class Value>
  Descriptor& set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, std::span<const Value> values) {
    check(cudnnBackendSetAttribute(get(), name, type, static_cast<std::int64_t>(values.size()), values.data()), "cuDNN",
          "cudnnBackendSetAttribute of attribute " + std::to_string(name));
    return *this;
  }
  template <class Value>
  Descriptor& set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, const Value& value) {
    return set(name, type, std::span<const Value>(&value, 1));
  }
  Descriptor& set(cudnnBackendAttributeName_t name, const Descriptor& value) {
    return set(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, value.get());
  }

  /// Ends the setting of attributes; the status says whether what they describe is possible.
  [[nodiscard]] cudnnStatus_t try_finish() { return cudnnBackendFinalize(get()); }
  Descriptor& finish(std::string_view operation, std::string_view what) {
    check(try_finish(), operation, "cudnnBackendFinalize of " + std::string(what));
    return *this;
  }

  /// The single value of an attribute.
  template <class Value>
  [[nodiscard]] Value value(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type) const {
    Value value{};
    std::int64_t count = 0;
    check(cudnnBackendGetAttribute(get(), name, type, 1, &count, &value), "cuDNN",
          "cudnnBackendGetAttribute of attribute " + std::to_string(name));
    return value;
  }

  /// At most as many values of an attribute as `values` has room for; returns those written.
  template <class Value>
  [[nodiscard]] std::span<Value> values(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                                        std::span<Value> values) const {
    std::int64_t count = 0;
    check(cudnnBackendGetAttribute(get(), name, type, static_cast<std::int64_t>(values.size()), &count, values.data()),
          "cuDNN", "cudnnBackendGetAttribute of attribute " + std::to_string(name));
    return values.first(std::min(values.size(), static_cast<std::size_t>(count)));
  }

 private:
  struct Destroy {
    void operator()(cudnnBackendDescriptor_t handle) const { (void)cudnnBackendDestroyDescriptor(handle); }
  };
  std::unique_ptr<void, Destroy> handle_;
};

}  // namespace saccade::cuda
