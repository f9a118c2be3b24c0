#pragma once

#include <saccade/backends/cuda/launchers.hpp>
#include <saccade/backends/cuda/staging.hpp>
#include <saccade/core/image.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_VERSION_NAMESPACE::cuda {

/// Bytes of device memory that images may take, shared by all images of a backend.
struct ImageBudget {
  std::size_t left = 0;
};

/// A resident image: its own copy of the pixels, without padding between rows, on the device, or on the host and
/// pinned, where the device reads only what it looks at.
class DeviceImage {
 public:
  /// Copies the pixels; they are needed no longer when it returns.
  DeviceImage(const std::shared_ptr<const Stream>& stream, const ImageView& view,
              const std::shared_ptr<ImageBudget>& budget, Staging& staging)
      : width_(view.width), height_(view.height) {
    const std::size_t row = static_cast<std::size_t>(row_stride());
    const std::size_t bytes = row * static_cast<std::size_t>(height_);
    if (bytes <= budget->left) {
      device_ = DeviceMemory(stream, bytes, "make_image");
      lease_ = Lease(budget, bytes);
      const auto rows = [&](std::byte* buffer, std::size_t offset, std::size_t count) {
        read(view, offset, count, buffer);
      };
      staging.copy_from(rows, device_.data(), bytes, "make_image");
      pixels_ = device_.data();
    } else {
      host_ = PinnedMemory(stream, bytes, "make_image");
      read(view, 0, bytes, static_cast<std::byte*>(host_.data()));
      pixels_ = host_.on_device("make_image");
    }
  }

  [[nodiscard]] Index width() const { return width_; }
  [[nodiscard]] Index height() const { return height_; }
  /// Whether the pixels are in the memory of the device.
  [[nodiscard]] bool on_device() const { return device_.data() != nullptr; }

  [[nodiscard]] StagedImage staged(Symmetry symmetry) const {
    return {static_cast<const std::uint8_t*>(pixels_), width_, height_, row_stride(), symmetry};
  }

 private:
  /// Bytes of the budget, given back at the end.
  class Lease {
   public:
    Lease() = default;
    Lease(std::shared_ptr<ImageBudget> budget, std::size_t bytes) : budget_(std::move(budget)), bytes_(bytes) {
      budget_->left -= bytes_;
    }
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&& other) noexcept {
      Lease old(std::move(*this));
      budget_ = std::move(other.budget_);
      bytes_ = other.bytes_;
      return *this;
    }
    ~Lease() {
      if (budget_) budget_->left += bytes_;
    }

   private:
    std::shared_ptr<ImageBudget> budget_;
    std::size_t bytes_ = 0;
  };

  [[nodiscard]] Index row_stride() const { return width_ * image_channels; }

  /// Bytes `offset` to `offset + count` of the image without padding.
  void read(const ImageView& view, std::size_t offset, std::size_t count, std::byte* target) const {
    const std::size_t row = static_cast<std::size_t>(row_stride());
    while (count > 0) {
      const std::size_t in_row = offset % row, part = std::min(count, row - in_row);
      std::memcpy(target, view.pixels + offset / row * static_cast<std::size_t>(view.row_stride) + in_row, part);
      target += part;
      offset += part;
      count -= part;
    }
  }

  Index width_;
  Index height_;
  const void* pixels_ = nullptr;  ///< where the device reads them
  DeviceMemory device_;
  PinnedMemory host_;
  Lease lease_;
};

/// The tables of images that crops read, in device memory: one for each size of a batch, at an address that stays.
class ImageTables {
 public:
  struct Table {
    std::vector<StagedImage> images;
    DeviceMemory memory;
  };

  /// The table for these images, oriented as given, and whether it holds just them already. `Batch` is an ImageBatch.
  template <class Batch>
  [[nodiscard]] std::pair<Table&, bool> find(const Batch& batch) {
    wanted_.clear();
    for (const auto& oriented : batch) wanted_.push_back(oriented.image->staged(oriented.symmetry));
    Table& table = tables_[batch.size()];
    return {table, std::equal(wanted_.begin(), wanted_.end(), table.images.begin(), table.images.end(), same)};
  }

  /// Queues the copy of what `find` was asked for last into its table.
  void renew(Table& table, const std::shared_ptr<const Stream>& stream, Staging& staging, std::string_view operation) {
    const std::size_t bytes = wanted_.size() * sizeof(StagedImage);
    if (table.memory.bytes() < bytes) table.memory = DeviceMemory(stream, bytes, operation);
    table.images.clear();
    staging.copy(wanted_.data(), table.memory.data(), bytes, operation);
    table.images = wanted_;
  }

 private:
  static bool same(const StagedImage& a, const StagedImage& b) {
    return a.pixels == b.pixels && a.width == b.width && a.height == b.height && a.row_stride == b.row_stride &&
           a.symmetry == b.symmetry;
  }

  std::map<std::size_t, Table> tables_;
  std::vector<StagedImage> wanted_;
};

}  // namespace saccade::cuda
