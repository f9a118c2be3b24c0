#pragma once

#include <saccade/core/component.hpp>
#include <saccade/ops/linear.hpp>

namespace saccade::inline SACCADE_NAMESPACE {

/// y = x W^T + b; x (M, inputs), y (M, outputs).
template <LinearOps B>
class LinearLayer {
 public:
  struct Config {
    Index inputs = 1;
    Index outputs = 1;
    Initialization initialization = initialization::linear;
  };

  struct Parameters {
    Tensor<B> weight;  // (outputs, inputs)
    Tensor<B> bias;    // (outputs)
    Initialization initialization = initialization::linear;

    template <class Self, class Visitor>
    static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
      visit(prefix + "weight", self.weight, self.initialization);
      visit(prefix + "bias", self.bias, initialization::zeros);
    }
  };

  explicit LinearLayer(const Config& config) : config_(config) {
    expect_config(config.inputs > 0 && config.outputs > 0, "LinearLayer: inputs and outputs must be at least 1");
  }

  [[nodiscard]] const Config& config() const { return config_; }

  [[nodiscard]] Parameters make_parameters(B& b) const {
    return {b.zeros({config_.outputs, config_.inputs}), b.zeros({config_.outputs}), config_.initialization};
  }

  void forward(B& b, const Parameters& p, const Tensor<B>& x, Tensor<B>& y) const {
    ops::linear(b, x, p.weight, y, Write::overwrite);  // (M, outputs)
    ops::add_bias(b, p.bias, y);                       // (M, outputs)
  }

  void backward_parameters(B& b, const Tensor<B>& x, const Tensor<B>& d_y, Parameters& d_p) const
    requires TrainableLinearOps<B>
  {
    ops::linear_backward_weight(b, d_y, x, d_p.weight, Write::accumulate);  // (outputs, inputs)
    ops::add_bias_backward(b, d_y, d_p.bias, Write::accumulate);            // (outputs)
  }

  void backward_input(B& b, const Parameters& p, const Tensor<B>& d_y, Tensor<B>& d_x, Write write) const
    requires TrainableLinearOps<B>
  {
    ops::linear_backward_input(b, d_y, p.weight, d_x, write);  // (M, inputs)
  }

 private:
  Config config_;
};

}  // namespace saccade
