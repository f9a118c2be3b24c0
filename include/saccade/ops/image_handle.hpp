#pragma once

#include <saccade/core/any_image.hpp>
#include <saccade/ops/glimpse.hpp>

#include <optional>
#include <utility>

namespace saccade::inline SACCADE_NAMESPACE::ops {

/// Owns an image that a backend's models can look at: resident where it is pixels, streamed where it is a source.
///
///     const ops::ImageHandle<B> photograph(b, data::load_image("a.png")), slide(b, StreamedImage(MySlide("b.svs")));
///     const OrientedImage<B> batch[] = {photograph.seen(), slide.seen(Symmetry::rotate_90)};
template <GlimpseOps B>
class ImageHandle {
 public:
  /// @throws ConfigError for an image without pixels
  ImageHandle(B& b, AnyImage image) {
    if (image.pixels()) resident_.emplace(make_image(b, image.pixels()->view()));
    if (image.source() || !images_are_copies<B>) kept_.emplace(std::move(image));
  }

  /// The image as a batch takes it. It points into the handle, which stays alive and where it is meanwhile.
  [[nodiscard]] OrientedImage<B> seen(Symmetry symmetry = Symmetry::identity) const {
    if (resident_) return {&*resident_, symmetry};
    return {nullptr, symmetry, kept_->source()};
  }

  [[nodiscard]] bool streamed() const { return !resident_; }

 private:
  std::optional<Image<B>> resident_;
  std::optional<AnyImage> kept_;  ///< the source, or the pixels that `resident_` is a view of
};

}  // namespace saccade::ops
