#pragma once

#include <saccade/core/component.hpp>
#include <saccade/ops/convolution.hpp>

namespace saccade::inline SACCADE_NAMESPACE {

/// y = x * w without a bias: every convolution here is followed by a normalisation or by the mask. Its kernel is
/// square, and its groups are those of the geometry. x (B, H, W, inputs), y (B, H', W', outputs).
template <ConvolutionOps B>
class ConvolutionLayer {
 public:
  struct Config {
    Index inputs = 1;
    Index outputs = 1;
    Index kernel = 1;
    ConvolutionGeometry geometry{};
  };

  struct Parameters {
    Tensor<B> weight;  // (outputs, kernel, kernel, inputs / groups)

    template <class Self, class Visitor>
    static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
      visit(prefix + "weight", self.weight, initialization::rectified);
    }
  };

  explicit ConvolutionLayer(const Config& config) : config_(config) {
    expect_config(config.inputs > 0 && config.outputs > 0 && config.kernel > 0,
                  "ConvolutionLayer: inputs, outputs and kernel must be at least 1");
    const Index groups = config.geometry.groups;
    expect_config(groups > 0 && config.inputs % groups == 0 && config.outputs % groups == 0,
                  "ConvolutionLayer: " + std::to_string(config.inputs) + " inputs and " +
                      std::to_string(config.outputs) + " outputs cannot be divided into " + std::to_string(groups) +
                      " groups");
  }

  [[nodiscard]] const Config& config() const { return config_; }

  [[nodiscard]] Parameters make_parameters(B& b) const {
    return {b.zeros({config_.outputs, config_.kernel, config_.kernel, config_.inputs / config_.geometry.groups})};
  }

  /// Of a square image, padded alike on both axes.
  [[nodiscard]] Index output_extent(Index extent) const {
    const Padding& padding = config_.geometry.padding;
    return sliding_extent(extent, config_.kernel, config_.geometry.stride, padding.top, padding.bottom);
  }

  void forward(B& b, const Parameters& p, const Tensor<B>& x, Tensor<B>& y) const {
    ops::convolve(b, x, p.weight, config_.geometry, y);
  }

  void backward_parameters(B& b, const Tensor<B>& x, const Tensor<B>& d_y, Parameters& d_p) const
    requires TrainableConvolutionOps<B>
  {
    ops::convolve_backward_weight(b, d_y, x, config_.geometry, d_p.weight, Write::accumulate);
  }

  void backward_input(B& b, const Parameters& p, const Tensor<B>& d_y, Tensor<B>& d_x, Write write) const
    requires TrainableConvolutionOps<B>
  {
    ops::convolve_backward_input(b, d_y, p.weight, config_.geometry, d_x, write);
  }

 private:
  Config config_;
};

}  // namespace saccade
