#pragma once

#include <saccade/core/any_image.hpp>
#include <saccade/core/content_hash.hpp>
#include <saccade/ops/glimpse.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace saccade::inline SACCADE_NAMESPACE::ops {

/// Owns an image that a backend's models can look at: resident where it is pixels, streamed where it is a source.
///
///     const ops::ImageHandle<B> photograph(b, data::load_image("a.png")), slide(b, StreamedImage(MySlide("b.svs")));
///     const OrientedImage<B> batch[] = {photograph.seen(), slide.seen(Symmetry::rotate_90)};
template <GlimpseOps B>
class ImageHandle {
 public:
  /// @param hashed  whether to look at all pixels, so that `seen` tells OrientedImage::content
  /// @throws ConfigError for an image without pixels
  ImageHandle(B& b, AnyImage image, bool hashed = false) : tissue_(image.tissue()) {
    if (hashed && image.pixels()) content_ = content_of(*image.pixels());
    if (image.pixels()) resident_.emplace(make_image(b, image.pixels()->view()));
    if (image.source() || !images_are_copies<B>) kept_.emplace(std::move(image));
  }

  /// The image as a batch takes it. It points into the handle, which stays alive and where it is meanwhile.
  [[nodiscard]] OrientedImage<B> seen(Symmetry symmetry = Symmetry::identity) const {
    if (resident_) return {&*resident_, symmetry, nullptr, content_, tissue_.get()};
    return {nullptr, symmetry, kept_->source(), 0, tissue_.get()};
  }

  [[nodiscard]] bool streamed() const { return !resident_; }

 private:
  static std::uint64_t content_of(const RgbImage& image) {
    ContentHash hash;
    hash.add(static_cast<std::uint64_t>(image.width));
    hash.add(std::span<const std::uint8_t>(image.pixels));
    return hash.value();
  }

  std::optional<Image<B>> resident_;
  std::optional<AnyImage> kept_;  ///< the source, or the pixels that `resident_` is a view of
  std::uint64_t content_ = 0;
  std::shared_ptr<const TissueArea> tissue_;
};

}  // namespace saccade::ops
