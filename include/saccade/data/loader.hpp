#pragma once

#include <saccade/core/any_image.hpp>
#include <saccade/core/error.hpp>
#include <saccade/core/started_threads.hpp>
#include <saccade/core/unreadable_error.hpp>

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::data {

struct LoaderOptions {
  int threads = 2;                                 ///< that decode, at least 1
  Index prefetch = 32;                             ///< images decoded ahead of the reader at most, at least 1
  std::size_t cache_bytes = std::size_t{1} << 30;  ///< of decoded pixels kept for later epochs
  Index open_sources = 64;                         ///< kept open for later epochs
  Index max_bad_images = 0;                        ///< more of them end the run
};

struct LoadedImage {
  Index index = 0;                  ///< its number, from 0
  std::optional<AnyImage> image{};  ///< none where it is bad
};

/// An image that cannot be used, and the sentence that says why.
struct BadImage {
  Index index = 0;
  std::string problem;
};

/// What a run ends with that has met bad image number `number`, for it is one too many.
[[nodiscard]] inline FileError too_many_bad_images(const std::string& problem, Index number, Index allowed) {
  if (allowed == 0) return FileError(problem);
  return FileError(problem + " (bad image number " + std::to_string(number) + "; at most " + std::to_string(allowed) +
                   " are allowed)");
}

/// Hands out images in a given order, decoded or, where they are streamed, opened, while threads work ahead. What comes
/// out never depends on the number of threads or on the cache.
///
/// What is held is at most `cache_bytes` of pixels and `open_sources` sources, and `prefetch` images beside them. The
/// cache keeps the images that it saw first and drops none: when each epoch visits every image once in a new order,
/// that hits as often as any rule can.
///
///     Loader loader(count, [&](Index image) { return load_image(paths[image]); }, {.threads = 2});
///     loader.start(epoch_order(split.train, seed, epoch));
///     for (auto batch = loader.next(16); !batch.empty(); batch = loader.next(16)) ...
class Loader {
 public:
  /// Makes pixels of image number 0, 1, ..., or opens it as a source of regions; called by several threads at a time.
  /// FileError marks the image as bad, unless it is an UnreadableError that may pass; that and anything else ends the
  /// run.
  using Decode = std::function<AnyImage(Index)>;

  /// @param count  how many images there are
  /// @throws ConfigError
  Loader(Index count, Decode decode, const LoaderOptions& options = {})
      : count_(count), decode_(std::move(decode)), options_(options) {
    expect_config(count >= 0, "loader: the number of images must be at least 0, but is " + std::to_string(count));
    expect_config(options.threads >= 1,
                  "loader: threads must be at least 1, but is " + std::to_string(options.threads));
    expect_config(options.prefetch >= 1,
                  "loader: prefetch must be at least 1, but is " + std::to_string(options.prefetch));
    expect_config(options.open_sources >= 0,
                  "loader: open_sources must be at least 0, but is " + std::to_string(options.open_sources));
    slots_.resize(static_cast<std::size_t>(options.prefetch));
    cache_.resize(static_cast<std::size_t>(count));
    start_threads(
        "loader", threads_, options.threads, [this](int) { work(); }, [this] { stop(); });
  }

  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  ~Loader() {
    stop();
    for (std::thread& thread : threads_) thread.join();
  }

  /// Begins an epoch: `order` holds numbers of images. An epoch that is not read to its end is dropped.
  /// @throws ConfigError where there is no such image
  void start(std::vector<Index> order) {
    for (const Index index : order) {
      expect_config(index >= 0 && index < count_,
                    "loader: image " + std::to_string(index) + " is not one of " + std::to_string(count_));
    }
    const std::lock_guard lock(mutex_);
    order_ = std::move(order);
    ++epoch_;
    claimed_ = consumed_ = 0;
    for (Slot& slot : slots_) slot = {};
    work_to_do_.notify_all();
  }

  /// The next `count` good images, fewer at the end of the epoch, none after it. Bad images are passed over.
  /// @param places  of the order to look at, at most
  /// @throws FileError, naming the image, when there are more bad ones than allowed
  [[nodiscard]] std::vector<LoadedImage> next(Index count, Index places = std::numeric_limits<Index>::max()) {
    std::vector<LoadedImage> batch;
    for (; static_cast<Index>(batch.size()) < count && places > 0; --places) {
      std::optional<LoadedImage> loaded = take();
      if (!loaded) break;
      if (loaded->image) batch.push_back(std::move(*loaded));
    }
    return batch;
  }

  /// The next position of the order, without an image where that one is bad; nothing after the last.
  /// @throws FileError as `next` does
  [[nodiscard]] std::optional<LoadedImage> take() {
    std::unique_lock lock(mutex_);
    if (consumed_ == order_.size()) return {};
    const Index index = order_[consumed_];
    Slot& slot = slot_of(consumed_);
    slot_ready_.wait(lock, [&] { return slot.ready; });
    const Slot result = std::exchange(slot, {});
    ++consumed_;
    work_to_do_.notify_one();
    if (result.failure) std::rethrow_exception(result.failure);
    if (!result.image) note_bad(index, result.problem);
    return LoadedImage{index, result.image};
  }

  /// Leaves an image out from now on that has been handed out and turned out to be damaged: a slide's tile, say. It is
  /// bad like one that cannot be decoded. Not while an epoch is on in which it is still to come.
  /// @throws FileError when there are more bad ones than allowed; ConfigError where there is no such image
  void leave_out(Index index, const std::string& problem) {
    expect_config(index >= 0 && index < count_,
                  "loader: image " + std::to_string(index) + " is not one of " + std::to_string(count_));
    {
      const std::lock_guard lock(mutex_);
      Slot& kept = cache_[static_cast<std::size_t>(index)];
      if (kept.image) {
        cached_bytes_ -= kept.image->bytes();
        cached_sources_ -= kept.image->source() ? 1 : 0;
      }
      kept = {.ready = true, .image = {}, .problem = problem, .failure = {}};
    }
    if (std::find(left_out_.begin(), left_out_.end(), index) == left_out_.end()) left_out_.push_back(index);
    note_bad(index, problem);
  }

  /// Those that `leave_out` was told, in that order.
  [[nodiscard]] const std::vector<Index>& left_out() const { return left_out_; }

  /// How many images there are.
  [[nodiscard]] Index size() const { return count_; }

  /// The bad images met so far, in the order in which they came up; each once.
  [[nodiscard]] const std::vector<BadImage>& bad_images() const { return bad_images_; }

  /// Bytes of decoded pixels in the cache.
  [[nodiscard]] std::size_t cached_bytes() const {
    const std::lock_guard lock(mutex_);
    return cached_bytes_;
  }

 private:
  struct Slot {
    bool ready = false;
    std::optional<AnyImage> image;
    std::string problem;
    std::exception_ptr failure;
  };

  void stop() {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    work_to_do_.notify_all();
  }

  [[nodiscard]] Slot& slot_of(std::size_t position) { return slots_[position % slots_.size()]; }

  void note_bad(Index index, const std::string& problem) {
    for (const BadImage& known : bad_images_) {
      if (known.index == index) return;
    }
    bad_images_.push_back({index, problem});
    if (static_cast<Index>(bad_images_.size()) <= options_.max_bad_images) return;
    throw too_many_bad_images(problem, static_cast<Index>(bad_images_.size()), options_.max_bad_images);
  }

  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      work_to_do_.wait(lock,
                       [&] { return stopping_ || (claimed_ < order_.size() && claimed_ < consumed_ + slots_.size()); });
      if (stopping_) return;
      const std::size_t position = claimed_++;
      const std::uint64_t epoch = epoch_;
      const Index index = order_[position];
      Slot result = cached(index);
      if (!result.ready) {
        lock.unlock();
        result = decode(index);
        lock.lock();
        remember(index, result);
      }
      if (epoch != epoch_) continue;
      slot_of(position) = std::move(result);
      slot_ready_.notify_one();
    }
  }

  /// What `make` gives, or what it throws as the failure of a slot: nothing may leave a thread.
  template <class Make>
  [[nodiscard]] static Slot guarded(const Make& make) {
    try {
      return make();
    } catch (...) {
      return {.ready = true, .image = {}, .problem = {}, .failure = std::current_exception()};
    }
  }

  /// Not ready where the image is not in the cache.
  [[nodiscard]] Slot cached(Index index) const {
    return guarded([&] { return cache_[static_cast<std::size_t>(index)]; });
  }

  [[nodiscard]] Slot decode(Index index) const {
    return guarded([&] {
      Slot result{.ready = true, .image = {}, .problem = {}, .failure = {}};
      try {
        result.image = decode_(index);
      } catch (const UnreadableError& error) {
        // Which images a run is made of is not left to what the system had to spare at the moment.
        if (error.passing()) throw;
        result.problem = error.what();
      } catch (const FileError& error) {
        result.problem = error.what();
      }
      return result;
    });
  }

  /// A bad image costs nothing to remember. Where there is no memory to do so, it is decoded again.
  void remember(Index index, const Slot& result) {
    const std::size_t bytes = result.image ? result.image->bytes() : 0;
    const Index sources = result.image && result.image->source() ? 1 : 0;
    Slot& kept = cache_[static_cast<std::size_t>(index)];
    if (kept.ready || result.failure || cached_bytes_ + bytes > options_.cache_bytes ||
        cached_sources_ + sources > options_.open_sources)
      return;
    kept = guarded([&] { return result; });
    if (kept.failure) {
      kept = {};
      return;
    }
    cached_bytes_ += bytes;
    cached_sources_ += sources;
  }

  const Index count_;
  const Decode decode_;
  const LoaderOptions options_;

  mutable std::mutex mutex_;
  std::condition_variable work_to_do_;
  std::condition_variable slot_ready_;
  std::vector<Index> order_;
  std::uint64_t epoch_ = 0;
  std::size_t claimed_ = 0;   ///< positions of `order_` below this are decoded or being decoded
  std::size_t consumed_ = 0;  ///< positions below this have been handed out
  std::vector<Slot> slots_;   ///< position p waits in slot p modulo their number
  std::vector<Slot> cache_;   ///< one for each image
  std::size_t cached_bytes_ = 0;
  Index cached_sources_ = 0;
  bool stopping_ = false;
  std::vector<BadImage> bad_images_;
  std::vector<Index> left_out_;
  std::vector<std::thread> threads_;
};

}  // namespace saccade::data
