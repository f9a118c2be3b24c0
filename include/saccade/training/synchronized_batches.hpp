#pragma once

#include <saccade/core/batch_synchronization.hpp>
#include <saccade/core/error.hpp>
#include <saccade/training/config.hpp>

#include <memory>
#include <string>

namespace saccade::inline SACCADE_NAMESPACE {

/// Synchronizes the batches of `b` as BatchStatistics says, for as long as the result lives; null where each part has
/// its own statistics. All processes of the group have the same configuration.
/// @param images  to train on
/// @throws ConfigError, in all processes, where there is not a process, and an image, for each part
template <class B>
[[nodiscard]] std::unique_ptr<SynchronizedBatches<B>> synchronized_batches(B& b, const TrainingConfig& config,
                                                                           const ProcessGroup& group, Index images) {
  const Index parts = config.parts;
  if (config.batch_statistics == BatchStatistics::part || parts == 1) return nullptr;
  const std::string wants =
      "training: with batch_statistics synchronized each of the " + std::to_string(parts) + " parts needs ";
  const Index processes = group.size();
  if (processes != parts) {
    group.fail(ConfigError(wants + "a process of its own, but there " +
                           (processes == 1 ? "is 1" : "are " + std::to_string(processes))));
  }
  if (images < parts)
    group.fail(ConfigError(wants + "an image, but there are " + std::to_string(images) + " training images"));
  if constexpr (SynchronizesBatches<B>) {
    return std::make_unique<SynchronizedBatches<B>>(b, group);
  } else {
    group.fail(ConfigError("training: this backend cannot synchronize batches; set batch_statistics to part"));
  }
}

}  // namespace saccade
