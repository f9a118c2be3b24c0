#pragma once

#include <saccade/backends/cuda/kernels/launch.cuh>
#include <saccade/math/recurrent.hpp>

/// The elementwise part of an LSTM cell: gates (B, 4H) in the order i, f, g, o, the rest (B, H). One thread a unit.
namespace saccade::inline SACCADE_VERSION_NAMESPACE {
namespace SACCADE_HIDDEN cuda {
namespace kernels {

/// The four gates of the unit at p, `hidden` apart.
__device__ __forceinline__ math::LstmGates<float> load_gates(const float* p, Index hidden) {
  return {p[0], p[hidden], p[2 * hidden], p[3 * hidden]};
}

__device__ __forceinline__ void store_gates(float* p, Index hidden, const math::LstmGates<float>& gates) {
  p[0] = gates.input;
  p[hidden] = gates.forget;
  p[2 * hidden] = gates.candidate;
  p[3 * hidden] = gates.output;
}

__global__ void lstm_cell_kernel(const float* gates_pre, const float* c_prev, float* gates, float* c_next,
                                 float* tanh_c, float* h_next, Index batch, Index hidden) {
  const Index i = Index{blockIdx.x} * block_threads + threadIdx.x;
  if (i >= batch * hidden) return;
  const Index first = i + i / hidden * 3 * hidden;  // of its gates: row * 4H + column
  const math::LstmGates<float> activated = math::lstm_gates(load_gates(gates_pre + first, hidden));
  const float next = activated.forget * c_prev[i] + activated.input * activated.candidate;
  const float squashed = math::tanh(next);
  store_gates(gates + first, hidden, activated);
  c_next[i] = next;
  tanh_c[i] = squashed;
  h_next[i] = activated.output * squashed;
}

__global__ void lstm_cell_backward_kernel(const float* gates, const float* c_prev, const float* tanh_c,
                                          const float* d_h, const float* d_c_next, float* d_gates_pre, float* d_c_prev,
                                          Index batch, Index hidden) {
  const Index i = Index{blockIdx.x} * block_threads + threadIdx.x;
  if (i >= batch * hidden) return;
  const Index first = i + i / hidden * 3 * hidden;
  const math::LstmGates<float> g = load_gates(gates + first, hidden);
  const float squashed = tanh_c[i], d_hidden = d_h[i];
  const float d_cell = d_c_next[i] + d_hidden * g.output * math::tanh_derivative(squashed);
  const math::LstmGates<float> d_pre = {
      d_cell * g.candidate * math::sigmoid_derivative(g.input), d_cell * c_prev[i] * math::sigmoid_derivative(g.forget),
      d_cell * g.input * math::tanh_derivative(g.candidate), d_hidden * squashed * math::sigmoid_derivative(g.output)};
  store_gates(d_gates_pre + first, hidden, d_pre);
  d_c_prev[i] = d_cell * g.forget;
}

}  // namespace kernels

void lstm_cell(const float* gates_pre, const float* c_prev, float* gates, float* c_next, float* tanh_c, float* h_next,
               Index batch, Index hidden, cudaStream_t stream) {
  if (batch * hidden == 0) return;
  kernels::launch("lstm_cell", kernels::lstm_cell_kernel, kernels::ceil_divide(batch * hidden, kernels::block_threads),
                  stream, gates_pre, c_prev, gates, c_next, tanh_c, h_next, batch, hidden);
}

void lstm_cell_backward(const float* gates, const float* c_prev, const float* tanh_c, const float* d_h,
                        const float* d_c_next, float* d_gates_pre, float* d_c_prev, Index batch, Index hidden,
                        cudaStream_t stream) {
  if (batch * hidden == 0) return;
  kernels::launch("lstm_cell_backward", kernels::lstm_cell_backward_kernel,
                  kernels::ceil_divide(batch * hidden, kernels::block_threads), stream, gates, c_prev, tanh_c, d_h,
                  d_c_next, d_gates_pre, d_c_prev, batch, hidden);
}

}  // namespace cuda
}  // namespace saccade
