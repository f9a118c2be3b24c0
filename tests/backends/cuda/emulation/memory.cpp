#include "memory.hpp"

#include "machine.hpp"
#include "stream.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace saccade_test::emulation;

namespace saccade_test::emulation {
namespace {

struct Allocation {
  std::size_t size = 0;
  MemoryKind kind = MemoryKind::device;
};

std::int64_t allocation_count = 0;
std::int64_t bytes_in_use = 0;
std::int64_t failing_allocation = 0;

/// By address.
std::map<std::uintptr_t, Allocation>& allocation_table() {
  static std::map<std::uintptr_t, Allocation> table;
  return table;
}

/// Bytes of an allocation that are filled; to fill the workspaces of the libraries would take most of a test's time.
constexpr std::size_t filled_bytes = std::size_t{1} << 20;

/// An allocation of its own for each call, so that the address sanitizer sees who reads beyond it; filled with NaN.
cudaError_t allocate(void** pointer, std::size_t size, MemoryKind kind) {
  if (const cudaError_t error = require_device()) return error;
  ++allocation_count;
  if (failing_allocation > 0 && --failing_allocation == 0) return report(cudaErrorMemoryAllocation);
  *pointer = nullptr;
  if (size == 0) return cudaSuccess;
  if (posix_memalign(pointer, 256, size) != 0) return report(cudaErrorMemoryAllocation);
  std::memset(*pointer, 0xFF, std::min(size, filled_bytes));
  allocation_table()[reinterpret_cast<std::uintptr_t>(*pointer)] = {size, kind};
  bytes_in_use += static_cast<std::int64_t>(size);
  return cudaSuccess;
}

cudaError_t release(void* pointer, MemoryKind kind) {
  if (!pointer) return cudaSuccess;
  const auto found = allocation_table().find(reinterpret_cast<std::uintptr_t>(pointer));
  if (found == allocation_table().end() || found->second.kind != kind) return report(cudaErrorInvalidValue);
  bytes_in_use -= static_cast<std::int64_t>(found->second.size);
  allocation_table().erase(found);
  std::free(pointer);
  return cudaSuccess;
}

}  // namespace

std::int64_t allocations() { return allocation_count; }
std::int64_t allocated_bytes() { return bytes_in_use; }
void fail_allocation(std::int64_t n) { failing_allocation = n; }

MemoryKind kind_of(const void* pointer, std::size_t size) {
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  auto next = allocation_table().upper_bound(address);
  if (next == allocation_table().begin()) return MemoryKind::pageable;
  const auto& [base, allocation] = *std::prev(next);
  if (address >= base + allocation.size) return MemoryKind::pageable;
  if (address + size > base + allocation.size)
    throw std::logic_error(std::to_string(size) + " bytes begin " + std::to_string(address - base) +
                           " bytes into an allocation of " + std::to_string(allocation.size));
  return allocation.kind;
}

void require_reachable(const void* pointer, std::size_t size, const char* what) {
  if (size > 0 && kind_of(pointer, size) == MemoryKind::pageable)
    throw std::logic_error(std::string(what) + " is not in memory of the device");
}

}  // namespace saccade_test::emulation

cudaError_t cudaMalloc(void** pointer, std::size_t size) {
  if (const cudaError_t error = refuse_while_capturing()) return error;
  return allocate(pointer, size, MemoryKind::device);
}

cudaError_t cudaFree(void* pointer) {
  if (const cudaError_t error = refuse_while_capturing()) return error;
  run_everything();
  return release(pointer, MemoryKind::device);
}

cudaError_t cudaMallocAsync(void** pointer, std::size_t size, cudaStream_t stream) {
  if (is_capturing(stream)) return refuse_while_capturing();
  return allocate(pointer, size, MemoryKind::device);
}

cudaError_t cudaFreeAsync(void* pointer, cudaStream_t stream) {
  if (is_capturing(stream)) return refuse_while_capturing();
  return enqueue(stream, [pointer] { static_cast<void>(release(pointer, MemoryKind::device)); });
}

cudaError_t cudaHostAlloc(void** pointer, std::size_t size, unsigned) {
  if (const cudaError_t error = refuse_while_capturing()) return error;
  return allocate(pointer, size, MemoryKind::pinned);
}

cudaError_t cudaFreeHost(void* pointer) {
  if (const cudaError_t error = refuse_while_capturing()) return error;
  run_everything();
  return release(pointer, MemoryKind::pinned);
}

cudaError_t cudaHostGetDevicePointer(void** device, void* host, unsigned) {
  *device = host;
  return report(kind_of(host, 1) == MemoryKind::pinned ? cudaSuccess : cudaErrorInvalidValue);
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t size, cudaMemcpyKind kind, cudaStream_t stream) {
  if (size == 0) return require_device();
  const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  const MemoryKind source = kind_of(from, size);
  const MemoryKind target = kind_of(to, size);
  if (kind != cudaMemcpyDefault &&
      ((source == MemoryKind::device) != from_device || (target == MemoryKind::device) != to_device))
    return report(cudaErrorInvalidValue);
  const bool pageable = source == MemoryKind::pageable || target == MemoryKind::pageable;
  if (pageable && is_capturing(stream)) return refuse_while_capturing();
  if (source == MemoryKind::pageable) {  // its bytes are taken before the call returns
    const auto* const bytes = static_cast<const unsigned char*>(from);
    return enqueue(stream, [to, copy = std::vector<unsigned char>(bytes, bytes + size)] {
      std::memcpy(to, copy.data(), copy.size());
    });
  }
  const cudaError_t error = enqueue(stream, [to, from, size] { std::memcpy(to, from, size); });
  return target == MemoryKind::pageable && error == cudaSuccess ? cudaStreamSynchronize(stream) : error;
}

cudaError_t cudaMemcpy(void* to, const void* from, std::size_t size, cudaMemcpyKind kind) {
  return cudaMemcpyAsync(to, from, size, kind, nullptr);
}

cudaError_t cudaMemsetAsync(void* to, int value, std::size_t size, cudaStream_t stream) {
  if (size > 0 && kind_of(to, size) == MemoryKind::pageable) return report(cudaErrorInvalidValue);
  return enqueue(stream, [to, value, size] { std::memset(to, value, size); });
}
