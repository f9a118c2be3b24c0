#pragma once

#include <saccade/data/loader.hpp>
#include <saccade/data/stain_augmentation.hpp>
#include <saccade/ops/image_handle.hpp>
#include <saccade/training/listed_images.hpp>

#include <cstdint>
#include <deque>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// The images of a loader's list, each stained anew in every epoch, behind the backend's handles. What `ListedImages`
/// is for images that stay as they are.
///
/// The pixels of a batch are changed whole, in a copy, when it is their turn: one place for all backends, and the crop
/// stays what it is. It costs about 20 ns a pixel; a crop that changed only what it reads would have to be in every
/// backend, and in their conformance kit. Of a streamed image only the regions that are read are changed.
template <GlimpseOps B>
class StainedImages {
 public:
  /// Backend and loader outlive it.
  /// @param strength  see data::draw_stain
  StainedImages(B& b, data::Loader& loader, std::uint64_t seed, double strength)
      : b_(&b), loader_(&loader), seed_(seed), strength_(strength) {}

  /// Begins an epoch: `order` holds positions in the list. @throws ConfigError where one is not in it
  void start(std::vector<Index> order, std::uint64_t epoch) {
    epoch_ = epoch;
    loader_->start(std::move(order));
  }

  /// The next `count` good images, fewer at the end of the epoch, none after it. They stay until the next call.
  /// @param places  of the order to look at, at most
  /// @throws FileError, naming the image, when there are more bad ones than the loader allows
  [[nodiscard]] std::span<const ListedImage<B>> next(Index count, Index places = std::numeric_limits<Index>::max()) {
    batch_.clear();
    handles_.clear();
    for (const data::LoadedImage& each : loader_->next(count, places)) {
      handles_.emplace_back(*b_, data::restain(*each.image, data::draw_stain(seed_, epoch_, each.index, strength_)));
      batch_.push_back({each.index, handles_.back().seen()});
    }
    return batch_;
  }

 private:
  B* b_;
  data::Loader* loader_;
  std::uint64_t seed_;
  double strength_;
  std::uint64_t epoch_ = 0;
  std::deque<ops::ImageHandle<B>> handles_;  ///< the batch points at them
  std::vector<ListedImage<B>> batch_;
};

}  // namespace saccade
