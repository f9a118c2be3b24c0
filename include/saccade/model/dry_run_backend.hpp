#pragma once

#include <saccade/core/backend.hpp>
#include <saccade/ops/activated_convolution.hpp>
#include <saccade/ops/mask.hpp>
#include <saccade/ops/recurrent.hpp>

namespace saccade::inline SACCADE_NAMESPACE {

/// Like `B`, but its tensors are shapes: nothing is computed, and `zeros` counts the bytes of the numbers that a tensor
/// of B would hold. It offers feature maps and the fused operations that B offers, so that what is built of it is what
/// is built of B.
template <Backend B>
class DryRunBackend {
 public:
  using Scalar = typename B::Scalar;
  struct Tensor {
    Shape shape;
  };
  using Image = ImageView;

  /// @param map_bytes  of a number of a feature map, where B has a format of its own for them
  explicit DryRunBackend(Index map_bytes = sizeof(Scalar)) : map_bytes_(map_bytes) {}

  /// Bytes of all tensors made so far.
  [[nodiscard]] Index bytes() const { return bytes_; }

  Tensor zeros(const Shape& shape) {
    bytes_ += shape.size() * static_cast<Index>(sizeof(Scalar));
    return {shape};
  }
  Tensor feature_map(const Shape& shape) requires FeatureMaps<B> {
    bytes_ += shape.size() * map_bytes_;
    return {shape};
  }
  Shape shape(const Tensor& x) const { return x.shape; }
  Image make_image(ImageView view) const { return view; }
  Index width(const Image& image) const { return image.width; }
  Index height(const Image& image) const { return image.height; }

  void fill(auto&&...) {}
  void copy(auto&&...) {}
  void upload(auto&&...) {}
  void download(auto&&...) {}
  void synchronize() {}
  void linear(auto&&...) {}
  void linear_backward_input(auto&&...) {}
  void linear_backward_weight(auto&&...) {}
  void add_bias(auto&&...) {}
  void add_bias_backward(auto&&...) {}
  void convolve(auto&&...) {}
  void convolve_backward_input(auto&&...) {}
  void convolve_backward_weight(auto&&...) {}
  void batch_norm_infer(auto&&...) {}
  void batch_norm_train(auto&&...) {}
  void batch_norm_backward(auto&&...) {}
  void group_norm(auto&&...) {}
  void group_norm_backward(auto&&...) {}
  void relu(auto&&...) {}
  void relu_backward(auto&&...) {}
  void prelu(auto&&...) {}
  void prelu_backward(auto&&...) {}
  void sigmoid(auto&&...) {}
  void sigmoid_backward(auto&&...) {}
  void tanh(auto&&...) {}
  void tanh_backward(auto&&...) {}
  void exp(auto&&...) {}
  void rsqrt(auto&&...) {}
  void clamp(auto&&...) {}
  void add(auto&&...) {}
  void multiply(auto&&...) {}
  void axpy(auto&&...) {}
  void row_sums(auto&&...) {}
  void row_sums_backward(auto&&...) {}
  void read_columns(auto&&...) {}
  void write_columns(auto&&...) {}
  void max_pool(auto&&...) {}
  void max_pool_backward(auto&&...) {}
  void global_average_pool(auto&&...) {}
  void global_average_pool_backward(auto&&...) {}
  void spatial_softmax(auto&&...) {}
  void spatial_softmax_backward(auto&&...) {}
  void upsample_bilinear(auto&&...) {}
  void upsample_bilinear_backward(auto&&...) {}
  void crop_glimpses(auto&&...) {}
  void apply_mask(auto&&...) {}
  void apply_mask_backward(auto&&...) {}
  void softmax(auto&&...) {}
  void softmax_cross_entropy(auto&&...) {}
  void softmax_cross_entropy_backward(auto&&...) {}
  void most_probable(auto&&...) {}
  void correct(auto&&...) {}
  void sample_gaussian(auto&&...) {}
  void sample_uniform(auto&&...) {}
  void sample_categorical(auto&&...) {}
  void gaussian_policy_backward(auto&&...) {}
  void sum_of_squares(auto&&...) {}
  void clip_scale(auto&&...) {}
  void mark_not_finite(auto&&...) {}
  void adam_step(auto&&...) {}

  // clang-format off
  void attention_pool(auto&&...) requires ops::FusedAttentionPool<B> {}
  void attention_pool_backward(auto&&...) requires ops::FusedAttentionPool<B> {}
  void lstm_cell(auto&&...) requires ops::FusedLstmCell<B> {}
  void lstm_cell_backward(auto&&...) requires ops::FusedLstmCell<B> {}
  void batch_norm_rstd(auto&&...) requires ops::FusedActivation<B> {}
  void batch_norm_statistics(auto&&...) requires ops::FusedActivation<B> {}
  void convolve_activated(auto&&...) requires ops::FusedActivation<B> {}
  void convolve_activated_backward_weight(auto&&...) requires ops::FusedActivation<B> {}
  void activation_backward(auto&&...) requires ops::FusedActivation<B> {}
  // clang-format on

 private:
  Index map_bytes_;
  Index bytes_ = 0;
};

}  // namespace saccade
