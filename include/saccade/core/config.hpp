#pragma once

/// The only portability macro of the library: it adds qualifiers for nvcc and never changes a function's body.
#if defined(__CUDACC__)
#define SACCADE_HOST_DEVICE __host__ __device__
#else
#define SACCADE_HOST_DEVICE
#endif
