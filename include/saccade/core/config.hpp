#pragma once

#include <saccade/version.hpp>

// Who compiles with the promise that no number is infinite or not a number compiles the checks for such numbers away: a
// training that broke down would go on, and say that its loss is 0.
#if defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ > 0
#error "Saccade must see numbers that are not finite: behind -ffast-math or -Ofast add -fno-finite-math-only"
#endif

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

/// The inline namespace of plain data, of errors, and of what nvcc compiles for others: the version alone.
#define SACCADE_VERSION_NAMESPACE SACCADE_JOIN(v, SACCADE_VERSION_MAJOR)

/// The widest instruction set that this file is compiled for, of those that the library tells apart.
#if defined(__AVX512F__)
#define SACCADE_COMPILED_FOR avx512
#elif defined(__AVX2__)
#define SACCADE_COMPILED_FOR avx2
#elif defined(__AVX__)
#define SACCADE_COMPILED_FOR avx
#else
#define SACCADE_COMPILED_FOR portable
#endif

/// The inline namespace of everything else: the version, and the instruction set that this file is compiled for.
/// Without it, files compiled with other -march would define the same inline functions, and the linker would keep any
/// of them.
#define SACCADE_NAMESPACE SACCADE_JOIN(SACCADE_VERSION_NAMESPACE, SACCADE_JOIN(_, SACCADE_COMPILED_FOR))

/// 1 where this file defines what it uses of the library, as always with headers alone. 0 where it is linked with
/// saccade::compiled, which says by SACCADE_LIBRARY_FOR which instruction set it is compiled for, and where that is
/// this file's: then the parts of headers that end in .inl are left out.
#define SACCADE_NUMBER_portable 1
#define SACCADE_NUMBER_avx 2
#define SACCADE_NUMBER_avx2 3
#define SACCADE_NUMBER_avx512 4
#if defined(SACCADE_LIBRARY_FOR)
#if SACCADE_JOIN(SACCADE_NUMBER_, SACCADE_LIBRARY_FOR) == SACCADE_JOIN(SACCADE_NUMBER_, SACCADE_COMPILED_FOR)
#define SACCADE_HEADER_ONLY 0
#endif
#endif
#if !defined(SACCADE_HEADER_ONLY)
#define SACCADE_HEADER_ONLY 1
#endif

/// The inline namespace of what saccade::compiled has for every user, whatever his files are compiled for: the library's,
/// and with headers alone this file's. Its interface is made of plain data and errors.
#if defined(SACCADE_LIBRARY_FOR)
#define SACCADE_LIBRARY_NAMESPACE SACCADE_JOIN(SACCADE_VERSION_NAMESPACE, SACCADE_JOIN(_, SACCADE_LIBRARY_FOR))
#else
#define SACCADE_LIBRARY_NAMESPACE SACCADE_NAMESPACE
#endif

/// Stands before a function in an .inl that is no template: inline, but where saccade::compiled itself is compiled.
#if SACCADE_HEADER_ONLY
#define SACCADE_FUNCTION inline
#else
#define SACCADE_FUNCTION
#endif
