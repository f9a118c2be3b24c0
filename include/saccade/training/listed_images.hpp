#pragma once

#include <saccade/data/loader.hpp>
#include <saccade/ops/image_handle.hpp>

#include <cstddef>
#include <deque>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// An image of a loader's list as a batch takes it, not turned.
template <class B>
struct ListedImage {
  Index index = 0;  ///< position in the list
  OrientedImage<B> image;
};

/// The images of a loader behind handles of the backend, in the orders of any number of epochs. Where resident images
/// are copies of the pixels (`images_are_copies`), every one of them is kept, and every file is decoded once; otherwise
/// those of a batch are made anew, as are streamed images everywhere: how many of these stay open is the loader's
/// business. What comes out, and when a bad image is met for the first time, is the same.
///
///     ListedImages<B> images(b, loader);
///     images.start(epoch_order(split.train, seed, epoch));
///     for (auto batch = images.next(16); !batch.empty(); batch = images.next(16)) ...
template <GlimpseOps B>
class ListedImages {
 public:
  /// Backend and loader outlive it, and nobody else starts the loader.
  ListedImages(B& b, data::Loader& loader) : b_(&b), loader_(&loader) {
    if constexpr (images_are_copies<B>) entries_.resize(static_cast<std::size_t>(loader.size()));
  }

  /// Options of a loader that is read through this class: pixels that the backend keeps need no cache of their own.
  [[nodiscard]] static data::LoaderOptions adjusted(data::LoaderOptions options) {
    if constexpr (images_are_copies<B>) options.cache_bytes = 0;
    return options;
  }

  /// Images that are met from now on tell their OrientedImage::content.
  void tell_content() { hashed_ = true; }

  /// Begins an epoch: `order` holds positions in the list. @throws ConfigError where one is not in it
  void start(std::vector<Index> order) {
    position_ = 0;
    if constexpr (images_are_copies<B>) {
      std::vector<Index> wanted;
      asked_.clear();
      for (const Index index : order) {
        const auto place = static_cast<std::size_t>(index);
        asked_.push_back(place >= entries_.size() || (!entries_[place].image && !entries_[place].bad));
        if (asked_.back()) wanted.push_back(index);
      }
      loader_->start(std::move(wanted));
      order_ = std::move(order);
    } else {
      loader_->start(std::move(order));
    }
  }

  /// The next `count` good images, fewer at the end of the epoch, none after it. They stay until the next call.
  /// @param places  of the order to look at, at most
  /// @throws FileError, naming the image, when there are more bad ones than the loader allows
  [[nodiscard]] std::span<const ListedImage<B>> next(Index count, Index places = std::numeric_limits<Index>::max()) {
    batch_.clear();
    handles_.clear();
    if constexpr (images_are_copies<B>) {
      for (; static_cast<Index>(batch_.size()) < count && places > 0 && position_ < order_.size(); --places) {
        add_next();
        ++position_;
      }
    } else {
      for (data::LoadedImage& each : loader_->next(count, places))
        add({*b_, *std::move(each.image), hashed_}, each.index);
    }
    return batch_;
  }

  /// Leaves out an image that turned out to be damaged: see data::Loader. The batch stays as it is.
  void leave_out(Index index, const std::string& problem) { loader_->leave_out(index, problem); }

 private:
  using Handle = ops::ImageHandle<B>;

  /// What is known of an image. Nothing, until it is met; never anything of a streamed one.
  struct Entry {
    bool bad = false;
    std::optional<Handle> image;  ///< a resident one
  };

  void add(Handle handle, Index index) {
    handles_.push_back(std::move(handle));
    batch_.push_back({index, handles_.back().seen()});
  }

  /// The image at `position_`, unless it is bad. The loader's order is that of the positions it was asked for.
  void add_next() {
    const Index index = order_[position_];
    Entry& entry = entries_[static_cast<std::size_t>(index)];
    if (asked_[position_]) {
      std::optional<data::LoadedImage> loaded = loader_->take();
      entry.bad = !loaded || !loaded->image;
      if (!entry.bad && !entry.image) {
        Handle handle(*b_, *std::move(loaded->image), hashed_);
        if (handle.streamed()) return add(std::move(handle), index);
        entry.image.emplace(std::move(handle));
      }
    }
    if (entry.image) batch_.push_back({index, entry.image->seen()});
  }

  B* b_;
  data::Loader* loader_;
  bool hashed_ = false;
  std::vector<Entry> entries_;  ///< one for each image of the list where handles are kept, else none
  std::vector<Index> order_;
  std::vector<bool> asked_;  ///< whether the loader was asked for the image at this position of the order
  std::size_t position_ = 0;
  std::deque<Handle> handles_;  ///< of the images of the batch that are not kept; it points at them
  std::vector<ListedImage<B>> batch_;
};

}  // namespace saccade
