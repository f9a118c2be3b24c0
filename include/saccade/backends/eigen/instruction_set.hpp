#pragma once

#include <saccade/core/config.hpp>

#include <string>

namespace saccade::inline SACCADE_NAMESPACE {

/// What the kernels of EigenBackend may use of the processor. `portable` is what the compiler was told to assume: SSE2
/// on x86-64 without flags, NEON on AArch64, all of this processor with -march=native.
enum class InstructionSet { portable, avx2, avx512 };

[[nodiscard]] inline std::string name(InstructionSet set) {
  switch (set) {
    case InstructionSet::avx2:
      return "AVX2";
    case InstructionSet::avx512:
      return "AVX-512";
    case InstructionSet::portable:
      break;
  }
  return "portable";
}

/// Whether this processor, and its operating system, can run `set`.
[[nodiscard]] inline bool supports(InstructionSet set) {
#if defined(__GNUC__) && defined(__x86_64__)
  switch (set) {
    case InstructionSet::avx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case InstructionSet::avx512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    case InstructionSet::portable:
      break;
  }
#endif
  return set == InstructionSet::portable;
}

/// The widest that this processor can run.
[[nodiscard]] inline InstructionSet best_instruction_set() {
  for (const InstructionSet set : {InstructionSet::avx512, InstructionSet::avx2})
    if (supports(set)) return set;
  return InstructionSet::portable;
}

}  // namespace saccade
