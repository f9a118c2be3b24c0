#pragma once

#include <saccade/core/communicator.hpp>
#include <saccade/core/peer_error.hpp>

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// Where the threads of one process meet that work on one task as ranks. Each has a ThreadCommunicator; the meeting
/// outlives them all.
///
///     ThreadMeeting meeting(2);
///     std::thread other([&] { work(ThreadCommunicator(meeting, 1)); });
///     work(ThreadCommunicator(meeting, 0));
class ThreadMeeting {
 public:
  /// @throws ConfigError unless `size` is at least 1
  explicit ThreadMeeting(Index size) : size_(size) {
    expect_config(size >= 1, "ThreadMeeting: the number of threads must be at least 1, but is " + std::to_string(size));
    offers_.resize(static_cast<std::size_t>(size));
  }

  [[nodiscard]] Index size() const { return size_; }

  /// Returns when everybody has come as often. @throws PeerError once somebody has called `abort`
  void wait() {
    std::unique_lock lock(mutex_);
    if (sentence_) throw PeerError(PeerError::Kind::other, *sentence_);
    const std::uint64_t round = round_;
    if (++waiting_ == size_) {
      waiting_ = 0;
      ++round_;
      all_here_.notify_all();
    }
    all_here_.wait(lock, [&] { return round_ != round || sentence_; });
    // Whom everybody has met goes on, though one of them may have given up since.
    if (round_ == round) throw PeerError(PeerError::Kind::other, *sentence_);
  }

  /// Sends everybody away who waits, or will, with this sentence.
  void abort(const std::string& sentence) {
    const std::lock_guard lock(mutex_);
    if (!sentence_) sentence_ = sentence;
    all_here_.notify_all();
  }

 private:
  friend class ThreadCommunicator;

  /// What a rank shows to the others between two waits.
  struct Offer {
    std::span<const std::byte> bytes{};
    std::span<const std::size_t> sizes{};
  };

  const Index size_;
  std::vector<Offer> offers_;  ///< by rank
  std::mutex mutex_;
  std::condition_variable all_here_;
  Index waiting_ = 0;
  std::uint64_t round_ = 0;
  std::optional<std::string> sentence_{};
};

/// One of the threads of a ThreadMeeting. All of them see the same memory, so a rank copies what others show it.
class ThreadCommunicator {
 public:
  /// @param rank  another one in each thread
  ThreadCommunicator(ThreadMeeting& meeting, Index rank) : meeting_(&meeting), rank_(rank) {
    expect_config(rank >= 0 && rank < meeting.size(), "ThreadCommunicator: the rank must be from 0 to " +
                                                          std::to_string(meeting.size() - 1) + ", but is " +
                                                          std::to_string(rank));
  }

  [[nodiscard]] Index rank() const { return rank_; }
  [[nodiscard]] Index size() const { return meeting_->size(); }

  void broadcast(std::span<std::byte> bytes, Index root) {
    meet({bytes, {}}, [&] {
      if (rank_ != root) std::copy_n(offer(root).bytes.begin(), bytes.size(), bytes.begin());
    });
  }

  void all_gather(std::span<const std::byte> mine, std::span<std::byte> all, std::span<const std::size_t>) {
    meet({mine, {}}, [&] {
      auto end = all.begin();
      for (Index r = 0; r < size(); ++r) end = std::copy(offer(r).bytes.begin(), offer(r).bytes.end(), end);
    });
  }

  void exchange(std::span<const std::byte> out, std::span<const std::size_t> out_sizes, std::span<std::byte> in,
                std::span<const std::size_t>) {
    meet({out, out_sizes}, [&] {
      auto end = in.begin();
      for (Index r = 0; r < size(); ++r) {
        std::size_t before = 0;
        const auto me = static_cast<std::size_t>(rank_);
        for (std::size_t i = 0; i < me; ++i) before += offer(r).sizes[i];
        const auto part = offer(r).bytes.subspan(before, offer(r).sizes[me]);
        end = std::copy(part.begin(), part.end(), end);
      }
    });
  }

  void barrier() { meeting_->wait(); }
  void abort(const std::string& sentence) { meeting_->abort(sentence); }

 private:
  [[nodiscard]] const ThreadMeeting::Offer& offer(Index rank) const {
    return meeting_->offers_[static_cast<std::size_t>(rank)];
  }

  template <class Take>
  void meet(ThreadMeeting::Offer mine, const Take& take) {
    meeting_->offers_[static_cast<std::size_t>(rank_)] = mine;
    meeting_->wait();
    take();
    meeting_->wait();  // what was shown may change from here on
  }

  ThreadMeeting* meeting_;
  Index rank_;
};
static_assert(Communicator<ThreadCommunicator>);

}  // namespace saccade
