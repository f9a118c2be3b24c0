/// The one file of the CUDA backend that nvcc compiles: it defines what launchers.hpp declares.
#include <saccade/backends/cuda/kernels/glimpse.cuh>
#include <saccade/backends/cuda/kernels/loss.cuh>
#include <saccade/backends/cuda/kernels/mask.cuh>
#include <saccade/backends/cuda/kernels/memory.cuh>
#include <saccade/backends/cuda/kernels/normalization.cuh>
#include <saccade/backends/cuda/kernels/normalization_backward.cuh>
#include <saccade/backends/cuda/kernels/optimizer.cuh>
#include <saccade/backends/cuda/kernels/pointwise.cuh>
#include <saccade/backends/cuda/kernels/policy.cuh>
#include <saccade/backends/cuda/kernels/pooling.cuh>
#include <saccade/backends/cuda/kernels/recurrent.cuh>
#include <saccade/backends/cuda/kernels/rows.cuh>
#include <saccade/backends/cuda/kernels/spatial_softmax.cuh>
#include <saccade/backends/cuda/kernels/upsample.cuh>
