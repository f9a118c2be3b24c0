#pragma once

#include <saccade/backends/eigen/kernels/bf16_avx512.hpp>
#include <saccade/backends/eigen/kernels/bf16_portable.hpp>
#include <saccade/backends/eigen/kernels/bf16_tiles.hpp>

namespace saccade::inline SACCADE_NAMESPACE::eigen {

#if defined(__GNUC__) && defined(__x86_64__)
inline constexpr Bf16Kernels amx_kernels = bf16_tiles::kernels_of<AmxTiles>(Bf16Unit::amx, bf16_avx512::round);
#endif

/// The kernels of a unit that `supports` allows.
[[nodiscard]] inline const Bf16Kernels& bf16_kernels(Bf16Unit unit) {
#if defined(__GNUC__) && defined(__x86_64__)
  if (unit == Bf16Unit::amx) return amx_kernels;
  if (unit == Bf16Unit::avx512_bf16) return bf16_avx512::kernels;
#endif
  return bf16_portable::kernels;
}

}  // namespace saccade::eigen
