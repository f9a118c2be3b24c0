#pragma once

#include <saccade/core/number_text.hpp>
#include <saccade/model/dry_run_backend.hpp>
#include <saccade/model/hybrid_attention_classifier.hpp>
#include <saccade/training/adam.hpp>
#include <saccade/training/configured_learner.hpp>
#include <saccade/training/step_report.hpp>

#include <string>
#include <utility>

namespace saccade::inline SACCADE_NAMESPACE {

/// Bytes of the tensors of a training step, from the shapes alone. Beside them a process holds the images, the program
/// and the scratch memory of its backend, and a training run an episode for a last, shorter batch and for validation.
struct TrainingMemory {
  Index parameters = 0;
  Index gradients = 0;    ///< of the parameters
  Index optimizer = 0;    ///< Adam's moments
  Index statistics = 0;   ///< running ones
  Index activations = 0;  ///< what the way forward leaves for the way back
  Index workspace = 0;    ///< gradients on the way back, and the figures of the report

  [[nodiscard]] Index total() const {
    return parameters + gradients + optimizer + statistics + activations + workspace;
  }
};

/// What a Trainer on backend `B` needs for batches of `batch` rollouts: images times rollouts of each. Exact: it makes
/// what the trainer makes, on a backend that counts.
/// @param map_bytes  of a number of a feature map, where B has a format of its own for them
/// @param config_of_adam  of which the groups count: what is frozen leaves nothing for the way back
/// @throws ConfigError where there can be no such model
template <TrainableBackend B>
[[nodiscard]] TrainingMemory training_memory(const HybridAttentionConfig& config, Index batch,
                                             Activations keep = Activations::every_step,
                                             Index map_bytes = sizeof(Scalar<B>), const AdamConfig& config_of_adam = {}) {
  using Dry = DryRunBackend<B>;
  Dry b(map_bytes);
  Index before = 0;
  const auto made_since = [&] { return b.bytes() - std::exchange(before, b.bytes()); };
  HybridAttentionClassifier<Dry> model(config);
  TrainingMemory memory;
  auto parameters = model.make_parameters(b);
  memory.parameters = made_since();
  auto gradients = model.make_parameters(b);
  memory.gradients = made_since();
  const Adam<Dry> adam(b, config_of_adam, named_tensors<Dry>(parameters), named_tensors<Dry>(gradients));
  memory.optimizer = made_since();
  model.freeze(parameters, [&](const std::string& name) { return adam.is_frozen(name); });
  static_cast<void>(model.make_statistics(b));
  memory.statistics = made_since();
  static_cast<void>(model.make_workspace(b, batch, keep));
  const Index workspace = made_since();
  static_cast<void>(StepFigures<Dry>(b, batch, supervised_answers(config)));
  memory.workspace = workspace + made_since();
  static_cast<void>(model.make_episode(b, batch, Mode::training, keep));
  memory.activations = made_since() - workspace;
  // As large for one rollout of each image as for more, where rollouts are not compared.
  const bool compared = config.learner.baseline == Baseline::leave_one_out;
  static_cast<void>(ConfiguredLearner<Dry, HybridAttentionClassifier<Dry>>(config.learner)
                        .make_work(b, model, compared ? 1 : batch, compared ? batch : 1));
  memory.workspace += made_since();
  return memory;
}

/// Bytes of the tensors of an evaluation's episode, the weights aside.
template <Backend B>
[[nodiscard]] Index evaluation_memory(const HybridAttentionConfig& config, Index batch,
                                      Activations keep = Activations::last_step, Index map_bytes = sizeof(Scalar<B>)) {
  DryRunBackend<B> b(map_bytes);
  static_cast<void>(HybridAttentionClassifier<DryRunBackend<B>>(config).make_episode(b, batch, Mode::evaluation, keep));
  return b.bytes();
}

/// "1.5 MiB".
[[nodiscard]] inline std::string mebibytes(Index bytes) {
  return fixed_text(static_cast<double>(bytes) / (1 << 20), 1) + " MiB";
}

/// "memory of a training step: 812.3 MiB (weights and optimiser 18.9 MiB, activations 700.2 MiB, workspace 93.2 MiB)".
[[nodiscard]] inline std::string describe(const TrainingMemory& memory) {
  const Index weights = memory.parameters + memory.gradients + memory.optimizer + memory.statistics;
  return "memory of a training step: " + mebibytes(memory.total()) + " (weights and optimiser " + mebibytes(weights) +
         ", activations " + mebibytes(memory.activations) + ", workspace " + mebibytes(memory.workspace) + ")";
}

}  // namespace saccade

#if !SACCADE_HEADER_ONLY
#include <saccade/compiled/memory.hpp>
#endif
