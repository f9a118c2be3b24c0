#pragma once

#include <saccade/core/content_hash.hpp>
#include <saccade/core/symmetry.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// Which glimpse, seen by which network.
struct FeatureKey {
  std::uint64_t network = 0;  ///< of the weights, and of how a glimpse is cut and computed
  std::uint64_t image = 0;    ///< of the pixels
  Symmetry symmetry = Symmetry::identity;
  double x = 0, y = 0, zoom = 0;  ///< the location, as it is looked at

  friend bool operator==(const FeatureKey&, const FeatureKey&) = default;
};

/// What frozen networks have made of glimpses, so that none is looked at twice: for a run, or for all runs of a study.
/// What has been kept longest makes room for what is new. Belongs to backends that compute alike; several threads may
/// use it at once.
///
/// Memory: at most `bytes` of features, and some 150 bytes beside each glimpse's.
template <class Scalar>
class FeatureStore {
 public:
  explicit FeatureStore(std::size_t bytes) : most_(bytes) {}

  /// Copies what is kept under `key` to `features`. @returns false, and leaves them, where nothing of that length is
  [[nodiscard]] bool read(const FeatureKey& key, std::span<Scalar> features) {
    const std::lock_guard lock(mutex_);
    const auto found = kept_.find(key);
    const bool is_kept = found != kept_.end() && found->second.size() == features.size();
    ++(is_kept ? reads_ : misses_);
    if (is_kept) std::copy(found->second.begin(), found->second.end(), features.begin());
    return is_kept;
  }

  /// Keeps a copy, unless one is kept already, or there is no room for it alone.
  void write(const FeatureKey& key, std::span<const Scalar> features) {
    if (features.size_bytes() > most_) return;
    const std::lock_guard lock(mutex_);
    if (kept_.contains(key)) return;
    while (bytes_ + features.size_bytes() > most_) {
      const auto oldest = kept_.find(order_.front());
      bytes_ -= oldest->second.size() * sizeof(Scalar);
      kept_.erase(oldest);
      order_.pop_front();
    }
    kept_.emplace(key, std::vector<Scalar>(features.begin(), features.end()));
    order_.push_back(key);
    bytes_ += features.size_bytes();
  }

  /// Of the features that are kept.
  [[nodiscard]] std::size_t bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
  }
  /// Glimpses that were found, and that were not.
  [[nodiscard]] std::size_t reads() const {
    const std::lock_guard lock(mutex_);
    return reads_;
  }
  [[nodiscard]] std::size_t misses() const {
    const std::lock_guard lock(mutex_);
    return misses_;
  }

 private:
  struct Hash {
    std::size_t operator()(const FeatureKey& key) const {
      ContentHash hash;
      hash.add(key.network);
      hash.add(key.image ^ static_cast<std::uint64_t>(key.symmetry));
      const double place[] = {key.x, key.y, key.zoom};
      hash.add(std::span<const double>(place));
      return hash.value();
    }
  };

  mutable std::mutex mutex_;
  std::size_t most_;
  std::size_t bytes_ = 0, reads_ = 0, misses_ = 0;
  std::unordered_map<FeatureKey, std::vector<Scalar>, Hash> kept_;
  std::deque<FeatureKey> order_;  ///< the oldest first
};

}  // namespace saccade
