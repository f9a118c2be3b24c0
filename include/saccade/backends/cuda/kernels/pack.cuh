#pragma once

#include <saccade/backends/cuda/kernels/launch.cuh>

/// Reading and writing neighbouring numbers at once: memory holds T, registers hold float.
namespace saccade::inline v0 {
namespace SACCADE_HIDDEN cuda {
namespace kernels {

/// As many numbers as one access moves: 16 bytes.
template <class T>
inline constexpr int pack_width = 16 / static_cast<int>(sizeof(T));

/// A number of neighbours as a value, for functions that are told which one to use.
template <int N>
struct Width {
  static constexpr int value = N;
};

/// Calls f(Type<T>, Width<N>) with the widest pack that divides the channels.
template <class F>
void with_wide_pack(Format format, Index channels, F f) {
  with_type(format, [&]<class T>(Type<T> type) {
    if (channels % pack_width<T> == 0) {
      f(type, Width<pack_width<T>>{});
    } else {
      f(type, Width<1>{});
    }
  });
}

/// N words that one access moves.
template <int N>
struct alignas(4 * N) [[gnu::may_alias]] Words {
  std::uint32_t word[N];
};

/// N numbers in registers.
template <int N>
struct Floats {
  float value[N];
};

__device__ __forceinline__ float to_float(float x) { return x; }
__device__ __forceinline__ float to_float(__nv_bfloat16 x) { return __bfloat162float(x); }

template <class T>
__device__ __forceinline__ T from_float(float x) {
  if constexpr (std::is_same_v<T, float>) {
    return x;
  } else {
    return __float2bfloat16_rn(x);
  }
}

/// The N numbers at `p`, a multiple of their size.
template <int N, class T>
__device__ __forceinline__ Floats<N> load(const T* p) {
  Floats<N> x;
  if constexpr (N == 1) {
    x.value[0] = to_float(*p);
  } else if constexpr (sizeof(T) == 4) {
    const Words<N> words = *reinterpret_cast<const Words<N>*>(p);
#pragma unroll
    for (int k = 0; k < N; ++k) x.value[k] = __builtin_bit_cast(float, words.word[k]);
  } else {
    const Words<N / 2> words = *reinterpret_cast<const Words<N / 2>*>(p);
#pragma unroll
    for (int k = 0; k < N / 2; ++k) {
      x.value[2 * k] = __builtin_bit_cast(float, words.word[k] << 16);
      x.value[2 * k + 1] = __builtin_bit_cast(float, words.word[k] & 0xFFFF0000u);
    }
  }
  return x;
}

/// Writes N numbers to `p`, a multiple of their size.
template <int N, class T>
__device__ __forceinline__ void store(T* p, const Floats<N>& x) {
  if constexpr (N == 1) {
    *p = from_float<T>(x.value[0]);
  } else if constexpr (sizeof(T) == 4) {
    Words<N> words;
#pragma unroll
    for (int k = 0; k < N; ++k) words.word[k] = __builtin_bit_cast(std::uint32_t, x.value[k]);
    *reinterpret_cast<Words<N>*>(p) = words;
  } else {
    Words<N / 2> words;
#pragma unroll
    for (int k = 0; k < N / 2; ++k) {
      const __nv_bfloat162_raw pair = __floats2bfloat162_rn(x.value[2 * k], x.value[2 * k + 1]);
      words.word[k] = __builtin_bit_cast(std::uint32_t, pair);
    }
    *reinterpret_cast<Words<N / 2>*>(p) = words;
  }
}

/// y = x, or y += x.
template <int N, class T>
__device__ __forceinline__ void write(T* y, Floats<N> x, Write how) {
  if (how == Write::accumulate) {
    const Floats<N> old = load<N>(y);
#pragma unroll
    for (int k = 0; k < N; ++k) x.value[k] += old.value[k];
  }
  store(y, x);
}

/// The N numbers of the vector `p` from element `first`, which may begin anywhere.
template <int N>
__device__ __forceinline__ Floats<N> load_vector(const float* p, Index first) {
  Floats<N> x;
#pragma unroll
  for (int k = 0; k < N; ++k) x.value[k] = p[first + k];
  return x;
}

}  // namespace kernels
}  // namespace cuda
}  // namespace saccade::inline v0
