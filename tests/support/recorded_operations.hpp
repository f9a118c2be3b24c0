#pragma once

namespace saccade_test {

/// The operations that a recording backend passes on to `Base` as they are: `Derived::run(operation, arguments...)`
/// computes them, or writes them down.
template <class Derived, class Base>
class RecordedOperations {
 public:
  void copy(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.copy(x...); }, a...);
  }

  void linear(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.linear(x...); }, a...);
  }
  void add_bias(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.add_bias(x...); }, a...);
  }
  void linear_backward_input(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.linear_backward_input(x...); }, a...);
  }
  void linear_backward_weight(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.linear_backward_weight(x...); }, a...);
  }
  void add_bias_backward(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.add_bias_backward(x...); }, a...);
  }

  void convolve(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.convolve(x...); }, a...);
  }
  void convolve_backward_input(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.convolve_backward_input(x...); }, a...);
  }
  void convolve_backward_weight(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.convolve_backward_weight(x...); }, a...);
  }

  void batch_norm_infer(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.batch_norm_infer(x...); }, a...);
  }
  void group_norm(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.group_norm(x...); }, a...);
  }
  void batch_norm_train(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.batch_norm_train(x...); }, a...);
  }
  void batch_norm_backward(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.batch_norm_backward(x...); }, a...);
  }
  void group_norm_backward(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.group_norm_backward(x...); }, a...);
  }

  void relu(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.relu(x...); }, a...);
  }
  void prelu(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.prelu(x...); }, a...);
  }
  void sigmoid(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.sigmoid(x...); }, a...);
  }
  void tanh(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.tanh(x...); }, a...);
  }
  void exp(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.exp(x...); }, a...);
  }
  void rsqrt(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.rsqrt(x...); }, a...);
  }
  void clamp(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.clamp(x...); }, a...);
  }
  void add(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.add(x...); }, a...);
  }
  void multiply(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.multiply(x...); }, a...);
  }
  void axpy(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.axpy(x...); }, a...);
  }
  void row_sums(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.row_sums(x...); }, a...);
  }
  void read_columns(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.read_columns(x...); }, a...);
  }
  void write_columns(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.write_columns(x...); }, a...);
  }
  void relu_backward(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.relu_backward(x...); }, a...);
  }
  void sigmoid_backward(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.sigmoid_backward(x...); }, a...);
  }
  void tanh_backward(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.tanh_backward(x...); }, a...);
  }
  void row_sums_backward(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.row_sums_backward(x...); }, a...);
  }
  void prelu_backward(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.prelu_backward(x...); }, a...);
  }

  void max_pool(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.max_pool(x...); }, a...);
  }
  void global_average_pool(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.global_average_pool(x...); }, a...);
  }
  void spatial_softmax(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.spatial_softmax(x...); }, a...);
  }
  void max_pool_backward(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.max_pool_backward(x...); }, a...);
  }
  void global_average_pool_backward(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.global_average_pool_backward(x...); }, a...);
  }
  void spatial_softmax_backward(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.spatial_softmax_backward(x...); }, a...);
  }

  void upsample_bilinear(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.upsample_bilinear(x...); }, a...);
  }
  void upsample_bilinear_backward(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.upsample_bilinear_backward(x...); }, a...);
  }

  void apply_mask(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.apply_mask(x...); }, a...);
  }
  void apply_mask_backward(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.apply_mask_backward(x...); }, a...);
  }

  void softmax(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.softmax(x...); }, a...);
  }
  void softmax_cross_entropy(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.softmax_cross_entropy(x...); }, a...);
  }
  void most_probable(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.most_probable(x...); }, a...);
  }
  void correct(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.correct(x...); }, a...);
  }
  void softmax_cross_entropy_backward(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.softmax_cross_entropy_backward(x...); }, a...);
  }

  void sample_gaussian(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.sample_gaussian(x...); }, a...);
  }
  void sample_uniform(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.sample_uniform(x...); }, a...);
  }
  void sample_categorical(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.sample_categorical(x...); }, a...);
  }
  void gaussian_policy_backward(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.gaussian_policy_backward(x...); }, a...);
  }

  void clip_scale(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.clip_scale(x...); }, a...);
  }
  void mark_not_finite(auto&&... a) {
    pass([](const Base& b, auto&&... x) { b.mark_not_finite(x...); }, a...);
  }

 private:
  void pass(auto operation, auto&... arguments) { static_cast<Derived&>(*this).run(operation, arguments...); }
};

}  // namespace saccade_test
