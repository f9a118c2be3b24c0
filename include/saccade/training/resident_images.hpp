#pragma once

#include <saccade/data/loader.hpp>
#include <saccade/ops/glimpse.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// An image of a loader's list behind the backend's handle.
template <class B>
struct ResidentImage {
  Index index = 0;  ///< position in the list
  const Image<B>* image = nullptr;
};

/// The images of a loader behind the backend's handles, in the orders of any number of epochs. Where the handles are
/// copies of the pixels (`images_are_copies`), every handle is kept, and every file is decoded once; otherwise those of
/// a batch are made anew. What comes out, and when a bad image is met for the first time, is the same.
///
///     ResidentImages<B> images(b, loader);
///     images.start(epoch_order(split.train, seed, epoch));
///     for (auto batch = images.next(16); !batch.empty(); batch = images.next(16)) ...
template <GlimpseOps B>
class ResidentImages {
 public:
  /// Backend and loader outlive it, and nobody else starts the loader.
  ResidentImages(B& b, data::Loader& loader) : b_(&b), loader_(&loader) {
    if constexpr (images_are_copies<B>) entries_.resize(static_cast<std::size_t>(loader.size()));
  }

  /// Options of a loader that is read through this class: pixels that the backend keeps need no cache of their own.
  [[nodiscard]] static data::LoaderOptions adjusted(data::LoaderOptions options) {
    if constexpr (images_are_copies<B>) options.cache_bytes = 0;
    return options;
  }

  /// Begins an epoch: `order` holds positions in the list. @throws ConfigError where one is not in it
  void start(std::vector<Index> order) {
    position_ = 0;
    if constexpr (images_are_copies<B>) {
      // Each once: the second time, the image is there.
      std::vector<Index> unknown;
      std::vector<bool> listed(entries_.size(), false);
      for (const Index index : order) {
        const auto place = static_cast<std::size_t>(index);
        if (place < entries_.size() && (entries_[place].known || listed[place])) continue;
        if (place < entries_.size()) listed[place] = true;
        unknown.push_back(index);
      }
      loader_->start(std::move(unknown));
      order_ = std::move(order);
    } else {
      loader_->start(std::move(order));
    }
  }

  /// The next `count` good images, fewer at the end of the epoch, none after it. They stay until the next call.
  /// @throws FileError, naming the image, when there are more bad ones than the loader allows
  [[nodiscard]] std::span<const ResidentImage<B>> next(Index count) {
    batch_.clear();
    if constexpr (images_are_copies<B>) {
      for (; static_cast<Index>(batch_.size()) < count && position_ < order_.size(); ++position_) {
        Entry& entry = entries_[static_cast<std::size_t>(order_[position_])];
        if (!entry.known) load(entry);
        if (entry.image) batch_.push_back({order_[position_], &*entry.image});
      }
    } else {
      handles_.clear();
      loaded_ = loader_->next(count);
      handles_.reserve(loaded_.size());
      for (const data::LoadedImage& each : loaded_) {
        handles_.push_back(ops::make_image(*b_, each.image->view()));
        batch_.push_back({each.index, &handles_.back()});
      }
    }
    return batch_;
  }

 private:
  struct Entry {
    bool known = false;
    std::optional<Image<B>> image;  ///< none if it is bad
  };

  /// The loader's next position is that of `entry`: both orders are the same, but for what is known.
  void load(Entry& entry) {
    entry.known = true;
    const std::optional<data::LoadedImage> loaded = loader_->take();
    if (loaded && loaded->image) entry.image.emplace(ops::make_image(*b_, loaded->image->view()));
  }

  B* b_;
  data::Loader* loader_;
  std::vector<Entry> entries_;  ///< one for each image of the list where handles are kept, else none
  std::vector<Index> order_;
  std::size_t position_ = 0;
  std::vector<data::LoadedImage> loaded_;  ///< the pixels of the batch where handles are not kept
  std::vector<Image<B>> handles_;
  std::vector<ResidentImage<B>> batch_;
};

}  // namespace saccade
