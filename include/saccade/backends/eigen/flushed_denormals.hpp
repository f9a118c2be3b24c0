#pragma once

#include <saccade/core/config.hpp>

namespace saccade::inline SACCADE_NAMESPACE::eigen {

/// While it lives, denormal numbers (below 1.2e-38 in single precision) that this thread reads or computes count as 0.
/// Saturated gates and vanishing gradients are full of them, and x86 processors multiply them a hundred times slower
/// than others, so that a model that has learned nothing trained four times slower than one that has. What the thread
/// did before is put back at the end. Other processors need no help, and are left alone.
class FlushedDenormals {
 public:
#if defined(__SSE__)
  FlushedDenormals() : before_(__builtin_ia32_stmxcsr() & bits) {
    if (before_ != bits) __builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | bits);
  }
  ~FlushedDenormals() {
    if (before_ != bits) __builtin_ia32_ldmxcsr((__builtin_ia32_stmxcsr() & ~bits) | before_);
  }

 private:
  static constexpr unsigned bits = 0x8040;  // of MXCSR: flush to zero, denormals are zeros

  unsigned before_;
#else
  FlushedDenormals() {}   // NOLINT(modernize-use-equals-default): an object of it is not unused
  ~FlushedDenormals() {}  // NOLINT(modernize-use-equals-default)
#endif

 public:
  FlushedDenormals(const FlushedDenormals&) = delete;
  FlushedDenormals& operator=(const FlushedDenormals&) = delete;
};

}  // namespace saccade::eigen
