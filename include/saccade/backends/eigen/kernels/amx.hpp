#pragma once

#include <saccade/core/config.hpp>

#include <cstdint>

/// What only AMX executes: eight tiles, each a matrix of 16 rows of 64 bytes. Everything around it is in bf16_tiles.hpp
/// and can be run with other tiles.
///
/// The instructions are written out, because the intrinsics take the number of a tile as a literal, which a template
/// has not (g++), and because <immintrin.h> would be read by everyone who includes the backend.
namespace saccade::inline SACCADE_NAMESPACE::eigen {

// Nothing changes in a function with this attribute, but that clang accepts the instructions.
#if defined(__GNUC__) && defined(__x86_64__)
#define SACCADE_AMX __attribute__((target("amx-tile,amx-bf16")))
#else
#define SACCADE_AMX
#endif

#if defined(__GNUC__) && defined(__x86_64__)
/// Whether the processor has tiles that multiply bf16. Ask only where AVX-512 is known.
[[nodiscard]] inline bool has_amx_bf16() {
  constexpr std::uint32_t amx_bf16 = 1u << 22, amx_tile = 1u << 24;
  std::uint32_t a = 7, b, c = 0, d;
  asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
  return (d & amx_bf16) != 0 && (d & amx_tile) != 0;
}

/// Asks the system for the tiles' room in the state of this process: arch_prctl(ARCH_REQ_XCOMP_PERM, XTILEDATA).
[[nodiscard]] inline bool permit_amx() {
#if defined(__linux__)
  constexpr long arch_prctl = 158, request_permission = 0x1023, tile_data = 18;
  long result = arch_prctl;
  asm volatile("syscall" : "+a"(result) : "D"(request_permission), "S"(tile_data) : "rcx", "r11", "memory");
  return result == 0;
#else
  return false;
#endif
}

/// The tiles of the calling thread, configured for as long as this object lives.
class AmxTiles {
 public:
  SACCADE_AMX AmxTiles() {
    Configuration configuration;
    for (int tile = 0; tile < 8; ++tile) {
      configuration.row_bytes[tile] = 64;
      configuration.rows[tile] = 16;
    }
    asm volatile("ldtilecfg %0" : : "m"(configuration));
  }
  SACCADE_AMX ~AmxTiles() { asm volatile("tilerelease"); }
  AmxTiles(const AmxTiles&) = delete;
  AmxTiles& operator=(const AmxTiles&) = delete;

  template <int Tile>
  SACCADE_AMX void zero() {
    asm volatile("tilezero %%tmm%c0" : : "i"(Tile));
  }
  /// Row i from `from` + i * stride bytes.
  template <int Tile>
  SACCADE_AMX void load(const void* from, std::int64_t stride) {
    asm volatile("tileloadd (%0,%1,1), %%tmm%c2" : : "r"(from), "r"(stride), "i"(Tile) : "memory");
  }
  template <int Tile>
  SACCADE_AMX void store(void* to, std::int64_t stride) {
    asm volatile("tilestored %%tmm%c2, (%0,%1,1)" : : "r"(to), "r"(stride), "i"(Tile) : "memory");
  }
  /// Sum (16, 16) floats += Left (16, 16) pairs times Right (16, 16) pairs.
  template <int Sum, int Left, int Right>
  SACCADE_AMX void multiply_add() {
    asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(Sum), "i"(Left), "i"(Right));
  }

 private:
  struct alignas(64) Configuration {
    std::uint8_t palette = 1;
    std::uint8_t start_row = 0;
    std::uint8_t reserved[14] = {};
    std::uint16_t row_bytes[16] = {};
    std::uint8_t rows[16] = {};
  };
  static_assert(sizeof(Configuration) == 64);
};
#endif

}  // namespace saccade::eigen
