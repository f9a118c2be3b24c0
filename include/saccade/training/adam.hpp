#pragma once

#include <saccade/core/component.hpp>
#include <saccade/core/error.hpp>
#include <saccade/math/optimizer.hpp>
#include <saccade/ops/optimizer.hpp>
#include <saccade/training/parameter_group.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

struct AdamConfig {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double clip_norm = 0.0;                ///< the gradient of all that learns is scaled down to this norm; 0: never
  double weight_decay = 0.0;             ///< decoupled: a step also takes off learning rate * weight_decay * parameter
  std::vector<ParameterGroup> groups{};  ///< the first that matches a name has it; parameters of none are as above
};

/// @throws ConfigError
inline void validate(const AdamConfig& config) {
  expect_config(config.clip_norm >= 0, "Adam: clip_norm must be at least 0");
  expect_config(config.epsilon > 0, "Adam: epsilon must be greater than 0");
  expect_config(config.weight_decay >= 0, "Adam: weight_decay must be at least 0");
  for (const ParameterGroup& group : config.groups) {
    const std::string name = "Adam: the group \"" + group.pattern + "\": ";
    expect_config(group.rate >= 0, name + "rate must be at least 0");
    expect_config(group.epsilon.value_or(1) > 0, name + "epsilon must be greater than 0");
    expect_config(group.weight_decay.value_or(0) >= 0, name + "weight_decay must be at least 0");
  }
}

/// The group of a pattern, which is added where there is none.
[[nodiscard]] inline ParameterGroup& group_of(AdamConfig& config, const std::string& pattern) {
  const auto found = std::find_if(config.groups.begin(), config.groups.end(),
                                  [&](const ParameterGroup& group) { return group.pattern == pattern; });
  return found != config.groups.end() ? *found : config.groups.emplace_back(ParameterGroup{.pattern = pattern});
}

/// Adam over all parameters, with clipping by global norm and decoupled weight decay. The gradient is first multiplied
/// by min(1, clip_norm / |g|), |g| taken over all parameters that the update changes. Where |g| is not finite an update
/// changes nothing.
///
/// A frozen parameter is in no update and in no |g|. Its moments stay as well: 0, or what a checkpoint says, so that
/// it goes on from there when it is no longer frozen. Running statistics are no parameters, and never frozen.
///
/// `step` makes an update. For one that is recorded (ops::run_step) it comes in three: `prepare` before the body,
/// `update` in it, `count` when it is known to have been made.
/// Source: Kingma and Ba, ICLR 2015; Loshchilov and Hutter, ICLR 2019 (decay); Pascanu et al., ICML 2013 (clipping).
template <OptimizerOps B>
class Adam {
 public:
  using List = ops::ParameterList<B>;

  /// The lists name the same tensors in the same order, and stay where they are.
  /// @throws ConfigError for numbers out of range, a group without parameters, or where everything is frozen
  Adam(B& b, const AdamConfig& config, std::vector<NamedTensor<Tensor<B>>> parameters,
       std::vector<NamedTensor<Tensor<B>>> gradients)
      : config_(config),
        settings_(make_settings()),
        parameters_(std::move(parameters)),
        gradients_(std::move(gradients)),
        names_(make_names()),
        groups_(assign_groups(config.groups, names_)),
        first_(make_moments(b)),
        second_(make_moments(b)),
        hypers_(make_hypers(b)),
        everything_(make_list(b, [](std::size_t) { return true; })),
        learning_(make_list(b, [&](std::size_t i) { return !frozen(i); })),
        squares_(b.zeros({1})),
        scale_(b.zeros({1})) {
    validate(config);
    expect_config(!learning_.terms.empty() || parameters_.empty(), "Adam: every parameter is frozen");
  }

  Adam(const Adam&) = delete;  // the lists point at the moments
  Adam& operator=(const Adam&) = delete;
  Adam(Adam&&) = default;
  Adam& operator=(Adam&&) = default;

  /// Every gradient becomes 0, those of frozen parameters too.
  void zero_gradients(B& b) { ops::zero_gradients(b, everything_); }

  /// All parameters that are not frozen.
  [[nodiscard]] List& learning() { return learning_; }

  /// Whether a parameter of that name never changes.
  [[nodiscard]] bool is_frozen(std::string_view name) const {
    const auto found = std::find(names_.begin(), names_.end(), name);
    return found != names_.end() && frozen(static_cast<std::size_t>(found - names_.begin()));
  }

  /// Those of them whose names match one of `patterns`, see matches_glob: an update of these leaves the others and
  /// their moments as they are. For as long as this optimiser is there.
  /// @throws ConfigError where a pattern matches no parameter, or all that match are frozen
  [[nodiscard]] List subset(B& b, std::span<const std::string> patterns) {
    for (const std::string& pattern : patterns) detail::expect_match(pattern, names_);
    List list = make_list(b, [&](std::size_t i) {
      return !frozen(i) && std::any_of(patterns.begin(), patterns.end(),
                                       [&](const std::string& pattern) { return matches_glob(names_[i], pattern); });
    });
    if (list.terms.empty()) {
      std::string text;
      for (const std::string& pattern : patterns) text += (text.empty() ? "\"" : ", \"") + pattern + '"';
      throw ConfigError("Adam: of " + (text.empty() ? "no patterns" : text) +
                        " nothing can learn: " + (text.empty() ? "expected at least one" : "all of it is frozen"));
    }
    return list;
  }

  /// All but those: an update leaves what matches and its moments as they are.
  /// @throws ConfigError where the pattern matches no parameter, or all others are frozen
  [[nodiscard]] List all_but(B& b, const std::string& pattern) {
    detail::expect_match(pattern, names_);
    List list = make_list(b, [&](std::size_t i) { return !frozen(i) && !matches_glob(names_[i], pattern); });
    if (list.terms.empty()) throw ConfigError("Adam: but for \"" + pattern + "\" nothing can learn: all is frozen");
    return list;
  }

  /// Sum of squares of the gradient of all that learns, or of the parameters in `list`, (1): is it finite, and how
  /// long. Whoever makes it NaN keeps the next update from changing anything.
  Tensor<B>& measure(B& b, List& list) {
    ops::sum_of_squares(b, list, squares_);
    return squares_;
  }
  Tensor<B>& measure(B& b) { return measure(b, learning_); }

  /// What was measured last, (1).
  [[nodiscard]] const Tensor<B>& squares() const { return squares_; }

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
      for (std::size_t group = 0; group < hypers_.size(); ++group) upload_hyper(b, learning_rate, group);
      learning_rate_ = learning_rate;
    }
    counted_ = false;
  }

  /// The update itself, of all that learns or of the parameters in `list`; after `measure` of the same and `prepare`.
  void update(B& b, List& list) {
    const auto longest =
        config_.clip_norm > 0 ? static_cast<Scalar<B>>(config_.clip_norm) : std::numeric_limits<Scalar<B>>::infinity();
    ops::clip_scale(b, squares_, longest, scale_);
    if constexpr (ops::AdamAdvance<B>)
      for (Tensor<B>& hyper : hypers_) ops::advance_adam(b, hyper);
    ops::adam_step(b, list, scale_);
  }
  void update(B& b) { update(b, learning_); }

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
  [[nodiscard]] std::vector<ParameterGroup> make_settings() const {
    std::vector<ParameterGroup> settings = config_.groups;
    settings.push_back({.pattern = "*"});
    return settings;
  }

  [[nodiscard]] std::vector<std::string> make_names() const {
    std::vector<std::string> names;
    for (const auto& parameter : parameters_) names.push_back(parameter.name);
    return names;
  }

  [[nodiscard]] std::vector<Tensor<B>> make_moments(B& b) const {
    std::vector<Tensor<B>> moments;
    for (const auto& parameter : parameters_) moments.push_back(b.zeros(b.shape(*parameter.tensor)));
    return moments;
  }

  [[nodiscard]] std::vector<Tensor<B>> make_hypers(B& b) const {
    std::vector<Tensor<B>> hypers;
    for (std::size_t group = 0; group < settings_.size(); ++group) hypers.push_back(b.zeros({AdamHyper::count}));
    return hypers;
  }

  [[nodiscard]] bool frozen(std::size_t parameter) const { return settings_[groups_[parameter]].frozen; }

  /// Of the parameters for which `wanted` is true.
  template <class Wanted>
  [[nodiscard]] List make_list(B& b, const Wanted& wanted) {
    std::vector<ParameterTerm<B>> terms;
    for (std::size_t i = 0; i < parameters_.size(); ++i)
      if (wanted(i))
        terms.push_back({gradients_[i].tensor, parameters_[i].tensor, &first_[i], &second_[i], &hypers_[groups_[i]]});
    return ops::make_parameter_list(b, std::span<const ParameterTerm<B>>(terms));
  }

  void upload_hyper(B& b, double learning_rate, std::size_t group) {
    const ParameterGroup& own = settings_[group];
    std::array<Scalar<B>, AdamHyper::count> hyper{};
    const auto set = [&](Index place, double value) {
      hyper[static_cast<std::size_t>(place)] = static_cast<Scalar<B>>(value);
    };
    set(AdamHyper::learning_rate, learning_rate * own.rate);
    set(AdamHyper::beta1, config_.beta1);
    set(AdamHyper::beta2, config_.beta2);
    set(AdamHyper::epsilon, own.epsilon.value_or(config_.epsilon));
    set(AdamHyper::weight_decay, own.weight_decay.value_or(config_.weight_decay));
    set(AdamHyper::step, static_cast<double>(steps_));
    if (!ops::AdamAdvance<B>) math::advance_adam(hyper.data());
    b.upload(std::span<const Scalar<B>>(hyper), hypers_[group]);
  }

  AdamConfig config_;
  std::vector<ParameterGroup> settings_;  ///< of every group, and of the rest
  std::vector<NamedTensor<Tensor<B>>> parameters_;
  std::vector<NamedTensor<Tensor<B>>> gradients_;
  std::vector<std::string> names_;
  std::vector<std::size_t> groups_;  ///< of each parameter, by place in `settings_`
  std::vector<Tensor<B>> first_;
  std::vector<Tensor<B>> second_;
  std::vector<Tensor<B>> hypers_;  ///< (8) each, as in `settings_`
  List everything_;                ///< points at all of these
  List learning_;
  Tensor<B> squares_;  // (1)
  Tensor<B> scale_;    // (1)
  std::int64_t steps_ = 0;
  bool counted_ = false;      ///< whether `hypers_` stand at steps_ where the backend counts them
  double learning_rate_ = 0;  ///< in `hypers_`
};

}  // namespace saccade
