#pragma once

#include <saccade/core/image.hpp>
#include <saccade/core/shape.hpp>
#include <saccade/model/control_policy.hpp>
#include <saccade/report/colour_map.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

/// Where glimpses fall, over many images.
namespace saccade::inline SACCADE_NAMESPACE::report {

/// Counts locations in the cells of a grid over the image, whatever its size. Cell (0, 0) is at the top left; a
/// location beyond an edge counts in the cell at that edge.
class LocationMap {
 public:
  LocationMap(Index columns, Index rows)
      : columns_(columns), rows_(rows), counts_(static_cast<std::size_t>(columns * rows)) {}

  void add(Location location) {
    ++counts_[static_cast<std::size_t>(cell(location.y, rows_) * columns_ + cell(location.x, columns_))];
    ++total_;
    sum_.x += location.x;
    sum_.y += location.y;
    squares_.x += location.x * location.x;
    squares_.y += location.y * location.y;
  }

  [[nodiscard]] Index columns() const { return columns_; }
  [[nodiscard]] Index rows() const { return rows_; }
  [[nodiscard]] Index total() const { return total_; }
  [[nodiscard]] Index count(Index column, Index row) const {
    return counts_[static_cast<std::size_t>(row * columns_ + column)];
  }

  /// Share of the locations in the fullest cell; 0 where there are none.
  [[nodiscard]] double largest_share() const {
    return total_ == 0 ? 0 : static_cast<double>(*std::max_element(counts_.begin(), counts_.end())) / number();
  }

  /// Not a number where there are none.
  [[nodiscard]] Location mean() const { return {sum_.x / number(), sum_.y / number()}; }

  /// Standard deviation on each axis, of the locations themselves (divided by their number).
  [[nodiscard]] Location deviation() const {
    const auto root = [&](double squares, double middle) {
      return std::sqrt(std::max(squares / number() - middle * middle, 0.0));
    };
    return total_ == 0 ? mean() : Location{root(squares_.x, mean().x), root(squares_.y, mean().y)};
  }

 private:
  [[nodiscard]] double number() const { return static_cast<double>(total_); }

  [[nodiscard]] static Index cell(double place, Index cells) {
    const double position = 0.5 * (place + 1) * static_cast<double>(cells);
    // Also keeps what is not a number, or huge, from being converted.
    if (!(position > 0)) return 0;
    return position >= static_cast<double>(cells) ? cells - 1 : static_cast<Index>(position);
  }

  Index columns_;
  Index rows_;
  std::vector<Index> counts_;  ///< (rows, columns)
  Index total_ = 0;
  Location sum_{};
  Location squares_{};
};

/// One pixel a cell: pale yellow where nobody looks, over red to black at a share of `darkest` of the locations. It
/// reads in grey and on paper.
/// @param darkest  share of the locations in a cell that gets the darkest colour, more than 0
[[nodiscard]] inline RgbImage draw_heat_map(const LocationMap& map, double darkest) {
  RgbImage image(map.columns(), map.rows());
  for (Index row = 0; row < map.rows(); ++row) {
    for (Index column = 0; column < map.columns(); ++column) {
      const double share =
          map.total() == 0 ? 0 : static_cast<double>(map.count(column, row)) / static_cast<double>(map.total());
      blend_pixel(image, column, row, inferno(1 - share / darkest), 1);
    }
  }
  return image;
}

}  // namespace saccade::report
