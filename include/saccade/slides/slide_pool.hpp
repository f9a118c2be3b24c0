#pragma once

// Opt-in: needs OpenSlide and POSIX.

#include <saccade/core/error.hpp>
#include <saccade/core/file.hpp>
#include <saccade/core/image.hpp>
#include <saccade/core/slide_resolution.hpp>
#include <saccade/slides/openslide_image.hpp>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <sys/resource.h>
#include <sys/stat.h>

namespace saccade::inline SACCADE_NAMESPACE::slides {

/// Decoded tiles that OpenSlide keeps of each open slide at most, in bytes (_OPENSLIDE_DEFAULT_CACHE_SIZE).
inline constexpr std::size_t slide_cache_bytes = std::size_t{32} << 20;

/// How many slides a process keeps open: a quarter of the files that it may open, and 32 at most.
[[nodiscard]] inline Index default_open_slides() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY) return 32;
  return static_cast<Index>(std::clamp<rlim_t>(files.rlim_cur / 4, 1, 32));
}

/// Any number of slides in use, of which few are open: the one that was read longest ago is closed for another. What
/// the open ones keep is at most `memory_bytes()`, however many slides there are. Several threads may use it at once; a
/// read waits where all open slides are being read.
///
/// A slide that failed is closed, and opened anew when it is asked for again.
class SlidePool : public std::enable_shared_from_this<SlidePool> {
  struct Entry;

 public:
  /// A slide of a pool, as a RegionSource. Keeps the pool, not the file.
  class Slide {
   public:
    [[nodiscard]] Index width() const { return entry_->size.width; }
    [[nodiscard]] Index height() const { return entry_->size.height; }
    [[nodiscard]] ImageSize scanned() const { return entry_->scanned; }
    [[nodiscard]] Index base() const { return entry_->base; }  ///< see OpenSlideImage
    [[nodiscard]] std::optional<double> microns_per_pixel() const { return entry_->microns_per_pixel; }

    /// See RegionSource. @throws FileError
    void read_region(Index x, Index y, Index width, Index height, Index reduction,
                     std::span<std::uint8_t> pixels) const {
      pool_->read(entry_,
                  [&](const OpenSlideImage& image) { image.read_region(x, y, width, height, reduction, pixels); });
    }

   private:
    friend class SlidePool;
    Slide(std::shared_ptr<SlidePool> pool, std::shared_ptr<Entry> entry)
        : pool_(std::move(pool)), entry_(std::move(entry)) {}

    std::shared_ptr<SlidePool> pool_;
    std::shared_ptr<Entry> entry_;
  };

  /// @param most_open  slides at a time, at least 1
  [[nodiscard]] static std::shared_ptr<SlidePool> make(Index most_open = default_open_slides()) {
    expect_config(most_open >= 1, "SlidePool: most_open must be at least 1, but is " + std::to_string(most_open));
    return std::shared_ptr<SlidePool>(new SlidePool(most_open));
  }

  /// A slide, which is opened once to learn its size, and again where its file has changed since.
  /// @throws FileError as OpenSlideImage does
  [[nodiscard]] Slide open(const std::filesystem::path& path, const SlideResolution& resolution = {}) {
    const Stamp stamp = stamp_of(path);
    {
      const std::lock_guard lock(mutex_);
      const auto known = entries_.find(path);
      if (known != entries_.end() && known->second->stamp == stamp && known->second->resolution == resolution)
        return {shared_from_this(), known->second};
    }
    auto entry = std::make_shared<Entry>(path, resolution, stamp);
    read(entry, [&](const OpenSlideImage& image) {
      entry->size = {image.width(), image.height()};
      entry->scanned = {image.levels()[0].width, image.levels()[0].height};
      entry->base = image.base();
      entry->microns_per_pixel = image.microns_per_pixel();
    });
    const std::lock_guard lock(mutex_);
    entries_[path] = entry;
    return {shared_from_this(), std::move(entry)};
  }

  [[nodiscard]] Index most_open() const { return most_open_; }

  /// Slides that are open now.
  [[nodiscard]] Index open_slides() const {
    const std::lock_guard lock(mutex_);
    return static_cast<Index>(open_.size());
  }

  /// Decoded tiles at most: most_open * slide_cache_bytes.
  [[nodiscard]] std::size_t memory_bytes() const { return static_cast<std::size_t>(most_open_) * slide_cache_bytes; }

 private:
  /// What tells that a file has not changed.
  struct Stamp {
    ino_t number = 0;
    off_t bytes = 0;
    std::int64_t seconds = 0, nanoseconds = 0;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };

  struct Entry {
    Entry(std::filesystem::path path_, const SlideResolution& resolution_, const Stamp& stamp_)
        : path(std::move(path_)), resolution(resolution_), stamp(stamp_) {}

    const std::filesystem::path path;
    const SlideResolution resolution;
    const Stamp stamp;
    ImageSize size{}, scanned{};
    Index base = 1;
    std::optional<double> microns_per_pixel{};
    std::shared_ptr<const OpenSlideImage> image{};  ///< null: closed
    bool opening = false, failed = false;
    Index readers = 0;
    std::uint64_t last_read = 0;
  };

  explicit SlidePool(Index most_open) : most_open_(most_open) {}

  static Stamp stamp_of(const std::filesystem::path& path) {
    struct stat about {};
    if (::stat(path.c_str(), &about) != 0) throw unreadable(path, errno);
    return {about.st_ino, about.st_size, about.st_mtim.tv_sec, about.st_mtim.tv_nsec};
  }

  template <class Use>
  void read(const std::shared_ptr<Entry>& entry, const Use& use) {
    const std::shared_ptr<const OpenSlideImage> image = acquire(entry);
    try {
      use(*image);
    } catch (...) {
      release(*entry, true);
      throw;
    }
    release(*entry, false);
  }

  [[nodiscard]] std::shared_ptr<const OpenSlideImage> acquire(const std::shared_ptr<Entry>& entry) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !entry->opening && !entry->failed && (entry->image || make_room()); });
    entry->last_read = ++reads_;
    if (entry->image) {
      ++entry->readers;
      return entry->image;
    }
    open_.push_back(entry);
    entry->opening = true;
    lock.unlock();
    std::shared_ptr<const OpenSlideImage> image;
    try {
      image = std::make_shared<const OpenSlideImage>(entry->path, entry->resolution);
    } catch (...) {
      lock.lock();
      entry->opening = false;
      close(*entry);
      throw;
    }
    lock.lock();
    entry->opening = false;
    entry->image = image;
    ++entry->readers;
    changed_.notify_all();
    return image;
  }

  void release(Entry& entry, bool failed) {
    const std::lock_guard lock(mutex_);
    --entry.readers;
    entry.failed = entry.failed || failed;
    if (entry.failed && entry.readers == 0) close(entry);
    changed_.notify_all();
  }

  /// Closes the slide that was read longest ago, where there is no room for another. False where all are being read.
  bool make_room() {
    if (static_cast<Index>(open_.size()) < most_open_) return true;
    const Entry* oldest = nullptr;
    for (const std::shared_ptr<Entry>& each : open_) {
      if (each->opening || each->readers > 0) continue;
      if (oldest == nullptr || each->last_read < oldest->last_read) oldest = each.get();
    }
    if (oldest == nullptr) return false;
    close(*oldest);
    return true;
  }

  void close(const Entry& entry) {
    const auto found = std::find_if(open_.begin(), open_.end(), [&](const auto& each) { return each.get() == &entry; });
    const std::shared_ptr<Entry> held = *found;
    open_.erase(found);
    held->image.reset();
    held->failed = false;
    changed_.notify_all();
  }

  const Index most_open_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::filesystem::path, std::shared_ptr<Entry>> entries_;
  std::vector<std::shared_ptr<Entry>> open_;
  std::uint64_t reads_ = 0;
};

static_assert(RegionSource<SlidePool::Slide>);

}  // namespace saccade::slides
