#pragma once

#include <saccade/core/image.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

namespace saccade::inline SACCADE_NAMESPACE {

/// A RegionSource of any type behind one handle, and itself a RegionSource. Copies share the source, which is closed
/// with the last of them.
class StreamedImage {
 public:
  template <RegionSource S>
  requires(!std::same_as<S, StreamedImage>) explicit StreamedImage(S source)
      : source_(std::make_shared<const Held<S>>(std::move(source))) {}

  [[nodiscard]] Index width() const { return source_->width(); }
  [[nodiscard]] Index height() const { return source_->height(); }

  /// See RegionSource.
  void read_region(Index x, Index y, Index width, Index height, Index reduction, std::span<std::uint8_t> pixels) const {
    source_->read_region(x, y, width, height, reduction, pixels);
  }

 private:
  struct Source {
    Source() = default;
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;
    virtual ~Source() = default;
    [[nodiscard]] virtual Index width() const = 0;
    [[nodiscard]] virtual Index height() const = 0;
    virtual void read_region(Index x, Index y, Index width, Index height, Index reduction,
                             std::span<std::uint8_t> pixels) const = 0;
  };

  template <RegionSource S>
  struct Held final : Source {
    explicit Held(S source) : held(std::move(source)) {}
    [[nodiscard]] Index width() const override { return held.width(); }
    [[nodiscard]] Index height() const override { return held.height(); }
    void read_region(Index x, Index y, Index width, Index height, Index reduction,
                     std::span<std::uint8_t> pixels) const override {
      held.read_region(x, y, width, height, reduction, pixels);
    }
    S held;
  };

  std::shared_ptr<const Source> source_;
};

}  // namespace saccade
