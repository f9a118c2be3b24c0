#pragma once

#include <saccade/backends/reference/reference_backend.hpp>

#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::testing {

/// A backend that offers what TrainableBackend demands and nothing more: no copy, no default constructor, opaque
/// handles that can only be moved. Whatever compiles with it needs no more than the concept. It computes like
/// ReferenceBackend<Number>.
template <std::floating_point Number>
class ArchetypeBackend {
  using Reference = ReferenceBackend<Number>;

 public:
  using Scalar = Number;

  class Tensor {
   public:
    Tensor(Tensor&&) = default;
    Tensor& operator=(Tensor&&) = default;

   private:
    friend ArchetypeBackend;
    explicit Tensor(saccade::Tensor<Reference> held) : held_(std::move(held)) {}
    saccade::Tensor<Reference> held_;
  };

  class Image {
   public:
    Image(Image&&) = default;
    Image& operator=(Image&&) = default;

   private:
    friend ArchetypeBackend;
    explicit Image(saccade::Image<Reference> held) : held_(held) {}
    saccade::Image<Reference> held_;
  };

  /// The argument only takes the default constructor away.
  explicit ArchetypeBackend(int) {}
  ArchetypeBackend(const ArchetypeBackend&) = delete;
  ArchetypeBackend& operator=(const ArchetypeBackend&) = delete;

  // TensorMemory
  Tensor zeros(Shape shape) { return Tensor(reference_.zeros(shape)); }
  Shape shape(const Tensor& x) { return reference_.shape(x.held_); }
  void fill(Scalar value, Tensor& y) { reference_.fill(value, y.held_); }
  void copy(const Tensor& x, Tensor& y) { reference_.copy(x.held_, y.held_); }
  void upload(std::span<const Scalar> source, Tensor& y) { reference_.upload(source, y.held_); }
  void download(const Tensor& x, std::span<Scalar> target) { reference_.download(x.held_, target); }
  void synchronize() {}

  // LinearOps
  void linear(const Tensor& x, const Tensor& w, Tensor& y, Write write) {
    reference_.linear(x.held_, w.held_, y.held_, write);
  }
  void add_bias(const Tensor& bias, Tensor& y) { reference_.add_bias(bias.held_, y.held_); }
  void linear_backward_input(const Tensor& d_y, const Tensor& w, Tensor& d_x, Write write) {
    reference_.linear_backward_input(d_y.held_, w.held_, d_x.held_, write);
  }
  void linear_backward_weight(const Tensor& d_y, const Tensor& x, Tensor& d_w, Write write) {
    reference_.linear_backward_weight(d_y.held_, x.held_, d_w.held_, write);
  }
  void add_bias_backward(const Tensor& d_y, Tensor& d_bias, Write write) {
    reference_.add_bias_backward(d_y.held_, d_bias.held_, write);
  }

  // ConvolutionOps
  void convolve(const Tensor& x, const Tensor& w, ConvolutionGeometry geometry, Tensor& y) {
    reference_.convolve(x.held_, w.held_, geometry, y.held_);
  }
  void convolve_backward_input(const Tensor& d_y, const Tensor& w, ConvolutionGeometry geometry, Tensor& d_x,
                               Write write) {
    reference_.convolve_backward_input(d_y.held_, w.held_, geometry, d_x.held_, write);
  }
  void convolve_backward_weight(const Tensor& d_y, const Tensor& x, ConvolutionGeometry geometry, Tensor& d_w,
                                Write write) {
    reference_.convolve_backward_weight(d_y.held_, x.held_, geometry, d_w.held_, write);
  }

  // NormalizationOps
  void batch_norm_infer(const Tensor& x, const Tensor& gamma, const Tensor& beta, const Tensor& running_mean,
                        const Tensor& running_variance, double epsilon, Tensor& y) {
    reference_.batch_norm_infer(x.held_, gamma.held_, beta.held_, running_mean.held_, running_variance.held_, epsilon,
                                y.held_);
  }
  void batch_norm_train(const Tensor& x, const Tensor& gamma, const Tensor& beta, BatchNormHyper hyper,
                        Tensor& running_mean, Tensor& running_variance, Tensor& y, Tensor& mean, Tensor& rstd) {
    reference_.batch_norm_train(x.held_, gamma.held_, beta.held_, hyper, running_mean.held_, running_variance.held_,
                                y.held_, mean.held_, rstd.held_);
  }
  void batch_norm_backward(const Tensor& d_y, const Tensor& x, const Tensor& gamma, const Tensor& mean,
                           const Tensor& rstd, Tensor& d_x, Write write, Tensor& d_gamma, Tensor& d_beta,
                           Write write_parameters) {
    reference_.batch_norm_backward(d_y.held_, x.held_, gamma.held_, mean.held_, rstd.held_, d_x.held_, write,
                                   d_gamma.held_, d_beta.held_, write_parameters);
  }
  void group_norm(const Tensor& x, const Tensor& gamma, const Tensor& beta, Index groups, double epsilon, Tensor& y,
                  Tensor& mean, Tensor& rstd) {
    reference_.group_norm(x.held_, gamma.held_, beta.held_, groups, epsilon, y.held_, mean.held_, rstd.held_);
  }
  void group_norm_backward(const Tensor& d_y, const Tensor& x, const Tensor& gamma, Index groups, const Tensor& mean,
                           const Tensor& rstd, Tensor& d_x, Write write, Tensor& d_gamma, Tensor& d_beta,
                           Write write_parameters) {
    reference_.group_norm_backward(d_y.held_, x.held_, gamma.held_, groups, mean.held_, rstd.held_, d_x.held_, write,
                                   d_gamma.held_, d_beta.held_, write_parameters);
  }

  // PointwiseOps
  void relu(const Tensor& x, Tensor& y) { reference_.relu(x.held_, y.held_); }
  void prelu(const Tensor& x, const Tensor& slope, Tensor& y) { reference_.prelu(x.held_, slope.held_, y.held_); }
  void sigmoid(const Tensor& x, Tensor& y) { reference_.sigmoid(x.held_, y.held_); }
  void tanh(const Tensor& x, Tensor& y) { reference_.tanh(x.held_, y.held_); }
  void exp(const Tensor& x, Tensor& y) { reference_.exp(x.held_, y.held_); }
  void rsqrt(const Tensor& x, Tensor& y) { reference_.rsqrt(x.held_, y.held_); }
  void clamp(const Tensor& x, Scalar low, Scalar high, Tensor& y) { reference_.clamp(x.held_, low, high, y.held_); }
  void add(const Tensor& x1, const Tensor& x2, Tensor& y) { reference_.add(x1.held_, x2.held_, y.held_); }
  void multiply(const Tensor& x1, const Tensor& x2, Tensor& y, Write write) {
    reference_.multiply(x1.held_, x2.held_, y.held_, write);
  }
  void axpy(Scalar alpha, const Tensor& x, Tensor& y) { reference_.axpy(alpha, x.held_, y.held_); }
  void row_sums(const Tensor& x, Tensor& y, Write write) { reference_.row_sums(x.held_, y.held_, write); }
  void read_columns(const Tensor& x, Index first, Tensor& y, Write write) {
    reference_.read_columns(x.held_, first, y.held_, write);
  }
  void write_columns(const Tensor& x, Index first, Tensor& y, Write write) {
    reference_.write_columns(x.held_, first, y.held_, write);
  }
  void relu_backward(const Tensor& y, const Tensor& d_y, Tensor& d_x, Write write) {
    reference_.relu_backward(y.held_, d_y.held_, d_x.held_, write);
  }
  void sigmoid_backward(const Tensor& y, const Tensor& d_y, Tensor& d_x, Write write) {
    reference_.sigmoid_backward(y.held_, d_y.held_, d_x.held_, write);
  }
  void tanh_backward(const Tensor& y, const Tensor& d_y, Tensor& d_x, Write write) {
    reference_.tanh_backward(y.held_, d_y.held_, d_x.held_, write);
  }
  void row_sums_backward(const Tensor& d_y, Tensor& d_x, Write write) {
    reference_.row_sums_backward(d_y.held_, d_x.held_, write);
  }
  void prelu_backward(const Tensor& x, const Tensor& slope, const Tensor& d_y, Tensor& d_x, Write write,
                      Tensor& d_slope, Write write_slope) {
    reference_.prelu_backward(x.held_, slope.held_, d_y.held_, d_x.held_, write, d_slope.held_, write_slope);
  }

  // PoolingOps
  void max_pool(const Tensor& x, PoolingGeometry geometry, Tensor& y, Tensor& argmax) {
    reference_.max_pool(x.held_, geometry, y.held_, argmax.held_);
  }
  void max_pool_backward(const Tensor& d_y, const Tensor& argmax, PoolingGeometry geometry, Tensor& d_x, Write write) {
    reference_.max_pool_backward(d_y.held_, argmax.held_, geometry, d_x.held_, write);
  }
  void global_average_pool(const Tensor& x, Tensor& y) { reference_.global_average_pool(x.held_, y.held_); }
  void global_average_pool_backward(const Tensor& d_y, Tensor& d_x, Write write) {
    reference_.global_average_pool_backward(d_y.held_, d_x.held_, write);
  }
  void spatial_softmax(const Tensor& x, Tensor& log_sum, Tensor& position) {
    reference_.spatial_softmax(x.held_, log_sum.held_, position.held_);
  }
  void spatial_softmax_backward(const Tensor& x, const Tensor& log_sum, const Tensor& position,
                                const Tensor& d_position, Tensor& d_x, Write write) {
    reference_.spatial_softmax_backward(x.held_, log_sum.held_, position.held_, d_position.held_, d_x.held_, write);
  }

  // UpsampleOps
  void upsample_bilinear(const Tensor& x, Corners corners, Tensor& y) {
    reference_.upsample_bilinear(x.held_, corners, y.held_);
  }
  void upsample_bilinear_backward(const Tensor& d_y, Corners corners, Tensor& d_x, Write write) {
    reference_.upsample_bilinear_backward(d_y.held_, corners, d_x.held_, write);
  }

  // GlimpseOps
  Image make_image(ImageView view) { return Image(reference_.make_image(view)); }
  Index width(const Image& image) { return reference_.width(image.held_); }
  Index height(const Image& image) { return reference_.height(image.held_); }
  void crop_glimpses(ImageBatch<ArchetypeBackend> images, const Tensor& location, GlimpseGeometry geometry,
                     Tensor& patches) {
    std::vector<OrientedImage<Reference>> held;
    for (const OrientedImage<ArchetypeBackend>& oriented : images) {
      held.push_back({&oriented.image->held_, oriented.symmetry});
    }
    reference_.crop_glimpses(ImageBatch<Reference>(held), location.held_, geometry, patches.held_);
  }

  // MaskOps
  void apply_mask(const Tensor& trunk, const Tensor& mask_logits, Tensor& attended) {
    reference_.apply_mask(trunk.held_, mask_logits.held_, attended.held_);
  }
  void apply_mask_backward(const Tensor& trunk, const Tensor& mask_logits, const Tensor& d_attended, Tensor& d_trunk,
                           Write write_trunk, Tensor& d_mask_logits, Write write_mask) {
    reference_.apply_mask_backward(trunk.held_, mask_logits.held_, d_attended.held_, d_trunk.held_, write_trunk,
                                   d_mask_logits.held_, write_mask);
  }

  // LossOps
  void softmax(const Tensor& logits, Tensor& probabilities) { reference_.softmax(logits.held_, probabilities.held_); }
  void softmax_cross_entropy(const Tensor& logits, const Tensor& labels, Tensor& probabilities, Tensor& loss) {
    reference_.softmax_cross_entropy(logits.held_, labels.held_, probabilities.held_, loss.held_);
  }
  void most_probable(const Tensor& scores, Tensor& classes) { reference_.most_probable(scores.held_, classes.held_); }
  void correct(const Tensor& classes, const Tensor& labels, Tensor& y) {
    reference_.correct(classes.held_, labels.held_, y.held_);
  }
  void softmax_cross_entropy_backward(const Tensor& probabilities, const Tensor& labels, const Tensor& d_loss,
                                      Tensor& d_logits, Write write) {
    reference_.softmax_cross_entropy_backward(probabilities.held_, labels.held_, d_loss.held_, d_logits.held_, write);
  }

  // PolicyOps
  void sample_gaussian(const Tensor& mean, Scalar sigma, RandomKey key, Tensor& sample) {
    reference_.sample_gaussian(mean.held_, sigma, key, sample.held_);
  }
  void sample_uniform(Scalar low, Scalar high, RandomKey key, Tensor& sample) {
    reference_.sample_uniform(low, high, key, sample.held_);
  }
  void sample_categorical(const Tensor& probabilities, RandomKey key, Tensor& classes) {
    reference_.sample_categorical(probabilities.held_, key, classes.held_);
  }
  void gaussian_policy_backward(const Tensor& sample, const Tensor& mean, const Tensor& advantage, Scalar sigma,
                                Tensor& d_mean, Write write) {
    reference_.gaussian_policy_backward(sample.held_, mean.held_, advantage.held_, sigma, d_mean.held_, write);
  }

  // OptimizerOps
  void sum_of_squares(const Tensor& x, Tensor& y, Write write) { reference_.sum_of_squares(x.held_, y.held_, write); }
  void clip_scale(const Tensor& sum, Scalar max_norm, Tensor& scale) {
    reference_.clip_scale(sum.held_, max_norm, scale.held_);
  }
  void mark_not_finite(const Tensor& x, Tensor& mark) { reference_.mark_not_finite(x.held_, mark.held_); }
  void adam_step(const Tensor& g, const Tensor& scale, const Tensor& hyper, Tensor& p, Tensor& m, Tensor& v) {
    reference_.adam_step(g.held_, scale.held_, hyper.held_, p.held_, m.held_, v.held_);
  }

 private:
  Reference reference_;
};

static_assert(TrainableBackend<ArchetypeBackend<float>>);

}  // namespace saccade::testing
