#pragma once

#include <saccade/backends/cuda/kernels/rows.cuh>

#include <cmath>

/// Softmax with cross-entropy, and answers. One warp a row of K numbers; exponentials and their sum in double, as there
/// are few of them.
namespace saccade::inline SACCADE_VERSION_NAMESPACE {
namespace SACCADE_HIDDEN cuda {
namespace kernels {

/// probabilities = softmax(logits), and loss = -ln p[label] if it is wanted.
__global__ void softmax_kernel(const float* __restrict__ logits, const float* __restrict__ labels, Index batch,
                               Index classes, float* __restrict__ probabilities, float* __restrict__ loss) {
  const WarpRow place = warp_row();
  if (place.row >= batch) return;
  const float* const x = logits + place.row * classes;
  float largest = x[0];
  for (Index k = place.lane; k < classes; k += warp_threads) largest = x[k] > largest ? x[k] : largest;
#pragma unroll
  for (int offset = 16; offset > 0; offset /= 2) {
    const float other = __shfl_xor_sync(all_lanes, largest, offset);
    largest = other > largest ? other : largest;
  }
  const auto shifted = [&](Index k) { return static_cast<double>(x[k]) - static_cast<double>(largest); };
  double sum = 0.0;
  for (Index k = place.lane; k < classes; k += warp_threads) sum += std::exp(shifted(k));
  sum = sum_over_warp(sum);
  for (Index k = place.lane; k < classes; k += warp_threads)
    probabilities[place.row * classes + k] = static_cast<float>(std::exp(shifted(k)) / sum);
  if (loss != nullptr && place.lane == 0)
    loss[place.row] = static_cast<float>(std::log(sum) - shifted(static_cast<Index>(labels[place.row])));
}

__global__ void softmax_cross_entropy_backward_kernel(const float* probabilities, const float* labels,
                                                      const float* d_loss, float* d_logits, Write how, Index batch,
                                                      Index classes) {
  const Index i = Index{blockIdx.x} * block_threads + threadIdx.x;
  if (i >= batch * classes) return;
  const Index b = i / classes;
  const float target = i - b * classes == static_cast<Index>(labels[b]) ? 1.0f : 0.0f;
  const float gradient = d_loss[b] * (probabilities[i] - target);
  d_logits[i] = how == Write::accumulate ? d_logits[i] + gradient : gradient;
}

/// The first of the largest; 0 where the first score is NaN, which nothing exceeds.
__global__ void most_probable_kernel(const float* __restrict__ scores, float* __restrict__ best, Index batch,
                                     Index classes) {
  const WarpRow place = warp_row();
  if (place.row >= batch) return;
  const float* const x = scores + place.row * classes;
  float largest = x[0];
  Index index = 0;
  for (Index k = place.lane; k < classes; k += warp_threads) {
    if (x[k] > largest) {
      largest = x[k];
      index = k;
    }
  }
#pragma unroll
  for (int offset = 16; offset > 0; offset /= 2) {
    const float other = __shfl_xor_sync(all_lanes, largest, offset);
    const Index other_index = __shfl_xor_sync(all_lanes, index, offset);
    if (other > largest || (other == largest && other_index < index)) {
      largest = other;
      index = other_index;
    }
  }
  if (place.lane == 0) best[place.row] = static_cast<float>(index);
}

__global__ void correct_kernel(const float* answers, const float* labels, float* y, Index batch) {
  const Index b = Index{blockIdx.x} * block_threads + threadIdx.x;
  if (b < batch) y[b] = answers[b] == labels[b] ? 1.0f : 0.0f;
}

}  // namespace kernels

void softmax(const float* logits, float* probabilities, Index batch, Index classes, cudaStream_t stream) {
  if (batch * classes == 0) return;
  kernels::launch("softmax", kernels::softmax_kernel, kernels::warp_row_blocks(batch), stream, logits, nullptr, batch,
                  classes, probabilities, nullptr);
}

void softmax_cross_entropy(const float* logits, const float* labels, float* probabilities, float* loss, Index batch,
                           Index classes, cudaStream_t stream) {
  if (batch * classes == 0) return;
  kernels::launch("softmax_cross_entropy", kernels::softmax_kernel, kernels::warp_row_blocks(batch), stream, logits,
                  labels, batch, classes, probabilities, loss);
}

void softmax_cross_entropy_backward(const float* probabilities, const float* labels, const float* d_loss,
                                    float* d_logits, Write write, Index batch, Index classes, cudaStream_t stream) {
  if (batch * classes == 0) return;
  kernels::launch("softmax_cross_entropy_backward", kernels::softmax_cross_entropy_backward_kernel,
                  kernels::ceil_divide(batch * classes, kernels::block_threads), stream, probabilities, labels, d_loss,
                  d_logits, write, batch, classes);
}

void most_probable(const float* scores, float* best, Index batch, Index classes, cudaStream_t stream) {
  if (batch * classes == 0) return;
  kernels::launch("most_probable", kernels::most_probable_kernel, kernels::warp_row_blocks(batch), stream, scores, best,
                  batch, classes);
}

void correct(const float* answers, const float* labels, float* y, Index batch, cudaStream_t stream) {
  if (batch == 0) return;
  kernels::launch("correct", kernels::correct_kernel, kernels::ceil_divide(batch, kernels::block_threads), stream,
                  answers, labels, y, batch);
}

}  // namespace cuda
}  // namespace saccade
