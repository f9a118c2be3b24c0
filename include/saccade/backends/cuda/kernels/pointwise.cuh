#pragma once

#include <saccade/backends/cuda/kernels/elementwise.cuh>
#include <saccade/backends/cuda/kernels/reduce.cuh>
#include <saccade/math/activation.hpp>
#include <saccade/math/elementary.hpp>

/// Activation functions, sums and products.
namespace saccade::inline SACCADE_VERSION_NAMESPACE {
namespace SACCADE_HIDDEN cuda {
namespace kernels {

struct Relu {
  __device__ float operator()(const float (&x)[1]) const { return math::relu(x[0]); }
};
struct Relu6 {
  __device__ float operator()(const float (&x)[1]) const { return math::relu6(x[0]); }
};
struct Sigmoid {
  __device__ float operator()(const float (&x)[1]) const { return math::sigmoid(x[0]); }
};
struct Tanh {
  __device__ float operator()(const float (&x)[1]) const { return math::tanh(x[0]); }
};
struct Exp {
  __device__ float operator()(const float (&x)[1]) const { return math::exp(x[0]); }
};
struct Log {
  __device__ float operator()(const float (&x)[1]) const { return math::log(x[0]); }
};
struct ReciprocalRoot {
  __device__ float operator()(const float (&x)[1]) const { return math::rsqrt(x[0]); }
};
struct Clamp {
  float low, high;
  __device__ float operator()(const float (&x)[1]) const { return x[0] < low ? low : x[0] > high ? high : x[0]; }
};
struct Sum {
  __device__ float operator()(const float (&x)[2]) const { return x[0] + x[1]; }
};
struct Product {
  __device__ float operator()(const float (&x)[2]) const { return x[0] * x[1]; }
};
/// Of (y, d_y), as the other three.
struct ReluBackward {
  __device__ float operator()(const float (&x)[2]) const { return x[1] * math::relu_derivative(x[0]); }
};
struct Relu6Backward {
  __device__ float operator()(const float (&x)[2]) const { return x[1] * math::relu6_derivative(x[0]); }
};
struct SigmoidBackward {
  __device__ float operator()(const float (&x)[2]) const { return x[1] * math::sigmoid_derivative(x[0]); }
};
struct TanhBackward {
  __device__ float operator()(const float (&x)[2]) const { return x[1] * math::tanh_derivative(x[0]); }
};

/// y (1, rows, C) (+)= PReLU(x)
template <class T, int N>
__global__ void prelu_kernel(const T* x, const float* __restrict__ slope, Index slopes, T* y, Write how,
                             ChannelTiles tiles) {
  const TilePlace place = tile_place<N>(tiles);
  if (!place.active) return;
  float slope_of[N];
#pragma unroll
  for (int k = 0; k < N; ++k) slope_of[k] = slope[slopes == 1 ? 0 : place.channel + k];
  x += place.origin;
  y += place.origin;
  for_each_row<4>(
      tiles, place, [&](Index i) { return load<N>(x + i); },
      [&](Index i, Floats<N> values) {
#pragma unroll
        for (int k = 0; k < N; ++k) values.value[k] = math::prelu(values.value[k], slope_of[k]);
        write(y + i, values, how);
      });
}

/// A row of both maps.
template <int N>
struct PreluRow {
  Floats<N> x;
  Floats<N> d;
};

/// d_x, and shares (splits, 1, C) of d_slope.
template <class T, int N>
__global__ void prelu_backward_kernel(const T* x, const float* __restrict__ slope, Index slopes, const T* d_y, T* d_x,
                                      Write write_x, ChannelTiles tiles, float* __restrict__ shares) {
  const TilePlace place = tile_place<N>(tiles);
  float sums[N] = {};
  if (place.active) {
    float slope_of[N];
#pragma unroll
    for (int k = 0; k < N; ++k) slope_of[k] = slope[slopes == 1 ? 0 : place.channel + k];
    x += place.origin;
    d_y += place.origin;
    d_x += place.origin;
    for_each_row<2>(
        tiles, place,
        [&](Index i) {
          return PreluRow<N>{load<N>(x + i), load<N>(d_y + i)};
        },
        [&](Index i, const PreluRow<N>& values) {
          Floats<N> gradient;
#pragma unroll
          for (int k = 0; k < N; ++k) {
            const float at = values.x.value[k], d = values.d.value[k];
            sums[k] = std::fma(d, math::prelu_slope_derivative(at), sums[k]);
            gradient.value[k] = d * math::prelu_derivative(at, slope_of[k]);
          }
          write(d_x + i, gradient, write_x);
        });
  }
  sum_over_lanes(sums, tiles.width);
  write_share<1, N>(tiles, place, sums, shares);
}

}  // namespace kernels

void relu(ConstMap x, Map y, Index n, cudaStream_t stream) {
  kernels::elementwise("relu", kernels::Relu{}, x, y, Write::overwrite, n, stream);
}

void relu6(ConstMap x, Map y, Index n, cudaStream_t stream) {
  kernels::elementwise("relu6", kernels::Relu6{}, x, y, Write::overwrite, n, stream);
}

void sigmoid(ConstMap x, Map y, Index n, cudaStream_t stream) {
  kernels::elementwise("sigmoid", kernels::Sigmoid{}, x, y, Write::overwrite, n, stream);
}

void tanh(ConstMap x, Map y, Index n, cudaStream_t stream) {
  kernels::elementwise("tanh", kernels::Tanh{}, x, y, Write::overwrite, n, stream);
}

void exp(ConstMap x, Map y, Index n, cudaStream_t stream) {
  kernels::elementwise("exp", kernels::Exp{}, x, y, Write::overwrite, n, stream);
}

void log(ConstMap x, Map y, Index n, cudaStream_t stream) {
  kernels::elementwise("log", kernels::Log{}, x, y, Write::overwrite, n, stream);
}

void rsqrt(ConstMap x, Map y, Index n, cudaStream_t stream) {
  kernels::elementwise("rsqrt", kernels::ReciprocalRoot{}, x, y, Write::overwrite, n, stream);
}

void clamp(ConstMap x, float low, float high, Map y, Index n, cudaStream_t stream) {
  kernels::elementwise("clamp", kernels::Clamp{low, high}, x, y, Write::overwrite, n, stream);
}

void add(ConstMap x1, ConstMap x2, Map y, Index n, cudaStream_t stream) {
  kernels::elementwise("add", kernels::Sum{}, x1, x2, y, Write::overwrite, n, stream);
}

void multiply(ConstMap x1, ConstMap x2, Map y, Write write, Index n, cudaStream_t stream) {
  kernels::elementwise("multiply", kernels::Product{}, x1, x2, y, write, n, stream);
}

void relu_backward(ConstMap y, ConstMap d_y, Map d_x, Write write, Index n, cudaStream_t stream) {
  kernels::elementwise("relu_backward", kernels::ReluBackward{}, y, d_y, d_x, write, n, stream);
}

void relu6_backward(ConstMap y, ConstMap d_y, Map d_x, Write write, Index n, cudaStream_t stream) {
  kernels::elementwise("relu6_backward", kernels::Relu6Backward{}, y, d_y, d_x, write, n, stream);
}

void sigmoid_backward(ConstMap y, ConstMap d_y, Map d_x, Write write, Index n, cudaStream_t stream) {
  kernels::elementwise("sigmoid_backward", kernels::SigmoidBackward{}, y, d_y, d_x, write, n, stream);
}

void tanh_backward(ConstMap y, ConstMap d_y, Map d_x, Write write, Index n, cudaStream_t stream) {
  kernels::elementwise("tanh_backward", kernels::TanhBackward{}, y, d_y, d_x, write, n, stream);
}

void prelu(ConstMap x, const float* slope, Map y, Index rows, Index channels, Index slopes, cudaStream_t stream) {
  if (rows * channels == 0) return;
  kernels::with_wide_pack(y.format, channels, [&]<class T, int N>(kernels::Type<T>, kernels::Width<N>) {
    const kernels::ChannelTiles tiles = kernels::row_tiles(1, rows, channels, N);
    kernels::launch("prelu", kernels::prelu_kernel<T, N>, tiles.blocks(), stream, kernels::numbers<T>(x), slope, slopes,
                    kernels::numbers<T>(y), Write::overwrite, tiles);
  });
}

// Workspace: totals (C), then shares (splits, C).

void prelu_backward(ConstMap x, const float* slope, ConstMap d_y, Map d_x, Write write, float* d_slope,
                    Write write_slope, Index rows, Index channels, Index slopes, float* workspace,
                    cudaStream_t stream) {
  const kernels::ChannelTiles tiles = kernels::sum_tiles(1, rows, channels);
  float* const shares = workspace + channels;
  if (rows * channels > 0) {
    kernels::with_sum_pack(x.format, channels, [&]<class T, int N>(kernels::Type<T>, kernels::Width<N>) {
      kernels::launch("prelu_backward", kernels::prelu_backward_kernel<T, N>, tiles.blocks(), stream,
                      kernels::numbers<T>(x), slope, slopes, kernels::numbers<T>(d_y), kernels::numbers<T>(d_x), write,
                      tiles, shares);
    });
  }
  const bool shared = slopes == 1;
  if (channels > 0) {
    const kernels::SumTargets<1> targets{{{shared ? nullptr : d_slope, nullptr, write_slope}}};
    kernels::fold_shares("prelu_backward", shares, tiles, workspace, targets, stream);
  }
  if (shared) {
    kernels::launch("prelu_backward", kernels::sum_vector_kernel, 1, stream, workspace, channels, d_slope, write_slope);
  }
}

Index prelu_backward_workspace(Index rows, Index channels) {
  return channels * (1 + kernels::sum_tiles(1, rows, channels).splits);
}

}  // namespace cuda
}  // namespace saccade
