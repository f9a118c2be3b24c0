#pragma once

#include <saccade/version.hpp>

/// The only portability macros of the library. This one adds qualifiers for nvcc and never changes a function's body.
#if defined(__CUDACC__)
#define SACCADE_HOST_DEVICE __host__ __device__
#else
#define SACCADE_HOST_DEVICE
#endif

/// Stands in front of a function's type or a namespace's name, and keeps what is compiled apart from its users out of a
/// shared library's exports.
#if defined(__GNUC__)
#define SACCADE_HIDDEN [[gnu::visibility("hidden")]]
#else
#define SACCADE_HIDDEN
#endif

#define SACCADE_JOIN_EXPANDED(a, b) a##b
#define SACCADE_JOIN(a, b) SACCADE_JOIN_EXPANDED(a, b)

/// The inline namespace of plain data, and of what nvcc compiles for others: the version alone.
#define SACCADE_VERSION_NAMESPACE SACCADE_JOIN(v, SACCADE_VERSION_MAJOR)

/// The inline namespace of everything else: the version, and the instruction set that this file is compiled for. Without
/// it, files compiled with other -march would define the same inline functions, and the linker would keep any of them.
#if defined(__AVX512F__)
#define SACCADE_NAMESPACE SACCADE_JOIN(SACCADE_VERSION_NAMESPACE, _avx512)
#elif defined(__AVX2__)
#define SACCADE_NAMESPACE SACCADE_JOIN(SACCADE_VERSION_NAMESPACE, _avx2)
#elif defined(__AVX__)
#define SACCADE_NAMESPACE SACCADE_JOIN(SACCADE_VERSION_NAMESPACE, _avx)
#else
#define SACCADE_NAMESPACE SACCADE_JOIN(SACCADE_VERSION_NAMESPACE, _portable)
#endif
