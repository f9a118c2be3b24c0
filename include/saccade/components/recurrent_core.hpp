#pragma once

#include <saccade/core/component.hpp>
#include <saccade/ops/linear.hpp>
#include <saccade/ops/recurrent.hpp>

namespace saccade::inline SACCADE_NAMESPACE {

/// LSTM, one time step; the caller owns time. Gates in the order i, f, g, o:
///     [i f g o] = x W_x^T + h W_h^T + b;  c' = sigmoid(f) c + sigmoid(i) tanh(g);  h' = sigmoid(o) tanh(c')
/// x (B, inputs), h, c (B, hidden). Source: Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000.
template <class B>
  requires LinearOps<B> && PointwiseOps<B>
class RecurrentCore {
 public:
  struct Config {
    Index inputs = 256;
    Index hidden = 256;
  };

  struct Parameters {
    Tensor<B> input_weight;   // (4 hidden, inputs)
    Tensor<B> hidden_weight;  // (4 hidden, hidden)
    Tensor<B> bias;           // (4 hidden)

    template <class Self, class Visitor>
    static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
      visit(prefix + "input_weight", self.input_weight, initialization::linear);
      visit(prefix + "hidden_weight", self.hidden_weight, initialization::linear);
      visit(prefix + "bias", self.bias, initialization::forget_gate);
    }
  };

  struct Cache {
    Tensor<B> gates;      // (B, 4 hidden), activated
    Tensor<B> tanh_cell;  // (B, hidden)
  };

  /// Shared by all steps, forward and backward.
  struct Workspace {
    Tensor<B> pre;            // (B, 4 hidden); its gradient on the way back
    ops::LstmScratch<B> scratch;
  };

  explicit RecurrentCore(const Config& config) : config_(config) {
    expect_config(config.inputs > 0 && config.hidden > 0, "RecurrentCore: inputs and hidden must be at least 1");
  }

  [[nodiscard]] const Config& config() const { return config_; }

  [[nodiscard]] Parameters make_parameters(B& b) const {
    const Index gates = 4 * config_.hidden;
    return {b.zeros({gates, config_.inputs}), b.zeros({gates, config_.hidden}), b.zeros({gates})};
  }

  [[nodiscard]] Cache make_cache(B& b, Index batch) const {
    return {b.zeros({batch, 4 * config_.hidden}), b.zeros({batch, config_.hidden})};
  }

  [[nodiscard]] Workspace make_workspace(B& b, Index batch) const {
    return {b.zeros({batch, 4 * config_.hidden}), ops::make_lstm_scratch(b, batch, config_.hidden)};
  }

  void forward(B& b, const Parameters& p, const Tensor<B>& x, const Tensor<B>& h, const Tensor<B>& c, Cache& cache,
               Workspace& w, Tensor<B>& h_next, Tensor<B>& c_next) const {
    ops::linear(b, x, p.input_weight, w.pre, Write::overwrite);    // (B, 4 hidden)
    ops::linear(b, h, p.hidden_weight, w.pre, Write::accumulate);  // (B, 4 hidden)
    ops::add_bias(b, p.bias, w.pre);                               // (B, 4 hidden)
    ops::lstm_cell(b, w.pre, c, cache.gates, c_next, cache.tanh_cell, h_next, w.scratch);
  }

  /// d_h_next and d_c_next: what arrives from the heads and from the next step. d_x, d_h and d_c are overwritten.
  void backward(B& b, const Parameters& p, const Tensor<B>& x, const Tensor<B>& h, const Tensor<B>& c,
                const Cache& cache, const Tensor<B>& d_h_next, const Tensor<B>& d_c_next, Workspace& w,
                Parameters& d_p, Tensor<B>& d_x, Tensor<B>& d_h, Tensor<B>& d_c) const
    requires TrainableLinearOps<B> && TrainablePointwiseOps<B>
  {
    Tensor<B>& d_pre = w.pre;
    ops::lstm_cell_backward(b, cache.gates, c, cache.tanh_cell, d_h_next, d_c_next, d_pre, d_c, w.scratch);
    ops::linear_backward_weight(b, d_pre, x, d_p.input_weight, Write::accumulate);
    ops::linear_backward_weight(b, d_pre, h, d_p.hidden_weight, Write::accumulate);
    ops::add_bias_backward(b, d_pre, d_p.bias, Write::accumulate);
    ops::linear_backward_input(b, d_pre, p.input_weight, d_x, Write::overwrite);   // (B, inputs)
    ops::linear_backward_input(b, d_pre, p.hidden_weight, d_h, Write::overwrite);  // (B, hidden)
  }

 private:
  Config config_;
};

}  // namespace saccade
