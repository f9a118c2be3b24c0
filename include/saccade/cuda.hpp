#pragma once

/// CudaBackend. Needs the headers of CUDA, cuBLAS and cuDNN, and a plain C++ compiler; link saccade::cuda.

#include <saccade/backends/cuda/cuda_backend.hpp>
