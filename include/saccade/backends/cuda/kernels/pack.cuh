#pragma once

#include <saccade/backends/cuda/kernels/launch.cuh>

/// Reading and writing neighbouring numbers at once: memory holds T, registers hold float.
namespace saccade::inline SACCADE_VERSION_NAMESPACE {
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

/// The two numbers in a word, and back. bf16 is the upper half of a float.
__device__ __forceinline__ float lower_half(std::uint32_t word) { return __builtin_bit_cast(float, word << 16); }
__device__ __forceinline__ float upper_half(std::uint32_t word) {
  return __builtin_bit_cast(float, word & 0xFFFF0000u);
}
__device__ __forceinline__ std::uint32_t halves(float lower, float upper) {
  const __nv_bfloat162_raw pair = __floats2bfloat162_rn(lower, upper);
  return std::uint32_t{pair.x} | std::uint32_t{pair.y} << 16;
}

/// The N numbers at `p`, a multiple of their size. Always in one access: hence the vector types of CUDA, and each
/// number by its name.
template <int N, class T>
__device__ __forceinline__ Floats<N> load(const T* p) {
  static_assert(N == 1 || N * sizeof(T) == 16 || N * sizeof(T) == 8);
  if constexpr (N == 1) {
    return {{to_float(*p)}};
  } else if constexpr (sizeof(T) == 4) {
    const float4 x = *reinterpret_cast<const float4*>(p);
    return {{x.x, x.y, x.z, x.w}};
  } else if constexpr (N == 4) {
    const uint2 x = *reinterpret_cast<const uint2*>(p);
    return {{lower_half(x.x), upper_half(x.x), lower_half(x.y), upper_half(x.y)}};
  } else {
    const uint4 x = *reinterpret_cast<const uint4*>(p);
    return {{lower_half(x.x), upper_half(x.x), lower_half(x.y), upper_half(x.y), lower_half(x.z), upper_half(x.z),
             lower_half(x.w), upper_half(x.w)}};
  }
}

/// Writes N numbers to `p`, a multiple of their size, in one access.
template <int N, class T>
__device__ __forceinline__ void store(T* p, const Floats<N>& x) {
  static_assert(N == 1 || N * sizeof(T) == 16 || N * sizeof(T) == 8);
  const float(&v)[N] = x.value;
  if constexpr (N == 1) {
    *p = from_float<T>(v[0]);
  } else if constexpr (sizeof(T) == 4) {
    *reinterpret_cast<float4*>(p) = float4{v[0], v[1], v[2], v[3]};
  } else if constexpr (N == 4) {
    *reinterpret_cast<uint2*>(p) = uint2{halves(v[0], v[1]), halves(v[2], v[3])};
  } else {
    *reinterpret_cast<uint4*>(p) =
        uint4{halves(v[0], v[1]), halves(v[2], v[3]), halves(v[4], v[5]), halves(v[6], v[7])};
  }
}

/// y = x, or y += x. Where `how` is known when the kernel is compiled, the compiler takes stores in loops to pieces.
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
}  // namespace saccade
