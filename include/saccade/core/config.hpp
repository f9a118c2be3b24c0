#pragma once

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
