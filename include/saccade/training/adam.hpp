#pragma once

#include <saccade/core/component.hpp>
#include <saccade/core/error.hpp>
#include <saccade/ops/optimizer.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace saccade::inline v0 {

struct AdamConfig {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double clip_norm = 0.0;  ///< the gradient of all parameters together is scaled down to this norm; 0: never
  double policy_rate = 1.0;  ///< factor on the learning rate of the parameters "policy.*", whose gradient is mostly noise
};

/// Adam over all parameters, with clipping by global norm. The gradient is first multiplied by
/// min(1, clip_norm / |g|), |g| taken over all parameters together.
/// Source: Kingma and Ba, ICLR 2015; Pascanu et al., ICML 2013 (clipping).
template <OptimizerOps B>
class Adam {
 public:
  /// The lists name the same tensors in the same order, and stay where they are.
  Adam(B& b, const AdamConfig& config, std::vector<NamedTensor<Tensor<B>>> parameters,
       std::vector<NamedTensor<Tensor<B>>> gradients)
      : config_(config),
        parameters_(std::move(parameters)),
        gradients_(std::move(gradients)),
        hyper_(b.zeros({AdamHyper::count})),
        policy_hyper_(b.zeros({AdamHyper::count})),
        squares_(b.zeros({1})),
        scale_(b.zeros({1})) {
    expect_config(config.clip_norm >= 0, "Adam: clip_norm must be at least 0");
    expect_config(config.policy_rate >= 0, "Adam: policy_rate must be at least 0");
    for (const auto& parameter : parameters_) {
      const Shape shape = b.shape(*parameter.tensor);
      first_.push_back(b.zeros(shape));
      second_.push_back(b.zeros(shape));
    }
  }

  /// Sum of squares of the whole gradient, (1): is it finite, and how long.
  const Tensor<B>& measure(B& b) {
    b.fill(Scalar<B>(0), squares_);
    for (const auto& gradient : gradients_) ops::sum_of_squares(b, *gradient.tensor, squares_, Write::accumulate);
    return squares_;
  }

  /// One update; call `measure` first.
  void step(B& b, double learning_rate) {
    ++steps_;
    upload_hyper(b, learning_rate, hyper_);
    upload_hyper(b, learning_rate * config_.policy_rate, policy_hyper_);
    if (config_.clip_norm > 0) {
      ops::clip_scale(b, squares_, static_cast<Scalar<B>>(config_.clip_norm), scale_);
    } else {
      b.fill(Scalar<B>(1), scale_);
    }
    for (std::size_t i = 0; i < parameters_.size(); ++i)
      ops::adam_step(b, *gradients_[i].tensor, scale_, parameters_[i].name.starts_with("policy.") ? policy_hyper_ : hyper_,
                     *parameters_[i].tensor, first_[i], second_[i]);
  }

  [[nodiscard]] std::int64_t steps() const { return steps_; }

  /// The moments under the names "first.<parameter>" and "second.<parameter>", for checkpoints.
  [[nodiscard]] std::vector<NamedTensor<Tensor<B>>> state() {
    std::vector<NamedTensor<Tensor<B>>> list;
    for (std::size_t i = 0; i < parameters_.size(); ++i)
      list.push_back({"first." + parameters_[i].name, &first_[i], initialization::zeros});
    for (std::size_t i = 0; i < parameters_.size(); ++i)
      list.push_back({"second." + parameters_[i].name, &second_[i], initialization::zeros});
    return list;
  }

  /// Continues after `steps` updates, once the moments have been restored.
  void resume(std::int64_t steps) { steps_ = steps; }

 private:
  void upload_hyper(B& b, double learning_rate, Tensor<B>& tensor) const {
    const double t = static_cast<double>(steps_);
    std::array<Scalar<B>, AdamHyper::count> hyper{};
    const auto set = [&](Index place, double value) { hyper[static_cast<std::size_t>(place)] = static_cast<Scalar<B>>(value); };
    set(AdamHyper::learning_rate, learning_rate);
    set(AdamHyper::beta1, config_.beta1);
    set(AdamHyper::beta2, config_.beta2);
    set(AdamHyper::epsilon, config_.epsilon);
    set(AdamHyper::correction1, 1.0 - std::pow(config_.beta1, t));
    set(AdamHyper::correction2, 1.0 - std::pow(config_.beta2, t));
    b.upload(std::span<const Scalar<B>>(hyper), tensor);
  }

  AdamConfig config_;
  std::vector<NamedTensor<Tensor<B>>> parameters_;
  std::vector<NamedTensor<Tensor<B>>> gradients_;
  std::vector<Tensor<B>> first_;
  std::vector<Tensor<B>> second_;
  Tensor<B> hyper_;         // (6)
  Tensor<B> policy_hyper_;  // (6)
  Tensor<B> squares_;  // (1)
  Tensor<B> scale_;    // (1)
  std::int64_t steps_ = 0;
};

}  // namespace saccade::inline v0
