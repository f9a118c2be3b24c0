#pragma once

#include <saccade/components/backbone_plan.hpp>
#include <saccade/components/convolution_layer.hpp>
#include <saccade/ops/convolution_epilogue.hpp>
#include <saccade/ops/normalization.hpp>
#include <saccade/ops/pointwise.hpp>
#include <saccade/ops/pooling.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// A block of a BackbonePlan for maps of one size: convolutions, each followed by batch normalisation and, but for the
/// last one, by its rectifier; then
///     y = rectifier(norm_n(x_n * w_n) + shortcut(x)),  max-pooled 3x3/2 where the plan says so
/// x (B, side, side, inputs), y (B, output_side, output_side, outputs). `infer` normalises by the running statistics;
/// `forward` by those of the batch, which move the running ones.
template <class B>
requires ConvolutionOps<B> && LinearOps<B> && NormalizationOps<B> && PointwiseOps<B> && PoolingOps<B>
class ConvolutionBlock {
  using Convolution = ConvolutionLayer<B>;

  /// Of one convolution.
  struct LayerParameters {
    Tensor<B> weight;       // (O, k, k, C / groups)
    Tensor<B> gamma, beta;  // (O)
  };
  struct LayerStatistics {
    Tensor<B> running_mean, running_variance;  // (O)
  };
  struct LayerCache {
    Tensor<B> convolved;   // (B, h, w, O)
    Tensor<B> output;      // (B, h, w, O)  normalised and rectified
    Tensor<B> mean, rstd;  // (O)
  };

  /// Names the tensors of the layers "conv1.weight", "norm1.gamma", ..., and of a projection "projection.conv.weight".
  template <class Layers, class Visit>
  static void for_each_layer(Layers& layers, const std::string& prefix, bool projects, Visit visit) {
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const bool projection = projects && i + 1 == layers.size();
      const std::string at = prefix + (projection ? "projection." : ""),
                        number = projection ? "" : std::to_string(i + 1);
      visit(layers[i], at + "conv" + number + ".", at + "norm" + number + ".");
    }
  }

 public:
  struct Parameters {
    std::vector<LayerParameters> layers;  ///< of each convolution, and of the projection
    bool projects = false;

    template <class Self, class Visitor>
    static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
      for_each_layer(self.layers, prefix, self.projects,
                     [&](auto& layer, const std::string& convolution, const std::string& norm) {
                       visit(convolution + "weight", layer.weight, initialization::rectified);
                       visit(norm + "gamma", layer.gamma, initialization::ones);
                       visit(norm + "beta", layer.beta, initialization::zeros);
                     });
    }
  };

  struct Statistics {
    std::vector<LayerStatistics> layers;
    bool projects = false;

    template <class Self, class Visitor>
    static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
      for_each_layer(self.layers, prefix, self.projects, [&](auto& layer, const std::string&, const std::string& norm) {
        visit(norm + "running_mean", layer.running_mean, initialization::zeros);
        visit(norm + "running_variance", layer.running_variance, initialization::ones);
      });
    }
  };

  /// What backward needs beside x; the last of it is y.
  struct Cache {
    std::vector<LayerCache> layers;
    Tensor<B> pooled, argmax;  // (B, h, w, outputs), or of length 0 where nothing is pooled
  };

  /// @throws ConfigError where the map is too small for a kernel
  ConvolutionBlock(const BlockPlan& plan, const BackbonePlan& network, Index side)
      : plan_(plan), epsilon_(network.epsilon) {
    Index at = side;
    const auto add = [&](const PlannedConvolution& layer, Index extent) {
      layers_.push_back(Convolution(
          {.inputs = layer.inputs,
           .outputs = layer.outputs,
           .kernel = layer.kernel,
           .geometry = {
               .stride = layer.stride, .padding = network.padding_of(layer, extent), .groups = layer.groups}}));
      sides_.push_back(layers_.back().output_extent(extent));
      expect_config(sides_.back() >= 1, "backbone: a map of " + std::to_string(side) + " x " + std::to_string(side) +
                                            " is too small for " + plan_.name);
      return sides_.back();
    };
    Index stride = 1;
    for (const PlannedConvolution& layer : plan_.convolutions) {
      at = add(layer, at);
      stride *= layer.stride;
    }
    if (projects()) {
      add({.inputs = plan_.convolutions.front().inputs, .outputs = outputs(), .kernel = 1, .stride = stride}, side);
    }
    output_side_ = plan_.pooled ? sliding_extent(at, pooling.window, pooling.stride, pooling.padding) : at;
  }

  [[nodiscard]] const BlockPlan& plan() const { return plan_; }
  [[nodiscard]] Index outputs() const { return plan_.convolutions.back().outputs; }
  [[nodiscard]] Index output_side() const { return output_side_; }

  [[nodiscard]] Parameters make_parameters(B& b) const {
    Parameters p{{}, projects()};
    for (const Convolution& layer : layers_) {
      const Shape channels{layer.config().outputs};
      p.layers.push_back({layer.make_parameters(b).weight, b.zeros(channels), b.zeros(channels)});
    }
    return p;
  }

  [[nodiscard]] Statistics make_statistics(B& b) const {
    Statistics s{{}, projects()};
    for (const Convolution& layer : layers_) {
      const Shape channels{layer.config().outputs};
      s.layers.push_back({b.zeros(channels), b.zeros(channels)});
    }
    return s;
  }

  /// Of the maps that `infer` needs between x and y.
  [[nodiscard]] std::vector<Shape> inner_shapes(Index batch) const {
    std::vector<Shape> shapes;
    for (std::size_t i = 0; i + 1 < count(); ++i) shapes.push_back(shape_of(batch, i));
    if (projects()) shapes.push_back(shape_of(batch, count()));
    if (plan_.pooled) {
      shapes.push_back(shape_of(batch, count() - 1));
      shapes.push_back(output_shape(batch));  // the places of the largest
    }
    return shapes;
  }

  /// Of the maps that `backward` needs between d_y and d_x: the gradients of what the convolutions but the last one put
  /// out, of what the last one puts out where a shortcut leads around it, and of what is pooled.
  [[nodiscard]] std::vector<Shape> gradient_shapes(Index batch) const {
    std::vector<Shape> shapes;
    for (std::size_t i = 0; i + 1 < count(); ++i) shapes.push_back(shape_of(batch, i));
    if (plan_.shortcut != Shortcut::none) shapes.push_back(shape_of(batch, count() - 1));
    if (plan_.pooled) shapes.push_back(shape_of(batch, count() - 1));
    return shapes;
  }

  [[nodiscard]] Shape output_shape(Index batch) const { return {batch, output_side_, output_side_, outputs()}; }

  [[nodiscard]] Cache make_cache(B& b, Index batch) const {
    const auto pooled = [&] { return make_map(b, plan_.pooled ? output_shape(batch) : Shape{0}); };
    Cache cache{{}, pooled(), pooled()};
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      const Shape channels{layers_[i].config().outputs}, map = shape_of(batch, i);
      cache.layers.push_back({make_map(b, map), make_map(b, map), b.zeros(channels), b.zeros(channels)});
    }
    return cache;
  }

  /// @param inner  as inner_shapes, in that order
  void infer(B& b, const Parameters& p, const Statistics& s, const Tensor<B>& x, const std::vector<Tensor<B>*>& inner,
             Tensor<B>& y) const {
    const std::size_t last = count() - 1;
    const Tensor<B>* shortcut = plan_.shortcut == Shortcut::identity ? &x : nullptr;
    if (projects()) {
      infer_layer(b, p, s, count(), x, nullptr, Rectifier::none, *inner[last]);
      shortcut = inner[last];
    }
    const Tensor<B>* in = &x;
    for (std::size_t i = 0; i < last; ++i) {
      infer_layer(b, p, s, i, *in, nullptr, plan_.convolutions[i].rectifier, *inner[i]);
      in = inner[i];
    }
    Tensor<B>& sum = plan_.pooled ? *inner[inner.size() - 2] : y;
    infer_layer(b, p, s, last, *in, shortcut, rectifier(), sum);
    if (plan_.pooled) ops::max_pool(b, sum, pooling, y, *inner.back());
  }

  /// y is in the cache, see `output`.
  void forward(B& b, const Parameters& p, Statistics& s, const Tensor<B>& x,
               Cache& cache) const requires TrainableNormalizationOps<B> {
    const std::size_t last = count() - 1;
    const Tensor<B>* in = &x;
    for (std::size_t i = 0; i <= last; ++i) {
      forward_layer(b, p, s, i, *in, cache.layers[i]);
      if (i < last) rectify(b, plan_.convolutions[i].rectifier, cache.layers[i].output);
      in = &cache.layers[i].output;
    }
    Tensor<B>& sum = cache.layers[last].output;
    if (plan_.shortcut == Shortcut::identity) ops::axpy(b, Scalar<B>(1), x, sum);
    if (projects()) {
      forward_layer(b, p, s, count(), x, cache.layers.back());
      ops::axpy(b, Scalar<B>(1), cache.layers.back().output, sum);
    }
    rectify(b, rectifier(), sum);
    if (plan_.pooled) ops::max_pool(b, sum, pooling, cache.pooled, cache.argmax);
  }

  [[nodiscard]] const Tensor<B>& output(const Cache& cache) const {
    return plan_.pooled ? cache.pooled : cache.layers[count() - 1].output;
  }

  /// d_x = d loss / d x, unless it is null; gradients of parameters accumulate. Valid after `forward`. d_y is used as
  /// scratch.
  /// @param inner  as gradient_shapes, in that order
  void backward(B& b, const Parameters& p, const Tensor<B>& x, const Cache& cache, Tensor<B>& d_y,
                const std::vector<Tensor<B>*>& inner, Parameters& d_p, Tensor<B>* d_x) const requires
      TrainableConvolutionOps<B> && TrainableNormalizationOps<B> && TrainablePointwiseOps<B> && TrainablePoolingOps<B> {
    const std::size_t last = count() - 1;
    Tensor<B>& d_sum = plan_.pooled ? *inner.back() : d_y;
    if (plan_.pooled) ops::max_pool_backward(b, d_y, cache.argmax, pooling, d_sum, Write::overwrite);
    rectify_backward(b, rectifier(), cache.layers[last].output, d_sum);
    for (std::size_t i = last + 1; i-- > 0;) {
      Tensor<B>& d_out = i == last ? d_sum : *inner[i];
      if (i < last) rectify_backward(b, plan_.convolutions[i].rectifier, cache.layers[i].output, d_out);
      Tensor<B>& d_convolved = i == last && plan_.shortcut != Shortcut::none ? *inner[last] : d_out;
      backward_layer(b, p, i, i == 0 ? x : cache.layers[i - 1].output, cache, d_out, d_convolved, d_p,
                     i == 0 ? d_x : inner[i - 1], Write::overwrite);
    }
    if (projects()) backward_layer(b, p, count(), x, cache, d_sum, d_sum, d_p, d_x, Write::accumulate);
    if (plan_.shortcut == Shortcut::identity && d_x) ops::axpy(b, Scalar<B>(1), d_sum, *d_x);
  }

 private:
  static constexpr PoolingGeometry pooling{.window = 3, .stride = 2, .padding = 1};

  /// Convolutions; the projection, where there is one, is the layer behind them.
  [[nodiscard]] std::size_t count() const { return plan_.convolutions.size(); }
  [[nodiscard]] bool projects() const { return plan_.shortcut == Shortcut::projection; }
  [[nodiscard]] Rectifier rectifier() const { return plan_.convolutions.back().rectifier; }

  [[nodiscard]] Shape shape_of(Index batch, std::size_t layer) const {
    return {batch, sides_[layer], sides_[layer], layers_[layer].config().outputs};
  }

  void infer_layer(B& b, const Parameters& p, const Statistics& s, std::size_t i, const Tensor<B>& x,
                   const Tensor<B>* residual, Rectifier rectifier, Tensor<B>& y) const {
    const LayerParameters& layer = p.layers[i];
    const NormalizationView<B> norm{layer.gamma, layer.beta, s.layers[i].running_mean, s.layers[i].running_variance,
                                    epsilon_};
    ConvolutionEpilogue<B> epilogue{.residual = residual, .rectifier = rectifier};
    epilogue.normalization.emplace(norm);
    ops::convolve(b, x, layer.weight, layers_[i].config().geometry, epilogue, y);
  }

  void forward_layer(B& b, const Parameters& p, Statistics& s, std::size_t i, const Tensor<B>& x,
                     LayerCache& cache) const {
    const LayerParameters& layer = p.layers[i];
    ops::convolve(b, x, layer.weight, layers_[i].config().geometry, cache.convolved);
    ops::batch_norm_train(b, cache.convolved, layer.gamma, layer.beta, BatchNormHyper{.epsilon = epsilon_},
                          s.layers[i].running_mean, s.layers[i].running_variance, cache.output, cache.mean, cache.rstd);
  }

  /// d_convolved is scratch of the shape of d_out, and may be d_out.
  void backward_layer(B& b, const Parameters& p, std::size_t i, const Tensor<B>& x, const Cache& cache,
                      const Tensor<B>& d_out, Tensor<B>& d_convolved, Parameters& d_p, Tensor<B>* d_x,
                      Write write) const {
    const LayerCache& own = cache.layers[i];
    ops::batch_norm_backward(b, d_out, own.convolved, p.layers[i].gamma, own.mean, own.rstd, d_convolved,
                             Write::overwrite, d_p.layers[i].gamma, d_p.layers[i].beta, Write::accumulate);
    const ConvolutionGeometry& geometry = layers_[i].config().geometry;
    ops::convolve_backward_weight(b, d_convolved, x, geometry, d_p.layers[i].weight, Write::accumulate);
    if (d_x) ops::convolve_backward_input(b, d_convolved, p.layers[i].weight, geometry, *d_x, write);
  }

  static void rectify(B& b, Rectifier rectifier, Tensor<B>& x) {
    if (rectifier == Rectifier::relu) ops::relu(b, x, x);
    if (rectifier == Rectifier::relu6) ops::relu6(b, x, x);
  }

  static void rectify_backward(B& b, Rectifier rectifier, const Tensor<B>& y, Tensor<B>& d) {
    if (rectifier == Rectifier::relu) ops::relu_backward(b, y, d, d, Write::overwrite);
    if (rectifier == Rectifier::relu6) ops::relu6_backward(b, y, d, d, Write::overwrite);
  }

  BlockPlan plan_;
  double epsilon_;
  std::vector<Convolution> layers_;
  std::vector<Index> sides_;  ///< of the output of each layer
  Index output_side_ = 0;
};

}  // namespace saccade
