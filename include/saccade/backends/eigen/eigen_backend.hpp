#pragma once

#include <saccade/backends/eigen/instruction_set.hpp>
#include <saccade/backends/eigen/precision.hpp>
#include <saccade/backends/eigen/tensor.hpp>
#include <saccade/core/backend.hpp>
#include <saccade/core/batch_synchronization.hpp>
#include <saccade/core/error.hpp>

#include <concepts>
#include <memory>
#include <optional>
#include <span>

namespace saccade::inline SACCADE_NAMESPACE {

/// How an EigenBackend is made.
struct EigenOptions {
  int threads = 0;  ///< that work at the same time, the caller included; 0: as many as the machine has
  InstructionSet instruction_set = best_instruction_set();
  Precision precision = Precision::single;  ///< of forward convolutions; bf16 is for inference
  std::optional<Bf16Unit> bf16_unit = {};   ///< that multiplies bf16; empty: the fastest of this processor
};

namespace eigen {
class Engine;
}

/// The default backend: the processor, with its vector instructions found at run time and a pool of threads.
///
/// * Every result has the same bits for any number of threads: work is divided by the sizes of the problem alone.
/// * Scratch memory grows to what the largest operation needs and is kept: after the first step of a network no
///   operation allocates.
/// * Sums over many elements are accumulated in double, or in blocks.
/// * With Precision::bf16 a forward convolution rounds its activated input and its weights to bf16 where that is faster
///   on the unit at hand; it sums in single precision, and everything else is as without. So is backward: its gradients
///   are those of the convolution that was not rounded.
/// * Move-only. One thread at a time may use an object; use one object for each thread that runs a model.
///
/// The functions are those of core/backend.hpp; the headers beside this one hold one family of them each.
/// saccade::compiled has both instances.
template <std::floating_point Number = float>
class EigenBackend : public BatchSynchronization {
 public:
  using Scalar = Number;
  using Tensor = eigen::HostTensor<Number>;
  using Image = ImageView;

  /// @throws ConfigError if the number of threads is negative, or the processor cannot run the instruction set or bf16
  explicit EigenBackend(const EigenOptions& options);
  explicit EigenBackend(int threads = 0);
  EigenBackend(EigenBackend&&) noexcept;
  EigenBackend& operator=(EigenBackend&&) noexcept;
  ~EigenBackend();

  [[nodiscard]] int threads() const;
  [[nodiscard]] InstructionSet instruction_set() const;
  [[nodiscard]] Precision precision() const;
  /// What multiplies bf16; nothing in single precision.
  [[nodiscard]] std::optional<Bf16Unit> bf16_unit() const;

  [[nodiscard]] Tensor zeros(const Shape& shape);
  [[nodiscard]] Shape shape(const Tensor& x) const { return x.shape(); }
  void fill(Scalar value, Tensor& y);
  void copy(const Tensor& x, Tensor& y);
  void upload(std::span<const Scalar> source, Tensor& y);
  void download(const Tensor& x, std::span<Scalar> target);
  void synchronize() {}

  void linear(const Tensor& x, const Tensor& w, Tensor& y, Write write);
  void linear_backward_input(const Tensor& d_y, const Tensor& w, Tensor& d_x, Write write);
  void linear_backward_weight(const Tensor& d_y, const Tensor& x, Tensor& d_w, Write write);
  void add_bias(const Tensor& bias, Tensor& y);
  void add_bias_backward(const Tensor& d_y, Tensor& d_bias, Write write);

  void convolve(const Tensor& x, const Tensor& w, ConvolutionGeometry geometry, Tensor& y);
  void convolve_backward_input(const Tensor& d_y, const Tensor& w, ConvolutionGeometry geometry, Tensor& d_x,
                               Write write);
  void convolve_backward_weight(const Tensor& d_y, const Tensor& x, ConvolutionGeometry geometry, Tensor& d_w,
                                Write write);

  void batch_norm_infer(const Tensor& x, const Tensor& gamma, const Tensor& beta, const Tensor& running_mean,
                        const Tensor& running_variance, double epsilon, Tensor& y);
  void batch_norm_train(const Tensor& x, const Tensor& gamma, const Tensor& beta, BatchNormHyper hyper,
                        Tensor& running_mean, Tensor& running_variance, Tensor& y, Tensor& mean, Tensor& rstd);
  void batch_norm_backward(const Tensor& d_y, const Tensor& x, const Tensor& gamma, const Tensor& mean,
                           const Tensor& rstd, Tensor& d_x, Write write_x, Tensor& d_gamma, Tensor& d_beta,
                           Write write_parameters);
  void group_norm(const Tensor& x, const Tensor& gamma, const Tensor& beta, Index groups, double epsilon, Tensor& y,
                  Tensor& mean, Tensor& rstd);
  void group_norm_backward(const Tensor& d_y, const Tensor& x, const Tensor& gamma, Index groups, const Tensor& mean,
                           const Tensor& rstd, Tensor& d_x, Write write_x, Tensor& d_gamma, Tensor& d_beta,
                           Write write_parameters);

  void relu(const Tensor& x, Tensor& y);
  void relu_backward(const Tensor& y, const Tensor& d_y, Tensor& d_x, Write write);
  void relu6(const Tensor& x, Tensor& y);
  void relu6_backward(const Tensor& y, const Tensor& d_y, Tensor& d_x, Write write);
  void prelu(const Tensor& x, const Tensor& slope, Tensor& y);
  void prelu_backward(const Tensor& x, const Tensor& slope, const Tensor& d_y, Tensor& d_x, Write write_x,
                      Tensor& d_slope, Write write_slope);
  void sigmoid(const Tensor& x, Tensor& y);
  void sigmoid_backward(const Tensor& y, const Tensor& d_y, Tensor& d_x, Write write);
  void tanh(const Tensor& x, Tensor& y);
  void tanh_backward(const Tensor& y, const Tensor& d_y, Tensor& d_x, Write write);
  void exp(const Tensor& x, Tensor& y);
  void log(const Tensor& x, Tensor& y);
  void rsqrt(const Tensor& x, Tensor& y);
  void clamp(const Tensor& x, Scalar low, Scalar high, Tensor& y);
  void add(const Tensor& x1, const Tensor& x2, Tensor& y);
  void multiply(const Tensor& x1, const Tensor& x2, Tensor& y, Write write);
  void axpy(Scalar alpha, const Tensor& x, Tensor& y);
  void row_sums(const Tensor& x, Tensor& y, Write write);
  void row_sums_backward(const Tensor& d_y, Tensor& d_x, Write write);
  void take_rows(const Tensor& table, const Tensor& rows, Tensor& y);
  void read_columns(const Tensor& x, Index first, Tensor& y, Write write);
  void write_columns(const Tensor& x, Index first, Tensor& y, Write write);

  void max_pool(const Tensor& x, PoolingGeometry geometry, Tensor& y, Tensor& argmax);
  void max_pool_backward(const Tensor& d_y, const Tensor& argmax, PoolingGeometry geometry, Tensor& d_x, Write write);
  void global_average_pool(const Tensor& x, Tensor& y);
  void global_average_pool_backward(const Tensor& d_y, Tensor& d_x, Write write);
  void spatial_softmax(const Tensor& x, Tensor& log_sum, Tensor& position);
  void spatial_softmax_backward(const Tensor& x, const Tensor& log_sum, const Tensor& position,
                                const Tensor& d_position, Tensor& d_x, Write write);

  void upsample_bilinear(const Tensor& x, Corners corners, Tensor& y);
  void upsample_bilinear_backward(const Tensor& d_y, Corners corners, Tensor& d_x, Write write);

  /// The handle is the view: its pixels must outlive it.
  [[nodiscard]] Image make_image(ImageView view) const { return view; }
  [[nodiscard]] Index width(const Image& image) const { return image.width; }
  [[nodiscard]] Index height(const Image& image) const { return image.height; }
  void crop_glimpses(ImageBatch<EigenBackend> images, const Tensor& location, const GlimpseGeometry& geometry,
                     Tensor& patches);

  void apply_mask(const Tensor& trunk, const Tensor& mask_logits, Tensor& attended);
  void apply_mask_backward(const Tensor& trunk, const Tensor& mask_logits, const Tensor& d_attended, Tensor& d_trunk,
                           Write write_trunk, Tensor& d_mask_logits, Write write_logits);

  void softmax(const Tensor& logits, Tensor& probabilities);
  void softmax_cross_entropy(const Tensor& logits, const Tensor& labels, Tensor& probabilities, Tensor& loss);
  void softmax_cross_entropy_backward(const Tensor& probabilities, const Tensor& labels, const Tensor& d_loss,
                                      Tensor& d_logits, Write write);
  void most_probable(const Tensor& scores, Tensor& classes);
  void correct(const Tensor& classes, const Tensor& labels, Tensor& y);

  void sample_gaussian(const Tensor& mean, Scalar sigma, RandomKey key, Tensor& sample);
  void sample_uniform(Scalar low, Scalar high, RandomKey key, Tensor& sample);
  void sample_categorical(const Tensor& probabilities, RandomKey key, Tensor& classes);
  void gaussian_policy_backward(const Tensor& sample, const Tensor& mean, const Tensor& advantage, Scalar sigma,
                                Tensor& d_mean, Write write);

  void sum_of_squares(const Tensor& x, Tensor& y, Write write);
  void clip_scale(const Tensor& sum, Scalar max_norm, Tensor& scale);
  void mark_not_finite(const Tensor& x, Tensor& mark);
  void adam_step(const Tensor& gradient, const Tensor& scale, const Tensor& hyper, Tensor& parameter,
                 Tensor& first_moment, Tensor& second_moment);

  /// Fused operations: optional in the contract, found by saccade::ops.

  using Activation = ActivationView<EigenBackend>;

  void batch_norm_rstd(const Tensor& running_variance, double epsilon, Tensor& rstd);
  void batch_norm_statistics(const Tensor& x, BatchNormHyper hyper, Tensor& running_mean, Tensor& running_variance,
                             Tensor& mean, Tensor& rstd);
  /// y = PReLU(gamma (x - mean) rstd + beta) * w, plus `residual`, perhaps y itself, unless it is null.
  void convolve_activated(const Tensor& x, const Activation& activation, const Tensor& w, ConvolutionGeometry geometry,
                          const Tensor* residual, Tensor& y);
  void convolve_activated_backward_weight(const Tensor& d_y, const Tensor& x, const Activation& activation,
                                          ConvolutionGeometry geometry, Tensor& d_w, Write write);
  void activation_backward(const Tensor& d_activated, const Tensor& x, const Activation& activation,
                           const Tensor* d_residual, Tensor& d_x, Write write_x, Tensor& d_gamma, Tensor& d_beta,
                           Tensor& d_slope, Write write_parameters);

  /// y = x * w with a bias, batch normalisation, residual and rectifier, those that are there.
  void convolve_epilogue(const Tensor& x, const Tensor& w, ConvolutionGeometry geometry,
                         const ConvolutionEpilogue<EigenBackend>& epilogue, Tensor& y);

  /// trunk, mask_logits (B, H, W, C), features (B, C): the global average of (1 + sigmoid(mask_logits)) * trunk.
  void attention_pool(const Tensor& trunk, const Tensor& mask_logits, Tensor& features);
  void attention_pool_backward(const Tensor& trunk, const Tensor& mask_logits, const Tensor& d_features,
                               Tensor& d_trunk, Write write_trunk, Tensor& d_mask_logits, Write write_logits);
  /// gates_pre, gates (B, 4H) in the order i, f, g, o; the rest (B, H).
  void lstm_cell(const Tensor& gates_pre, const Tensor& c_prev, Tensor& gates, Tensor& c_next, Tensor& tanh_c,
                 Tensor& h_next);
  void lstm_cell_backward(const Tensor& gates, const Tensor& c_prev, const Tensor& tanh_c, const Tensor& d_h,
                          const Tensor& d_c_next, Tensor& d_gates_pre, Tensor& d_c_prev);

 private:
  std::unique_ptr<eigen::Engine> engine_;
};

// saccade::compiled has the one of float. Beside it, a program that uses another one instantiates it in one of its files:
// includes eigen_backend.inl, eigen_backend_fused.inl and eigen_backend_heads.inl, and says `template class
// saccade::EigenBackend<double>;`.
#if !SACCADE_HEADER_ONLY
extern template class EigenBackend<float>;
#endif

}  // namespace saccade

#if SACCADE_HEADER_ONLY
#include <saccade/backends/eigen/eigen_backend.inl>
#include <saccade/backends/eigen/eigen_backend_fused.inl>
#include <saccade/backends/eigen/eigen_backend_heads.inl>
#endif
