#pragma once

#include <saccade/backends/eigen/kernels/amx.hpp>
#include <saccade/core/precision.hpp>

#include <optional>
#include <string>

namespace saccade::inline SACCADE_NAMESPACE {

/// What multiplies bf16 numbers. `portable` are plain loops: slow, for tests.
enum class Bf16Unit { portable, avx512_bf16, amx };

[[nodiscard]] inline std::string name(Bf16Unit unit) {
  switch (unit) {
    case Bf16Unit::avx512_bf16:
      return "AVX512_BF16";
    case Bf16Unit::amx:
      return "AMX";
    case Bf16Unit::portable:
      break;
  }
  return "portable";
}

/// Whether this processor, and its operating system, can run `unit`. Asked for AMX, it requests the system's
/// permission, which the process then keeps.
[[nodiscard]] inline bool supports(Bf16Unit unit) {
#if defined(__GNUC__) && defined(__x86_64__)
  // Every processor with AMX rounds with AVX512_BF16.
  const bool avx512_bf16 =
      __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512bf16");
  if (unit == Bf16Unit::avx512_bf16) return avx512_bf16;
  if (unit == Bf16Unit::amx) return avx512_bf16 && eigen::has_amx_bf16() && eigen::permit_amx();
#endif
  return unit == Bf16Unit::portable;
}

/// The fastest that this processor has; nothing where it would have to be emulated.
[[nodiscard]] inline std::optional<Bf16Unit> best_bf16_unit() {
  for (const Bf16Unit unit : {Bf16Unit::amx, Bf16Unit::avx512_bf16})
    if (supports(unit)) return unit;
  return std::nullopt;
}

}  // namespace saccade
