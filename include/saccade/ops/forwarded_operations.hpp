#pragma once

#include <saccade/core/backend.hpp>
#include <saccade/ops/activated_convolution.hpp>
#include <saccade/ops/convolution_epilogue.hpp>
#include <saccade/ops/glimpse.hpp>
#include <saccade/ops/mask.hpp>
#include <saccade/ops/optimizer.hpp>
#include <saccade/ops/recurrent.hpp>

#include <string_view>

namespace saccade::inline SACCADE_NAMESPACE {

/// All operations of a backend, the optional ones of `Like` included, in one place: each is a call of
///
///     derived.perform(name, operation, arguments...)
///
/// where `operation(b, arguments...)` calls the operation on a backend `b`. A class derives from it, has a `perform`
/// that is public, and defines the operations that it treats otherwise: those hide the ones here. See
/// ForwardingBackend, which adds the backend that works, and DryRunBackend, where none does.
///
/// @tparam trains  whether there are derivatives and an optimiser
template <class Derived, Backend Like, bool trains = TrainableBackend<Like>>
class ForwardedOperations {
 public:
  // clang-format off
  void fill(Scalar<Like> value, auto& y) {
    pass("fill", [](auto& b, auto&&... x) { b.fill(x...); }, value, y);
  }
  void copy(auto&&... a) {
    pass("copy", [](auto& b, auto&&... x) { b.copy(x...); }, a...);
  }
  void upload(auto&&... a) {
    pass("upload", [](auto& b, auto&&... x) { b.upload(x...); }, a...);
  }
  void download(auto&&... a) {
    pass("download", [](auto& b, auto&&... x) { b.download(x...); }, a...);
  }
  void synchronize(auto&&... a) {
    pass("synchronize", [](auto& b, auto&&... x) { b.synchronize(x...); }, a...);
  }

  // LinearOps
  void linear(auto&&... a) {
    pass("linear", [](auto& b, auto&&... x) { b.linear(x...); }, a...);
  }
  void add_bias(auto&&... a) {
    pass("add_bias", [](auto& b, auto&&... x) { b.add_bias(x...); }, a...);
  }

  // TrainableLinearOps
  void linear_backward_input(auto&&... a) requires trains {
    pass("linear_backward_input", [](auto& b, auto&&... x) { b.linear_backward_input(x...); }, a...);
  }
  void linear_backward_weight(auto&&... a) requires trains {
    pass("linear_backward_weight", [](auto& b, auto&&... x) { b.linear_backward_weight(x...); }, a...);
  }
  void add_bias_backward(auto&&... a) requires trains {
    pass("add_bias_backward", [](auto& b, auto&&... x) { b.add_bias_backward(x...); }, a...);
  }

  // ConvolutionOps
  void convolve(auto&&... a) {
    pass("convolve", [](auto& b, auto&&... x) { b.convolve(x...); }, a...);
  }

  // TrainableConvolutionOps
  void convolve_backward_input(auto&&... a) requires trains {
    pass("convolve_backward_input", [](auto& b, auto&&... x) { b.convolve_backward_input(x...); }, a...);
  }
  void convolve_backward_weight(auto&&... a) requires trains {
    pass("convolve_backward_weight", [](auto& b, auto&&... x) { b.convolve_backward_weight(x...); }, a...);
  }

  // NormalizationOps
  void batch_norm_infer(auto&&... a) {
    pass("batch_norm_infer", [](auto& b, auto&&... x) { b.batch_norm_infer(x...); }, a...);
  }
  void group_norm(auto&&... a) {
    pass("group_norm", [](auto& b, auto&&... x) { b.group_norm(x...); }, a...);
  }

  // TrainableNormalizationOps
  void batch_norm_train(auto&&... a) requires trains {
    pass("batch_norm_train", [](auto& b, auto&&... x) { b.batch_norm_train(x...); }, a...);
  }
  void batch_norm_backward(auto&&... a) requires trains {
    pass("batch_norm_backward", [](auto& b, auto&&... x) { b.batch_norm_backward(x...); }, a...);
  }
  void group_norm_backward(auto&&... a) requires trains {
    pass("group_norm_backward", [](auto& b, auto&&... x) { b.group_norm_backward(x...); }, a...);
  }

  // PointwiseOps
  void relu(auto&&... a) {
    pass("relu", [](auto& b, auto&&... x) { b.relu(x...); }, a...);
  }
  void relu6(auto&&... a) {
    pass("relu6", [](auto& b, auto&&... x) { b.relu6(x...); }, a...);
  }
  void prelu(auto&&... a) {
    pass("prelu", [](auto& b, auto&&... x) { b.prelu(x...); }, a...);
  }
  void sigmoid(auto&&... a) {
    pass("sigmoid", [](auto& b, auto&&... x) { b.sigmoid(x...); }, a...);
  }
  void tanh(auto&&... a) {
    pass("tanh", [](auto& b, auto&&... x) { b.tanh(x...); }, a...);
  }
  void exp(auto&&... a) {
    pass("exp", [](auto& b, auto&&... x) { b.exp(x...); }, a...);
  }
  void log(auto&&... a) {
    pass("log", [](auto& b, auto&&... x) { b.log(x...); }, a...);
  }
  void rsqrt(auto&&... a) {
    pass("rsqrt", [](auto& b, auto&&... x) { b.rsqrt(x...); }, a...);
  }
  void clamp(auto&&... a) {
    pass("clamp", [](auto& b, auto&&... x) { b.clamp(x...); }, a...);
  }
  void add(auto&&... a) {
    pass("add", [](auto& b, auto&&... x) { b.add(x...); }, a...);
  }
  void multiply(auto&&... a) {
    pass("multiply", [](auto& b, auto&&... x) { b.multiply(x...); }, a...);
  }
  void axpy(auto&&... a) {
    pass("axpy", [](auto& b, auto&&... x) { b.axpy(x...); }, a...);
  }
  void row_sums(auto&&... a) {
    pass("row_sums", [](auto& b, auto&&... x) { b.row_sums(x...); }, a...);
  }
  void take_rows(auto&&... a) {
    pass("take_rows", [](auto& b, auto&&... x) { b.take_rows(x...); }, a...);
  }
  void read_columns(auto&&... a) {
    pass("read_columns", [](auto& b, auto&&... x) { b.read_columns(x...); }, a...);
  }
  void write_columns(auto&&... a) {
    pass("write_columns", [](auto& b, auto&&... x) { b.write_columns(x...); }, a...);
  }

  // TrainablePointwiseOps
  void relu_backward(auto&&... a) requires trains {
    pass("relu_backward", [](auto& b, auto&&... x) { b.relu_backward(x...); }, a...);
  }
  void relu6_backward(auto&&... a) requires trains {
    pass("relu6_backward", [](auto& b, auto&&... x) { b.relu6_backward(x...); }, a...);
  }
  void prelu_backward(auto&&... a) requires trains {
    pass("prelu_backward", [](auto& b, auto&&... x) { b.prelu_backward(x...); }, a...);
  }
  void sigmoid_backward(auto&&... a) requires trains {
    pass("sigmoid_backward", [](auto& b, auto&&... x) { b.sigmoid_backward(x...); }, a...);
  }
  void tanh_backward(auto&&... a) requires trains {
    pass("tanh_backward", [](auto& b, auto&&... x) { b.tanh_backward(x...); }, a...);
  }
  void row_sums_backward(auto&&... a) requires trains {
    pass("row_sums_backward", [](auto& b, auto&&... x) { b.row_sums_backward(x...); }, a...);
  }

  // PoolingOps
  void max_pool(auto&&... a) {
    pass("max_pool", [](auto& b, auto&&... x) { b.max_pool(x...); }, a...);
  }
  void global_average_pool(auto&&... a) {
    pass("global_average_pool", [](auto& b, auto&&... x) { b.global_average_pool(x...); }, a...);
  }
  void spatial_softmax(auto&&... a) {
    pass("spatial_softmax", [](auto& b, auto&&... x) { b.spatial_softmax(x...); }, a...);
  }

  // TrainablePoolingOps
  void max_pool_backward(auto&&... a) requires trains {
    pass("max_pool_backward", [](auto& b, auto&&... x) { b.max_pool_backward(x...); }, a...);
  }
  void global_average_pool_backward(auto&&... a) requires trains {
    pass("global_average_pool_backward", [](auto& b, auto&&... x) { b.global_average_pool_backward(x...); }, a...);
  }
  void spatial_softmax_backward(auto&&... a) requires trains {
    pass("spatial_softmax_backward", [](auto& b, auto&&... x) { b.spatial_softmax_backward(x...); }, a...);
  }

  // UpsampleOps
  void upsample_bilinear(auto&&... a) {
    pass("upsample_bilinear", [](auto& b, auto&&... x) { b.upsample_bilinear(x...); }, a...);
  }

  // TrainableUpsampleOps
  void upsample_bilinear_backward(auto&&... a) requires trains {
    pass("upsample_bilinear_backward", [](auto& b, auto&&... x) { b.upsample_bilinear_backward(x...); }, a...);
  }

  // GlimpseOps
  void crop_glimpses(auto&&... a) {
    pass("crop_glimpses", [](auto& b, auto&&... x) { b.crop_glimpses(x...); }, a...);
  }

  // MaskOps
  void apply_mask(auto&&... a) {
    pass("apply_mask", [](auto& b, auto&&... x) { b.apply_mask(x...); }, a...);
  }

  // TrainableMaskOps
  void apply_mask_backward(auto&&... a) requires trains {
    pass("apply_mask_backward", [](auto& b, auto&&... x) { b.apply_mask_backward(x...); }, a...);
  }

  // LossOps
  void softmax(auto&&... a) {
    pass("softmax", [](auto& b, auto&&... x) { b.softmax(x...); }, a...);
  }
  void softmax_cross_entropy(auto&&... a) {
    pass("softmax_cross_entropy", [](auto& b, auto&&... x) { b.softmax_cross_entropy(x...); }, a...);
  }
  void most_probable(auto&&... a) {
    pass("most_probable", [](auto& b, auto&&... x) { b.most_probable(x...); }, a...);
  }
  void correct(auto&&... a) {
    pass("correct", [](auto& b, auto&&... x) { b.correct(x...); }, a...);
  }

  // TrainableLossOps
  void softmax_cross_entropy_backward(auto&&... a) requires trains {
    pass("softmax_cross_entropy_backward", [](auto& b, auto&&... x) { b.softmax_cross_entropy_backward(x...); }, a...);
  }

  // PolicyOps
  void sample_gaussian(auto&&... a) {
    pass("sample_gaussian", [](auto& b, auto&&... x) { b.sample_gaussian(x...); }, a...);
  }
  void sample_uniform(auto&&... a) {
    pass("sample_uniform", [](auto& b, auto&&... x) { b.sample_uniform(x...); }, a...);
  }
  void sample_categorical(auto&&... a) {
    pass("sample_categorical", [](auto& b, auto&&... x) { b.sample_categorical(x...); }, a...);
  }

  // TrainablePolicyOps
  void gaussian_policy_backward(auto&&... a) requires trains {
    pass("gaussian_policy_backward", [](auto& b, auto&&... x) { b.gaussian_policy_backward(x...); }, a...);
  }

  // OptimizerOps
  void sum_of_squares(auto&&... a) requires trains {
    pass("sum_of_squares", [](auto& b, auto&&... x) { b.sum_of_squares(x...); }, a...);
  }
  void clip_scale(auto&&... a) requires trains {
    pass("clip_scale", [](auto& b, auto&&... x) { b.clip_scale(x...); }, a...);
  }
  void mark_not_finite(auto&&... a) requires trains {
    pass("mark_not_finite", [](auto& b, auto&&... x) { b.mark_not_finite(x...); }, a...);
  }
  void adam_step(auto&&... a) requires trains {
    pass("adam_step", [](auto& b, auto&&... x) { b.adam_step(x...); }, a...);
  }

  // ops::FusedAttentionPool
  void attention_pool(auto&&... a) requires ops::FusedAttentionPool<Like> {
    pass("attention_pool", [](auto& b, auto&&... x) { b.attention_pool(x...); }, a...);
  }
  void attention_pool_backward(auto&&... a) requires (trains && ops::FusedAttentionPool<Like>) {
    pass("attention_pool_backward", [](auto& b, auto&&... x) { b.attention_pool_backward(x...); }, a...);
  }

  // ops::FusedActivation
  void batch_norm_rstd(auto&&... a) requires ops::FusedActivation<Like> {
    pass("batch_norm_rstd", [](auto& b, auto&&... x) { b.batch_norm_rstd(x...); }, a...);
  }
  void convolve_activated(auto&&... a) requires ops::FusedActivation<Like> {
    pass("convolve_activated", [](auto& b, auto&&... x) { b.convolve_activated(x...); }, a...);
  }
  void batch_norm_statistics(auto&&... a) requires (trains && ops::FusedActivation<Like>) {
    pass("batch_norm_statistics", [](auto& b, auto&&... x) { b.batch_norm_statistics(x...); }, a...);
  }
  void convolve_activated_backward_weight(auto&&... a) requires (trains && ops::FusedActivation<Like>) {
    pass("convolve_activated_backward_weight",
         [](auto& b, auto&&... x) { b.convolve_activated_backward_weight(x...); }, a...);
  }
  void activation_backward(auto&&... a) requires (trains && ops::FusedActivation<Like>) {
    pass("activation_backward", [](auto& b, auto&&... x) { b.activation_backward(x...); }, a...);
  }

  // ops::FusedEpilogue
  void convolve_epilogue(auto&&... a) requires ops::FusedEpilogue<Like> {
    pass("convolve_epilogue", [](auto& b, auto&&... x) { b.convolve_epilogue(x...); }, a...);
  }

  // ops::FusedLstmCell
  void lstm_cell(auto&&... a) requires ops::FusedLstmCell<Like> {
    pass("lstm_cell", [](auto& b, auto&&... x) { b.lstm_cell(x...); }, a...);
  }
  void lstm_cell_backward(auto&&... a) requires (trains && ops::FusedLstmCell<Like>) {
    pass("lstm_cell_backward", [](auto& b, auto&&... x) { b.lstm_cell_backward(x...); }, a...);
  }

  // ops::StagedImages
  void stage_images(auto&&... a) requires ops::StagedImages<Like> {
    pass("stage_images", [](auto& b, auto&&... x) { b.stage_images(x...); }, a...);
  }

  // ops::AdamAdvance
  void advance_adam(auto&&... a) requires (trains && ops::AdamAdvance<Like>) {
    pass("advance_adam", [](auto& b, auto&&... x) { b.advance_adam(x...); }, a...);
  }

  // ops::FusedOptimizer, with the overloads of sum_of_squares and adam_step
  void zero_gradients(auto&&... a) requires (trains && ops::FusedOptimizer<Like>) {
    pass("zero_gradients", [](auto& b, auto&&... x) { b.zero_gradients(x...); }, a...);
  }
  // clang-format on

 private:
  template <class Operation, class... Arguments>
  void pass(std::string_view name, const Operation& operation, Arguments&... arguments) {
    static_cast<Derived&>(*this).perform(name, operation, arguments...);
  }
};

}  // namespace saccade
