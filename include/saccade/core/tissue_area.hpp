#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/image.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// Where tissue lies on an image as it is stored: square cells of `cell` pixels, row by row from the top left corner
/// on, those at the right and at the bottom cut off where the image ends.
class TissueArea {
 public:
  /// A point of an image, in pixels from its left and upper edges.
  struct Point {
    double x = 0, y = 0;
  };

  /// @param tissue  (rows, columns), 1 for a cell of tissue and 0 for one of glass; with none, `at` draws over
  /// everything
  /// @throws ConfigError unless it has a number for each cell
  TissueArea(ImageSize image, Index cell, std::vector<std::uint8_t> tissue)
      : image_(image), cell_(cell), tissue_(std::move(tissue)) {
    expect_config(image.width >= 1 && image.height >= 1 && cell >= 1,
                  "TissueArea: the image and its cells must have pixels");
    columns_ = (image.width + cell - 1) / cell;
    const Index rows = (image.height + cell - 1) / cell;
    expect_config(static_cast<Index>(tissue_.size()) == columns_ * rows,
                  "TissueArea: there must be " + std::to_string(columns_ * rows) + " cells, but there are " +
                      std::to_string(tissue_.size()));
    found_ = std::find(tissue_.begin(), tissue_.end(), std::uint8_t{1}) != tissue_.end();
    if (!found_) std::fill(tissue_.begin(), tissue_.end(), std::uint8_t{1});
    for (Index row = 0; row < rows; ++row) {
      Index pixels = pixels_.empty() ? 0 : pixels_.back();
      for (Index column = 0; column < columns_; ++column)
        if (is_tissue(column, row)) pixels += width_of(column) * height_of(row);
      pixels_.push_back(pixels);
    }
  }

  /// Of the image.
  [[nodiscard]] ImageSize size() const { return image_; }

  /// False where no cell is tissue.
  [[nodiscard]] bool found() const { return found_; }

  /// Whether `at` may give a point of this pixel.
  [[nodiscard]] bool covers(Index x, Index y) const { return is_tissue(x / cell_, y / cell_); }

  /// A point of the tissue, uniform where the three numbers are, each from (0, 1): which cell, and where in it.
  [[nodiscard]] Point at(double which, double x, double y) const {
    const double pixel = which * static_cast<double>(pixels_.back());
    const auto found = std::upper_bound(pixels_.begin(), pixels_.end() - 1, pixel,
                                        [](double one, Index other) { return one < static_cast<double>(other); });
    const auto row = Index{found - pixels_.begin()};
    double left = pixel - (row == 0 ? 0.0 : static_cast<double>(pixels_[static_cast<std::size_t>(row - 1)]));
    Index column = -1;
    for (Index each = 0; each < columns_; ++each) {
      if (!is_tissue(each, row)) continue;
      column = each;
      const auto pixels = static_cast<double>(width_of(each) * height_of(row));
      if (left < pixels) break;
      left -= pixels;
    }
    return {static_cast<double>(column * cell_) + x * static_cast<double>(width_of(column)),
            static_cast<double>(row * cell_) + y * static_cast<double>(height_of(row))};
  }

 private:
  [[nodiscard]] bool is_tissue(Index column, Index row) const {
    return tissue_[static_cast<std::size_t>(row * columns_ + column)] != 0;
  }
  [[nodiscard]] Index width_of(Index column) const { return std::min(cell_, image_.width - column * cell_); }
  [[nodiscard]] Index height_of(Index row) const { return std::min(cell_, image_.height - row * cell_); }

  ImageSize image_;
  Index cell_;
  Index columns_ = 0;
  bool found_ = false;
  std::vector<std::uint8_t> tissue_;
  std::vector<Index> pixels_;  ///< of tissue, up to the end of each row of cells
};

}  // namespace saccade
