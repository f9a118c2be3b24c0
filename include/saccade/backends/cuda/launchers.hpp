#pragma once

#include <saccade/core/config.hpp>
#include <saccade/core/geometry.hpp>
#include <saccade/core/random_key.hpp>
#include <saccade/core/shape.hpp>
#include <saccade/core/symmetry.hpp>

#include <cstdint>

#include <cuda_runtime_api.h>

/// The seam between the C++ part of the CUDA backend and its kernels: kernels.cu defines what is declared here, so that
/// nobody else needs nvcc. A launcher is named like the operation of core/backend.hpp that it is, and has its operands
/// in the same order, then their sizes, its workspace and the stream. Letters: B batch, H and W rows and columns, C
/// channels, R rows of a matrix (all axes but the last), n elements.
///
/// * Every pointer is device memory. Maps and workspaces begin at a multiple of 16 bytes; vectors may begin anywhere.
/// * The maps of one call have one format, except those of `copy` and `axpy`. Statistics, parameters and sums are
///   single precision whatever the format, and so is all arithmetic.
/// * An output may be an input where core/backend.hpp allows it, and nowhere else.
/// * An empty batch launches nothing; gradients of parameters are then overwritten with 0.
/// * Nothing is allocated and nothing waits. `workspace` has the number of floats that `<operation>_workspace` says.
/// * No result depends on the device, or on the order in which blocks run.
/// * A launch that fails throws CudaError with the name of the kernel.
namespace saccade::inline SACCADE_VERSION_NAMESPACE::cuda {

/// Format of the numbers of a feature map in memory.
enum class Format : unsigned char { single, bf16 };

/// A feature map that is written.
struct Map {
  void* data = nullptr;
  Format format = Format::single;
};

/// A feature map that is read.
struct ConstMap {
  constexpr ConstMap() = default;
  constexpr ConstMap(const void* data_, Format format_) : data(data_), format(format_) {}
  constexpr ConstMap(Map map) : data(map.data), format(map.format) {}  // NOLINT: a Map is read like a ConstMap

  const void* data = nullptr;
  Format format = Format::single;
};

/// What stands in front of a convolution: PReLU(gamma (x - mean) rstd + beta), channel by channel.
struct Activation {
  const float* gamma = nullptr;  ///< (C)
  const float* beta = nullptr;   ///< (C)
  const float* mean = nullptr;   ///< (C)
  const float* rstd = nullptr;   ///< (C)
  const float* slope = nullptr;  ///< (slopes)
  Index slopes = 1;              ///< 1 or C
};

/// An image of a batch, as a kernel sees it.
struct StagedImage {
  const std::uint8_t* pixels = nullptr;  ///< device memory, or pinned memory that the device can read
  Index width = 0;
  Index height = 0;
  Index row_stride = 0;  ///< bytes
  Symmetry symmetry = Symmetry::identity;
};

/// At most `parameter_chunk` neighbouring numbers of one parameter, with its gradient and moments. A parameter of n
/// numbers is ceil(n / parameter_chunk) of these, all but the last of them full; each begins at a multiple of 16 bytes.
struct ParameterChunk {
  float* gradient = nullptr;
  float* parameter = nullptr;
  float* first = nullptr;
  float* second = nullptr;
  const float* hyper = nullptr;  ///< (AdamHyper::count), which it follows
  std::uint32_t count = 0;
};

inline constexpr Index parameter_chunk = 4096;

/// The sizes of a bilinear upsampling: from (batch, height, width, channels) to (batch, y_height, y_width, channels).
struct UpsampleSizes {
  Index batch = 0;
  Index height = 0;
  Index width = 0;
  Index y_height = 0;
  Index y_width = 0;
  Index channels = 0;
};

}  // namespace saccade::cuda

namespace saccade::inline SACCADE_VERSION_NAMESPACE {
namespace SACCADE_HIDDEN cuda {

// Memory. x, y (n).
void fill(float value, Map y, Index n, cudaStream_t stream);
/// y = x, rounded to y's format.
void copy(ConstMap x, Map y, Index n, cudaStream_t stream);

// What the matrix products leave of the dense layers. bias, d_bias (C); y, d_y (R, C).
void add_bias(const float* bias, Map y, Index rows, Index channels, cudaStream_t stream);
void add_bias_backward(ConstMap d_y, float* d_bias, Write write, Index rows, Index channels, float* workspace,
                       cudaStream_t stream);
[[nodiscard]] Index add_bias_backward_workspace(Index rows, Index channels);

// Batch normalisation. x, y (R, C); gamma, beta, mean, rstd and the running statistics (C).
void batch_norm_rstd(const float* running_variance, double epsilon, float* rstd, Index channels, cudaStream_t stream);
void batch_norm_infer(ConstMap x, const float* gamma, const float* beta, const float* running_mean,
                      const float* running_variance, double epsilon, Map y, Index rows, Index channels,
                      cudaStream_t stream);
void batch_norm_statistics(ConstMap x, BatchNormHyper hyper, float* running_mean, float* running_variance, float* mean,
                           float* rstd, Index rows, Index channels, float* workspace, cudaStream_t stream);
[[nodiscard]] Index batch_norm_statistics_workspace(Index rows, Index channels);
void batch_norm_train(ConstMap x, const float* gamma, const float* beta, BatchNormHyper hyper, float* running_mean,
                      float* running_variance, Map y, float* mean, float* rstd, Index rows, Index channels,
                      float* workspace, cudaStream_t stream);
[[nodiscard]] Index batch_norm_train_workspace(Index rows, Index channels);
void batch_norm_backward(ConstMap d_y, ConstMap x, const float* gamma, const float* mean, const float* rstd, Map d_x,
                         Write write, float* d_gamma, float* d_beta, Write write_parameters, Index rows, Index channels,
                         float* workspace, cudaStream_t stream);
[[nodiscard]] Index batch_norm_backward_workspace(Index rows, Index channels);

// Group normalisation. x, y (B, P, C) with P = H W pixels; gamma, beta (C); mean, rstd (B, groups).
void group_norm(ConstMap x, const float* gamma, const float* beta, Index groups, double epsilon, Map y, float* mean,
                float* rstd, Index batch, Index pixels, Index channels, float* workspace, cudaStream_t stream);
[[nodiscard]] Index group_norm_workspace(Index batch, Index pixels, Index channels);
void group_norm_backward(ConstMap d_y, ConstMap x, const float* gamma, Index groups, const float* mean,
                         const float* rstd, Map d_x, Write write, float* d_gamma, float* d_beta, Write write_parameters,
                         Index batch, Index pixels, Index channels, float* workspace, cudaStream_t stream);
[[nodiscard]] Index group_norm_backward_workspace(Index batch, Index pixels, Index channels);

// Normalisation and activation in one pass, see ops/activated_convolution.hpp.
/// x, y (R, C): y = the activated x.
void activate(ConstMap x, const Activation& activation, Map y, Index rows, Index channels, cudaStream_t stream);
/// d_activated, x, d_x (R, C), d_residual too, or its `data` null; d_gamma, d_beta (C); d_slope (slopes).
void activation_backward(ConstMap d_activated, ConstMap x, const Activation& activation, ConstMap d_residual, Map d_x,
                         Write write, float* d_gamma, float* d_beta, float* d_slope, Write write_parameters, Index rows,
                         Index channels, float* workspace, cudaStream_t stream);
[[nodiscard]] Index activation_backward_workspace(Index rows, Index channels);

// Elementwise. All maps (n), those of axpy of any formats, or (R, C) where a slope (slopes), 1 or C, belongs to a
// channel.
void relu(ConstMap x, Map y, Index n, cudaStream_t stream);
void relu6(ConstMap x, Map y, Index n, cudaStream_t stream);
void prelu(ConstMap x, const float* slope, Map y, Index rows, Index channels, Index slopes, cudaStream_t stream);
void sigmoid(ConstMap x, Map y, Index n, cudaStream_t stream);
void tanh(ConstMap x, Map y, Index n, cudaStream_t stream);
void exp(ConstMap x, Map y, Index n, cudaStream_t stream);
void log(ConstMap x, Map y, Index n, cudaStream_t stream);
void rsqrt(ConstMap x, Map y, Index n, cudaStream_t stream);
void clamp(ConstMap x, float low, float high, Map y, Index n, cudaStream_t stream);
void add(ConstMap x1, ConstMap x2, Map y, Index n, cudaStream_t stream);
void multiply(ConstMap x1, ConstMap x2, Map y, Write write, Index n, cudaStream_t stream);
void axpy(float alpha, ConstMap x, Map y, Index n, cudaStream_t stream);
void relu_backward(ConstMap y, ConstMap d_y, Map d_x, Write write, Index n, cudaStream_t stream);
void relu6_backward(ConstMap y, ConstMap d_y, Map d_x, Write write, Index n, cudaStream_t stream);
void sigmoid_backward(ConstMap y, ConstMap d_y, Map d_x, Write write, Index n, cudaStream_t stream);
void tanh_backward(ConstMap y, ConstMap d_y, Map d_x, Write write, Index n, cudaStream_t stream);
void prelu_backward(ConstMap x, const float* slope, ConstMap d_y, Map d_x, Write write, float* d_slope,
                    Write write_slope, Index rows, Index channels, Index slopes, float* workspace, cudaStream_t stream);
[[nodiscard]] Index prelu_backward_workspace(Index rows, Index channels);

// Rows. x, d_x (R, K); y, d_y (R).
void row_sums(const float* x, float* y, Write write, Index rows, Index columns, cudaStream_t stream);
void row_sums_backward(const float* d_y, float* d_x, Write write, Index rows, Index columns, cudaStream_t stream);
/// y (R, K) = table (N, K)[rows (R)]
void take_rows(const float* table, const float* rows, float* y, Index count, Index columns, cudaStream_t stream);

// Columns. read: x (R, K), y (R, N), y (+)= x[:, first : first + N]; write: x (R, N), y (R, K).
void read_columns(ConstMap x, Index first, Map y, Write write, Index rows, Index x_columns, Index y_columns,
                  cudaStream_t stream);
void write_columns(ConstMap x, Index first, Map y, Write write, Index rows, Index x_columns, Index y_columns,
                   cudaStream_t stream);

// Pooling. x (B, H, W, C), y and argmax (B, H', W', C) with H' = sliding_extent(H, ...); pooled (B, C). In bf16 a
// window is at most 16 wide, so that every place in it is a number of the format.
void max_pool(ConstMap x, PoolingGeometry geometry, Map y, Map argmax, Index batch, Index height, Index width,
              Index channels, cudaStream_t stream);
void max_pool_backward(ConstMap d_y, ConstMap argmax, PoolingGeometry geometry, Map d_x, Write write, Index batch,
                       Index height, Index width, Index channels, cudaStream_t stream);
void global_average_pool(ConstMap x, float* pooled, Index batch, Index pixels, Index channels, float* workspace,
                         cudaStream_t stream);
[[nodiscard]] Index global_average_pool_workspace(Index batch, Index pixels, Index channels);
void global_average_pool_backward(const float* d_pooled, Map d_x, Write write, Index batch, Index pixels,
                                  Index channels, cudaStream_t stream);
void spatial_softmax(ConstMap x, float* log_sum, float* position, Index batch, Index height, Index width,
                     Index channels, cudaStream_t stream);
void spatial_softmax_backward(ConstMap x, const float* log_sum, const float* position, const float* d_position, Map d_x,
                              Write write, Index batch, Index height, Index width, Index channels, cudaStream_t stream);

// Bilinear upsampling; the backward one gathers, in a fixed order.
void upsample_bilinear(ConstMap x, Corners corners, Map y, const UpsampleSizes& sizes, cudaStream_t stream);
void upsample_bilinear_backward(ConstMap d_y, Corners corners, Map d_x, Write write, const UpsampleSizes& sizes,
                                cudaStream_t stream);

/// images (B), in device memory; location (B, 2 or 3); patches (B, g, g, S*3). In single precision bit for bit what a
/// CPU crops.
void crop_glimpses(const StagedImage* images, const float* location, const GlimpseGeometry& geometry, Map patches,
                   Index batch, cudaStream_t stream);

// Soft attention. Maps (n), or (B, P, C) with P = H W pixels where there are features (B, C).
void apply_mask(ConstMap trunk, ConstMap mask_logits, Map attended, Index n, cudaStream_t stream);
void apply_mask_backward(ConstMap trunk, ConstMap mask_logits, ConstMap d_attended, Map d_trunk, Write write_trunk,
                         Map d_mask_logits, Write write_mask, Index n, cudaStream_t stream);
void attention_pool(ConstMap trunk, ConstMap mask_logits, float* features, Index batch, Index pixels, Index channels,
                    float* workspace, cudaStream_t stream);
[[nodiscard]] Index attention_pool_workspace(Index batch, Index pixels, Index channels);
void attention_pool_backward(ConstMap trunk, ConstMap mask_logits, const float* d_features, Map d_trunk,
                             Write write_trunk, Map d_mask_logits, Write write_mask, Index batch, Index pixels,
                             Index channels, cudaStream_t stream);

// Recurrence, see ops/recurrent.hpp. gates_pre, gates, d_gates_pre (B, 4H); all others (B, H).
void lstm_cell(const float* gates_pre, const float* c_prev, float* gates, float* c_next, float* tanh_c, float* h_next,
               Index batch, Index hidden, cudaStream_t stream);
void lstm_cell_backward(const float* gates, const float* c_prev, const float* tanh_c, const float* d_h,
                        const float* d_c_next, float* d_gates_pre, float* d_c_prev, Index batch, Index hidden,
                        cudaStream_t stream);

// Losses. logits, probabilities, scores, d_logits (B, K); labels, classes, loss, d_loss, y (B).
void softmax(const float* logits, float* probabilities, Index batch, Index classes, cudaStream_t stream);
void softmax_cross_entropy(const float* logits, const float* labels, float* probabilities, float* loss, Index batch,
                           Index classes, cudaStream_t stream);
void softmax_cross_entropy_backward(const float* probabilities, const float* labels, const float* d_loss,
                                    float* d_logits, Write write, Index batch, Index classes, cudaStream_t stream);
void most_probable(const float* scores, float* best, Index batch, Index classes, cudaStream_t stream);
void correct(const float* answers, const float* labels, float* y, Index batch, cudaStream_t stream);

// Draws: the same numbers as math/ gives on the CPU. The number at `counter_offset`, in device memory, is added to the
// counter of the key; null stands for 0. mean, sample (n); probabilities (B, K), drawn (B).
void sample_gaussian(const float* mean, float sigma, RandomKey key, const unsigned long long* counter_offset,
                     float* sample, Index n, cudaStream_t stream);
void sample_uniform(float low, float high, RandomKey key, const unsigned long long* counter_offset, float* sample,
                    Index n, cudaStream_t stream);
void sample_categorical(const float* probabilities, RandomKey key, const unsigned long long* counter_offset,
                        float* drawn, Index batch, Index classes, cudaStream_t stream);
/// *counter_offset += stride: what a captured step does last.
void advance_counter(unsigned long long* counter_offset, unsigned long long stride, cudaStream_t stream);
/// sample, mean, d_mean (B, N); advantage (B).
void gaussian_policy_backward(const float* sample, const float* mean, const float* advantage, float sigma,
                              float* d_mean, Write write, Index batch, Index columns, cudaStream_t stream);

// Optimiser. x, g, p, m, v (n); sum, scale (1); hyper (AdamHyper::count).
void sum_of_squares(const float* x, float* sum, Write write, Index n, float* workspace, cudaStream_t stream);
[[nodiscard]] Index sum_of_squares_workspace(Index n);
void clip_scale(const float* sum, float max_norm, float* scale, cudaStream_t stream);
/// mark (1) = NaN unless x is finite.
void mark_not_finite(ConstMap x, float* mark, Index n, cudaStream_t stream);
void adam_step(const float* gradient, const float* scale, const float* hyper, float* parameter, float* first_moment,
               float* second_moment, Index n, cudaStream_t stream);
/// step += 1, and the corrections that belong to it.
void advance_adam(float* hyper, cudaStream_t stream);

// The same over all parameters in one launch; chunks (count), in device memory.
void zero_gradients(const ParameterChunk* chunks, Index count, cudaStream_t stream);
/// Overwrites sum (1) by the squared norm of all gradients, added up in the order of the chunks.
void sum_of_squares(const ParameterChunk* chunks, Index count, float* sum, float* workspace, cudaStream_t stream);
[[nodiscard]] Index sum_of_squares_list_workspace(Index count);
void adam_step(const ParameterChunk* chunks, Index count, const float* scale, cudaStream_t stream);

}  // namespace cuda
}  // namespace saccade
