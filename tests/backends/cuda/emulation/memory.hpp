#pragma once

#include <cstddef>

namespace saccade_test::emulation {

enum class MemoryKind { pageable, device, pinned };

/// What kind of memory `size` bytes at `pointer` are. Bytes that begin in an allocation of ours and end outside it are
/// reported by std::logic_error.
[[nodiscard]] MemoryKind kind_of(const void* pointer, std::size_t size);

/// Throws std::logic_error unless a library may reach `size` bytes at `pointer` from a device.
void require_reachable(const void* pointer, std::size_t size, const char* what);

}  // namespace saccade_test::emulation
