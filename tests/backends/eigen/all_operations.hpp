#pragma once

#include <saccade/core/backend.hpp>
#include <saccade/ops/convolution_epilogue.hpp>
#include <saccade/testing/random_tensor.hpp>

#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

/// Every operation of a backend once, on operands of one set of sizes: to be run twice, on two backends, or with
/// allocations counted.
template <saccade::TrainableBackend B>
class AllOperations {
 public:
  using Tensor = saccade::Tensor<B>;
  using Scalar = saccade::Scalar<B>;
  using Index = saccade::Index;
  using Shape = saccade::Shape;

  struct Sizes {
    Index batch;
    Index height;
    Index width;
    Index channels;
    Index outputs;
    Index kernel;
    Index stride;
    Index padding;
    Index groups;
  };

  AllOperations(B& b, Sizes s) : b_(b), s_(s) {
    for (int i = 0; i < 3; ++i) {
      images_.push_back(saccade::testing::random_image("image", 23 + 7 * i, 31 - 4 * i));
      handles_.push_back(b.make_image(images_.back().view()));
    }
    for (Index i = 0; i < s.batch; ++i)
      oriented_.push_back({&handles_[static_cast<std::size_t>(i % 3)], static_cast<saccade::Symmetry>(i % 8)});
  }

  /// Calls each operation; tensors are made at the first call.
  void run() {
    for (const saccade::Write write : {saccade::Write::overwrite, saccade::Write::accumulate}) {
      write_ = write;
      dense();
      convolution();
      normalization();
      pointwise();
      sampling();
      heads();
    }
  }

  /// Every output by name.
  [[nodiscard]] std::map<std::string, std::vector<double>> results() {
    std::map<std::string, std::vector<double>> all;
    for (auto& [name, tensor] : outputs_) {
      const std::vector<Scalar> values = saccade::to_vector(b_, tensor);
      all[name].assign(values.begin(), values.end());
    }
    return all;
  }

 private:
  enum class Values { any, positive, probabilities, labels };

  // Names have at most 15 letters, which a std::string keeps in itself: a second run must not allocate for them.
  const Tensor& in(const std::string& name, const Shape& shape, Values kind = Values::any) {
    const auto found = inputs_.find(name);
    if (found != inputs_.end()) return found->second;
    namespace t = saccade::testing;
    const std::vector<double> values = kind == Values::positive        ? t::random_positive_values(name, shape)
                                       : kind == Values::probabilities ? t::random_probabilities(name, shape)
                                       : kind == Values::labels        ? t::random_indices(name, shape, classes)
                                                                       : t::random_values(name, shape);
    return inputs_.emplace(name, saccade::make_tensor<B, double>(b_, shape, values)).first->second;
  }

  /// Begins with arbitrary numbers, so that overwriting and accumulating can be told apart.
  Tensor& out(const std::string& name, const Shape& shape) {
    const auto found = outputs_.find(name);
    if (found != outputs_.end()) return found->second;
    return outputs_
        .emplace(name, saccade::make_tensor<B, double>(b_, shape, saccade::testing::random_values(name, shape)))
        .first->second;
  }

  [[nodiscard]] Shape pixels(Index channels) const { return {s_.batch, s_.height, s_.width, channels}; }

  void dense() {
    const Shape x{s_.batch, 37}, w{21, 37}, y{s_.batch, 21};
    b_.linear(in("linear x", x), in("linear w", w), out("linear y", y), write_);
    b_.add_bias(in("bias", {21}), out("linear y", y));
    b_.linear_backward_input(in("linear d_y", y), in("linear w", w), out("linear d_x", x), write_);
    b_.linear_backward_weight(in("linear d_y", y), in("linear x", x), out("linear d_w", w), write_);
    b_.add_bias_backward(in("d_y", pixels(s_.channels)), out("d_bias", {s_.channels}), write_);
  }

  void convolution() {
    const saccade::ConvolutionGeometry g{s_.stride, s_.padding};
    const Shape x = pixels(s_.channels), w{s_.outputs, s_.kernel, s_.kernel, s_.channels};
    const Shape y{s_.batch, saccade::sliding_extent(s_.height, s_.kernel, s_.stride, s_.padding),
                  saccade::sliding_extent(s_.width, s_.kernel, s_.stride, s_.padding), s_.outputs};
    b_.convolve(in("x", x), in("conv w", w), g, out("conv y", y));
    b_.convolve_backward_input(in("conv d_y", y), in("conv w", w), g, out("conv d_x", x), write_);
    b_.convolve_backward_weight(in("conv d_y", y), in("x", x), g, out("conv d_w", w), write_);

    const saccade::ConvolutionGeometry depthwise{
        s_.stride, saccade::same_padding(s_.height, s_.width, s_.kernel, s_.kernel, s_.stride), s_.channels};
    const Shape taps{s_.channels, s_.kernel, s_.kernel, 1}, z = saccade::ops::convolution_shape(x, taps, depthwise);
    b_.convolve(in("x", x), in("depthwise w", taps), depthwise, out("depthwise y", z));
    b_.convolve_backward_input(in("depthwise d_y", z), in("depthwise w", taps), depthwise, out("depthwise d_x", x),
                               write_);
    b_.convolve_backward_weight(in("depthwise d_y", z), in("x", x), depthwise, out("depthwise d_w", taps), write_);
    const saccade::ConvolutionEpilogue<B> rectified{.bias = &in("mean", {s_.channels}),
                                                    .residual = &in("depthwise d_y", z),
                                                    .rectifier = saccade::Rectifier::relu6};
    saccade::ops::convolve(b_, in("x", x), in("depthwise w", taps), depthwise, rectified, out("finished dw", z));
    const saccade::ConvolutionEpilogue<B> added{.bias = &in("outputs", {s_.outputs}), .residual = &in("conv d_y", y)};
    saccade::ops::convolve(b_, in("x", x), in("conv w", w), g, added, out("conv finished", y));
  }

  void normalization() {
    const Index C = s_.channels;
    const Shape x = pixels(C), statistics{s_.batch, s_.groups};
    const Tensor& gamma = in("gamma", {C});
    const Tensor& beta = in("beta", {C});
    b_.batch_norm_infer(in("x", x), gamma, beta, in("mean", {C}), in("variance", {C}, Values::positive), 1e-5,
                        out("infer y", x));
    Tensor& running_mean = out("moved mean", {C});
    Tensor& running_variance = out("moved variance", {C});
    b_.copy(in("mean", {C}), running_mean);
    b_.copy(in("variance", {C}), running_variance);
    b_.batch_norm_train(in("x", x), gamma, beta, {}, running_mean, running_variance, out("bn y", x),
                        out("bn mean", {C}), out("bn rstd", {C}));
    b_.batch_norm_backward(in("d_y", x), in("x", x), gamma, out("bn mean", {C}), out("bn rstd", {C}), out("bn d_x", x),
                           write_, out("bn d_gamma", {C}), out("bn d_beta", {C}), write_);
    b_.group_norm(in("x", x), gamma, beta, s_.groups, 1e-5, out("gn y", x), out("gn mean", statistics),
                  out("gn rstd", statistics));
    b_.group_norm_backward(in("d_y", x), in("x", x), gamma, s_.groups, out("gn mean", statistics),
                           out("gn rstd", statistics), out("gn d_x", x), write_, out("gn d_gamma", {C}),
                           out("gn d_beta", {C}), write_);
  }

  void pointwise() {
    const Shape s = pixels(s_.channels);
    const Tensor& x = in("x", s);
    const Tensor& d_y = in("d_y", s);
    const Shape one{1}, each{s_.channels};
    b_.relu(x, out("relu", s));
    b_.relu_backward(x, d_y, out("relu d_x", s), write_);
    b_.relu6(x, out("relu6", s));
    b_.relu6_backward(x, d_y, out("relu6 d_x", s), write_);
    b_.prelu(x, in("one slope", one), out("prelu 1", s));
    b_.prelu(x, in("slopes", each), out("prelu C", s));
    b_.prelu_backward(x, in("one slope", one), d_y, out("prelu 1 d_x", s), write_, out("d_slope", one), write_);
    b_.prelu_backward(x, in("slopes", each), d_y, out("prelu C d_x", s), write_, out("d_slopes", each), write_);
    b_.sigmoid(x, out("sigmoid", s));
    b_.sigmoid_backward(x, d_y, out("sigmoid d_x", s), write_);
    b_.tanh(x, out("tanh", s));
    b_.tanh_backward(x, d_y, out("tanh d_x", s), write_);
    b_.exp(x, out("exp", s));
    b_.log(in("roots", s, Values::positive), out("log", s));
    b_.rsqrt(in("roots", s, Values::positive), out("rsqrt", s));
    b_.clamp(x, Scalar(-0.5), Scalar(1), out("clamp", s));
    b_.add(x, d_y, out("add", s));
    b_.multiply(x, d_y, out("multiply", s), write_);
    b_.axpy(Scalar(0.5), x, out("add", s));
    b_.fill(Scalar(0.25), out("fill", s));
    const Shape wide{s_.batch, 13}, narrow{s_.batch, 6};
    b_.read_columns(in("wide", wide), 4, out("read", narrow), write_);
    b_.write_columns(in("narrow", narrow), 4, out("written", wide), write_);
    b_.read_columns(x, s_.channels / 2, out("read x", pixels(1)), write_);
    b_.write_columns(in("channel", pixels(1)), s_.channels / 2, out("written x", s), write_);
    b_.row_sums(in("wide", wide), out("row sums", {s_.batch}), write_);
    b_.row_sums_backward(in("rows", {s_.batch}), out("rows d_x", wide), write_);
    b_.take_rows(in("table", {classes, 13}), in("labels", {s_.batch}, Values::labels), out("taken", wide));
    b_.apply_mask(x, in("logits", s), out("attended", s));
    b_.apply_mask_backward(x, in("logits", s), d_y, out("d_trunk", s), write_, out("d_logits", s), write_);
  }

  void sampling() {
    const Shape large = pixels(s_.channels);
    for (const saccade::PoolingGeometry g : {saccade::PoolingGeometry{3, 2, 1}, saccade::PoolingGeometry{2, 3, 0}}) {
      const std::string name = "pool " + std::to_string(g.window);
      const Shape small{s_.batch, saccade::sliding_extent(s_.height, g.window, g.stride, g.padding),
                        saccade::sliding_extent(s_.width, g.window, g.stride, g.padding), s_.channels};
      b_.max_pool(in("x", large), g, out(name, small), out(name + " argmax", small));
      b_.max_pool_backward(in(name + " d_y", small), out(name + " argmax", small), g, out(name + " d_x", large),
                           write_);
    }
    const Shape averages{s_.batch, s_.channels};
    b_.global_average_pool(in("x", large), out("average", averages));
    b_.global_average_pool_backward(in("d_average", averages), out("average d_x", large), write_);
    const Shape positions{s_.batch, 2 * s_.channels};
    b_.spatial_softmax(in("x", large), out("log sum", averages), out("position", positions));
    b_.spatial_softmax_backward(in("x", large), out("log sum", averages), out("position", positions),
                                in("d_position", positions), out("position d_x", large), write_);
    const Shape other{s_.batch, 2 * s_.height + 1, s_.width / 2 + 1, s_.channels};
    for (const saccade::Corners corners : {saccade::Corners::aligned, saccade::Corners::half_pixel}) {
      const std::string name = corners == saccade::Corners::aligned ? "aligned" : "half pixel";
      b_.upsample_bilinear(in("x", large), corners, out(name, other));
      b_.upsample_bilinear_backward(in("other", other), corners, out(name + " d_x", large), write_);
    }
    for (const saccade::Border border : {saccade::Border::inside, saccade::Border::zero}) {
      const saccade::GlimpseGeometry g{.side = 9, .scales = 3, .border = border};
      b_.crop_glimpses(saccade::ImageBatch<B>(oriented_), in("location", {s_.batch, 2}), g,
                       out(border == saccade::Border::zero ? "crop zero" : "crop inside", {s_.batch, 9, 9, 9}));
    }
  }

  void heads() {
    const Shape scores{s_.batch, classes}, batch{s_.batch}, places{s_.batch, 2};
    const Tensor& labels = in("labels", batch, Values::labels);
    b_.softmax(in("scores", scores), out("softmax", scores));
    b_.softmax_cross_entropy(in("scores", scores), labels, out("probabilities", scores), out("loss", batch));
    b_.softmax_cross_entropy_backward(in("p", scores, Values::probabilities), labels, in("d_loss", batch),
                                      out("d_scores", scores), write_);
    b_.most_probable(in("scores", scores), out("most probable", batch));
    b_.correct(out("most probable", batch), labels, out("correct", batch));
    b_.sample_gaussian(in("places", places), Scalar(0.25), key_, out("gaussian", places));
    b_.sample_uniform(Scalar(-1), Scalar(1), key_, out("uniform", places));
    b_.sample_categorical(in("p", scores, Values::probabilities), key_, out("category", batch));
    b_.gaussian_policy_backward(in("sample", places), in("places", places), in("advantage", batch), Scalar(0.25),
                                out("d_mean", places), write_);
    const Shape parameters{s_.outputs, s_.kernel, s_.kernel, s_.channels};
    b_.sum_of_squares(in("d_y", pixels(s_.channels)), out("squares", {1}), write_);
    b_.clip_scale(out("squares", {1}), Scalar(1), out("scale", {1}));
    b_.mark_not_finite(in("d_y", pixels(s_.channels)), out("scale", {1}));
    b_.adam_step(in("conv w", parameters), out("scale", {1}),
                 in("hyper", {saccade::AdamHyper::count}, Values::probabilities), out("parameter", parameters),
                 out("first moment", parameters), squared(out("second", parameters)));
  }

  /// Second moments are not negative.
  Tensor& squared(Tensor& x) {
    b_.multiply(x, x, x, saccade::Write::overwrite);
    return x;
  }

  static constexpr Index classes = 5;

  B& b_;
  Sizes s_;
  saccade::Write write_ = saccade::Write::overwrite;
  saccade::RandomKey key_{.seed = 7, .counter = 3};
  std::deque<saccade::RgbImage> images_;
  std::deque<saccade::Image<B>> handles_;
  std::vector<saccade::OrientedImage<B>> oriented_;
  std::map<std::string, Tensor> inputs_;
  std::map<std::string, Tensor> outputs_;
};
