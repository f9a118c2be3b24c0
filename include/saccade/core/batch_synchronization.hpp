#pragma once

#include <saccade/core/process_group.hpp>

#include <concepts>
#include <utility>

namespace saccade::inline SACCADE_NAMESPACE {

/// Base of a backend whose batch normalisation can go by a whole batch of which several processes have a part each.
/// ops::batch_norm_train, batch_norm_statistics, batch_norm_backward and activation_backward look at it; operations of
/// the backend know nothing of it.
class BatchSynchronization {
 public:
  /// From now on a batch is what all processes of `group` have: all of them make the same calls in the same order. A
  /// default ProcessGroup ends it. The communicator outlives that.
  void synchronize_batches(ProcessGroup group) { group_ = std::move(group); }

  /// Whose parts make up a batch; of one process unless told otherwise.
  [[nodiscard]] const ProcessGroup& batch_group() const { return group_; }

 private:
  ProcessGroup group_{};
};

/// A backend that can be told so. Optional; any other normalises by the part that it has.
template <class B>
concept SynchronizesBatches = requires(B& b, const ProcessGroup& group) {
  { b.batch_group() } -> std::convertible_to<const ProcessGroup&>;
  { b.synchronize_batches(group) } -> std::same_as<void>;
};

/// Whether the batches of `b` are those of several processes now.
template <class B>
[[nodiscard]] bool is_synchronized(B& b) {
  if constexpr (SynchronizesBatches<B>) {
    return b.batch_group().size() > 1;
  } else {
    return false;
  }
}

/// Synchronizes the batches of a backend, which outlives it, for as long as it lives.
template <class B>
class SynchronizedBatches {
 public:
  SynchronizedBatches(B& b, const ProcessGroup& group) requires SynchronizesBatches<B> : b_(&b) {
    b.synchronize_batches(group);
  }
  ~SynchronizedBatches() {
    if constexpr (SynchronizesBatches<B>) b_->synchronize_batches(ProcessGroup());
  }
  SynchronizedBatches(const SynchronizedBatches&) = delete;
  SynchronizedBatches& operator=(const SynchronizedBatches&) = delete;

 private:
  B* b_;
};

}  // namespace saccade
