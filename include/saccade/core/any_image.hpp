#pragma once

#include <saccade/core/streamed_image.hpp>
#include <saccade/core/tissue_area.hpp>

#include <cstddef>
#include <memory>
#include <utility>
#include <variant>

namespace saccade::inline SACCADE_NAMESPACE {

/// An image as a data set gives it: decoded pixels, or an open source of regions. Copies share either.
class AnyImage {
 public:
  AnyImage(RgbImage pixels) : image_(std::make_shared<const RgbImage>(std::move(pixels))) {}
  AnyImage(StreamedImage source) : image_(std::move(source)) {}

  [[nodiscard]] Index width() const { return source() ? source()->width() : pixels()->width; }
  [[nodiscard]] Index height() const { return source() ? source()->height() : pixels()->height; }

  /// Null where the image is a source.
  [[nodiscard]] const RgbImage* pixels() const {
    const auto* held = std::get_if<std::shared_ptr<const RgbImage>>(&image_);
    return held ? held->get() : nullptr;
  }

  /// Null where the image is pixels.
  [[nodiscard]] const StreamedImage* source() const { return std::get_if<StreamedImage>(&image_); }

  /// Where its tissue lies; null where nobody has looked for it.
  [[nodiscard]] const std::shared_ptr<const TissueArea>& tissue() const { return tissue_; }
  void set_tissue(std::shared_ptr<const TissueArea> tissue) { tissue_ = std::move(tissue); }

  /// Bytes of decoded pixels: none of a source.
  [[nodiscard]] std::size_t bytes() const { return pixels() ? pixels()->pixels.size() : 0; }

 private:
  std::variant<std::shared_ptr<const RgbImage>, StreamedImage> image_;
  std::shared_ptr<const TissueArea> tissue_{};
};

}  // namespace saccade
