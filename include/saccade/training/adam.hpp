#pragma once

#include <saccade/core/component.hpp>
#include <saccade/core/error.hpp>
#include <saccade/math/optimizer.hpp>
#include <saccade/ops/optimizer.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

struct AdamConfig {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double clip_norm = 0.0;  ///< the gradient of all parameters together is scaled down to this norm; 0: never
  double policy_rate = 1.0;  ///< factor on the learning rate of "policy.*", whose gradient is mostly noise
  double policy_epsilon = 1e-8;  ///< of "policy.*": far above its last gradients, so that they do not become full steps
};

/// Which parameters an update changes: all, or those of the policy alone. The others, and their moments, stay as they
/// are.
enum class Updated { all, policy };

/// Adam over all parameters, with clipping by global norm. The gradient is first multiplied by
/// min(1, clip_norm / |g|), |g| taken over all parameters together. Where |g| is not finite an update changes nothing.
///
/// `step` makes an update. For one that is recorded (ops::run_step) it comes in three: `prepare` before the body,
/// `update` in it, `count` when it is known to have been made.
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
        first_(make_moments(b)),
        second_(make_moments(b)),
        list_(make_list(b, Updated::all)),
        policy_list_(make_list(b, Updated::policy)),
        hyper_(b.zeros({AdamHyper::count})),
        policy_hyper_(b.zeros({AdamHyper::count})),
        squares_(b.zeros({1})),
        scale_(b.zeros({1})) {
    expect_config(config.clip_norm >= 0, "Adam: clip_norm must be at least 0");
    expect_config(config.policy_rate >= 0, "Adam: policy_rate must be at least 0");
    expect_config(config.epsilon > 0 && config.policy_epsilon > 0, "Adam: epsilon must be greater than 0");
  }

  /// Every gradient becomes 0.
  void zero_gradients(B& b) { ops::zero_gradients(b, list_); }

  /// Sum of squares of the whole gradient, (1): is it finite, and how long. Whoever makes it NaN keeps the next update
  /// from changing anything.
  Tensor<B>& measure(B& b) {
    ops::sum_of_squares(b, list_, squares_);
    return squares_;
  }

  /// One update; call `measure` first.
  void step(B& b, double learning_rate) {
    prepare(b, learning_rate);
    update(b);
    count();
  }

  /// Tells the backend what it does not know about the next update: everything, or, where it counts the steps itself, a
  /// new learning rate.
  void prepare(B& b, double learning_rate) {
    if (!ops::AdamAdvance<B> || !counted_ || learning_rate != learning_rate_) {
      upload_hyper(b, learning_rate, config_.epsilon, hyper_);
      upload_hyper(b, learning_rate * config_.policy_rate, config_.policy_epsilon, policy_hyper_);
      learning_rate_ = learning_rate;
    }
    counted_ = false;
  }

  /// The update itself; after `measure` and `prepare`.
  void update(B& b, Updated updated = Updated::all) {
    const auto longest =
        config_.clip_norm > 0 ? static_cast<Scalar<B>>(config_.clip_norm) : std::numeric_limits<Scalar<B>>::infinity();
    ops::clip_scale(b, squares_, longest, scale_);
    if constexpr (ops::AdamAdvance<B>) {
      ops::advance_adam(b, hyper_);
      ops::advance_adam(b, policy_hyper_);
    }
    ops::adam_step(b, updated == Updated::all ? list_ : policy_list_, scale_, hyper_, policy_hyper_);
  }

  /// Says that the update has changed the weights. Without it, it never was.
  void count() {
    ++steps_;
    counted_ = true;
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
  void resume(std::int64_t steps) {
    steps_ = steps;
    counted_ = false;
  }

 private:
  [[nodiscard]] std::vector<Tensor<B>> make_moments(B& b) const {
    std::vector<Tensor<B>> moments;
    for (const auto& parameter : parameters_) moments.push_back(b.zeros(b.shape(*parameter.tensor)));
    return moments;
  }

  /// The parameters "policy.*" are group 1.
  [[nodiscard]] ops::ParameterList<B> make_list(B& b, Updated updated) {
    std::vector<ParameterTerm<B>> terms;
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      const bool policy = parameters_[i].name.starts_with("policy.");
      if (policy || updated == Updated::all)
        terms.push_back({gradients_[i].tensor, parameters_[i].tensor, &first_[i], &second_[i], policy ? 1 : 0});
    }
    return ops::make_parameter_list(b, std::span<const ParameterTerm<B>>(terms));
  }

  void upload_hyper(B& b, double learning_rate, double epsilon, Tensor<B>& tensor) const {
    std::array<Scalar<B>, AdamHyper::count> hyper{};
    const auto set = [&](Index place, double value) {
      hyper[static_cast<std::size_t>(place)] = static_cast<Scalar<B>>(value);
    };
    set(AdamHyper::learning_rate, learning_rate);
    set(AdamHyper::beta1, config_.beta1);
    set(AdamHyper::beta2, config_.beta2);
    set(AdamHyper::epsilon, epsilon);
    set(AdamHyper::step, static_cast<double>(steps_));
    if (!ops::AdamAdvance<B>) math::advance_adam(hyper.data());
    b.upload(std::span<const Scalar<B>>(hyper), tensor);
  }

  AdamConfig config_;
  std::vector<NamedTensor<Tensor<B>>> parameters_;
  std::vector<NamedTensor<Tensor<B>>> gradients_;
  std::vector<Tensor<B>> first_;
  std::vector<Tensor<B>> second_;
  ops::ParameterList<B> list_;         ///< points at all of these
  ops::ParameterList<B> policy_list_;  ///< of the policy's parameters alone
  Tensor<B> hyper_;                    // (7)
  Tensor<B> policy_hyper_;             // (7)
  Tensor<B> squares_;                  // (1)
  Tensor<B> scale_;                    // (1)
  std::int64_t steps_ = 0;
  bool counted_ = false;      ///< whether `hyper_` stands at steps_ where the backend counts them
  double learning_rate_ = 0;  ///< in `hyper_`
};

}  // namespace saccade
