#pragma once

#include <saccade/core/number_text.hpp>
#include <saccade/report/glimpse_overlay.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

/// One picture that explains one decision: the path of the glimpses, each glimpse, and each soft mask.
namespace saccade::inline SACCADE_NAMESPACE::report {

/// A classified image and everything that the classifier looked at. Boxes are in pixels of `image`: of an overview they
/// are scaled, and each step has the pixels of its glimpse.
struct Explanation {
  std::string title{};                     ///< for example the file name
  RgbImage image{};                        ///< what was classified, or an overview of it
  Index reduction = 1;                     ///< pixels that were classified for one of `image`, on each axis
  std::vector<GlimpseStep> steps{};        ///< in the order of looking
  std::vector<std::string> class_names{};  ///< by class; empty: classes are shown by number
  std::optional<std::size_t> label{};      ///< the true class, where it is known
  std::vector<Box> regions{};              ///< regions that are known to matter; may be empty
};

struct ExplanationStyle {
  Index width = 0;            ///< pixels of the picture; 0: those of the image, but at least 640 and at most 1600
  Index columns = 6;          ///< at most so many glimpses in one row
  double mask_alpha = 0.6;    ///< opacity of the heat over the grey glimpse
  bool stretch_masks = true;  ///< colours from the smallest to the largest mask value of all steps instead of 0 to 1
};

namespace detail {

inline constexpr Index sheet_margin = 12;
inline constexpr Colour sheet_ink{40, 40, 48};
inline constexpr Colour sheet_faint{110, 110, 120};

/// "0.93": two digits after the point.
inline std::string two_digits(double value) { return fixed_text(value, 2); }

inline Box scaled(const Box& box, double scale) {
  const auto at = [scale](Index v) -> Index { return std::lround(scale * static_cast<double>(v)); };
  return {at(box.x), at(box.y), at(box.x + box.width) - at(box.x), at(box.y + box.height) - at(box.y)};
}

inline std::string class_name(const Explanation& explanation, std::size_t index) {
  return index < explanation.class_names.size() ? explanation.class_names[index] : "class " + std::to_string(index);
}

/// The most probable class of a step; nothing where it has no probabilities.
inline std::optional<std::size_t> predicted_class(const GlimpseStep& step) {
  const auto& p = step.class_probabilities;
  if (p.empty()) return std::nullopt;
  return static_cast<std::size_t>(std::max_element(p.begin(), p.end()) - p.begin());
}

/// "malignant 0.93"; nothing where the step has no probabilities.
inline std::string prediction_text(const Explanation& explanation, const GlimpseStep& step) {
  const auto predicted = predicted_class(step);
  if (!predicted) return {};
  return class_name(explanation, *predicted) + " " +
         two_digits(static_cast<double>(step.class_probabilities[*predicted]));
}

inline MaskRange mask_range(std::span<const GlimpseStep> steps, bool stretch) {
  if (!stretch) return {};
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const GlimpseStep& step : steps) {
    for (const float value : step.mask.values) {
      low = std::min(low, static_cast<double>(value));
      high = std::max(high, static_cast<double>(value));
    }
  }
  return high > low ? MaskRange{low, high} : MaskRange{};
}

/// An upright colour bar of the heat map with its two ends written beside it.
inline void draw_colour_bar(RgbImage& sheet, const Box& box, const RgbImage& underlay, double alpha, MaskRange range) {
  const Colour below = pixel(underlay, 0, 0);
  for (Index row = 0; row < box.height; ++row) {
    const double t = 1 - (static_cast<double>(row) + 0.5) / static_cast<double>(box.height);
    fill_rectangle(sheet, {box.x, box.y + row, box.width, 1}, mix(below, inferno(t), alpha));
  }
  draw_rectangle(sheet, box, 1, sheet_faint);
  const TextStyle style{.scale = 1, .colour = sheet_ink};
  const Index x = box.x + box.width + 4;
  draw_text(sheet, x, box.y, two_digits(range.high), style);
  draw_text(sheet, x, box.y + box.height - capital_height(1), two_digits(range.low), style);
}

}  // namespace detail

/// The image, `width` pixels wide, with the path of the glimpses and the regions on it.
[[nodiscard]] inline RgbImage draw_path(const Explanation& explanation, Index width) {
  const RgbImage& image = explanation.image;
  const double scale = static_cast<double>(width) / static_cast<double>(image.width);
  RgbImage picture = resize(image, width, std::max<Index>(std::lround(scale * static_cast<double>(image.height)), 1));
  for (const Box& region : explanation.regions) draw_region_box(picture, detail::scaled(region, scale));
  std::vector<GlimpseStep> shown(explanation.steps.size());
  for (std::size_t i = 0; i < shown.size(); ++i) {
    shown[i].box = detail::scaled(explanation.steps[i].box, scale);
    for (const Box& box : explanation.steps[i].coarser) shown[i].coarser.push_back(detail::scaled(box, scale));
  }
  draw_glimpse_path(picture, shown);
  return picture;
}

/// Composes the picture: a caption with label and prediction, the image with the path on it, and below it the glimpses,
/// each plain with what the classifier thought after it, and with its mask as heat over the grey glimpse.
/// @throws ShapeError where a side of the image or of a glimpse is not positive, or a mask does not fit its sides
[[nodiscard]] inline RgbImage draw_explanation(const Explanation& explanation, const ExplanationStyle& style = {}) {
  using namespace detail;
  const RgbImage& image = explanation.image;
  const std::vector<GlimpseStep>& steps = explanation.steps;
  if (image.width <= 0 || image.height <= 0) {
    throw ShapeError("draw_explanation: image must have pixels, but is " + std::to_string(image.width) + " x " +
                     std::to_string(image.height));
  }
  bool any_mask = false;
  for (const GlimpseStep& step : steps) {
    if (step.box.area() == 0) {
      throw ShapeError("draw_explanation: box of a glimpse must have pixels, but is " + std::to_string(step.box.width) +
                       " x " + std::to_string(step.box.height));
    }
    any_mask = any_mask || !step.mask.values.empty();
  }

  const Index width = style.width > 0 ? style.width : std::clamp<Index>(image.width, 640, 1600) + 2 * sheet_margin;
  const Index inner = std::max<Index>(width - 2 * sheet_margin, 1);
  const double scale = static_cast<double>(inner) / static_cast<double>(image.width);
  const Index picture_height = std::max<Index>(std::lround(scale * static_cast<double>(image.height)), 1);

  // The bar of the masks takes a column of its own at the right.
  const Index bar_room = any_mask ? 48 : 0;
  const Index count = static_cast<Index>(steps.size());
  const Index columns = std::clamp<Index>(count, 4, std::max<Index>(style.columns, 4));
  const Index gap = 8;
  const Index tile = std::max<Index>((inner - bar_room - (columns - 1) * gap) / columns, 1);
  const Index text_lines = text_height(1) + 2 + capital_height(2);  // the class above its probability
  const Index caption_height = text_lines + 6;
  const Index block_height = caption_height + tile + (any_mask ? gap + tile : 0) + sheet_margin;
  const Index blocks = (count + columns - 1) / columns;
  const Index heading_height = sheet_margin + text_height(2) + 4 + text_height(2) + 4;

  RgbImage sheet(width, heading_height + picture_height + sheet_margin + blocks * block_height);
  fill_rectangle(sheet, {0, 0, sheet.width, sheet.height}, white);

  draw_text(sheet, sheet_margin, sheet_margin, fit_text(explanation.title, 2, inner), {.scale = 2, .colour = black});
  std::string verdict;
  Colour verdict_colour = sheet_ink;
  if (explanation.label) verdict = "label " + class_name(explanation, *explanation.label);
  if (!steps.empty() && predicted_class(steps.back())) {
    if (!verdict.empty()) verdict += ",  ";
    verdict += "prediction " + prediction_text(explanation, steps.back());
    if (explanation.label) {
      const bool right = *predicted_class(steps.back()) == *explanation.label;
      verdict += right ? "  (right)" : "  (wrong)";
      verdict_colour = right ? Colour{0, 100, 75} : Colour{180, 60, 0};
    }
  }
  draw_text(sheet, sheet_margin, sheet_margin + text_height(2) + 4, fit_text(verdict, 2, inner),
            {.scale = 2, .colour = verdict_colour});

  paste(sheet, sheet_margin, heading_height, draw_path(explanation, inner));

  const MaskRange range = mask_range(steps, style.stretch_masks);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const GlimpseStep& step = steps[i];
    const Index x = sheet_margin + static_cast<Index>(i) % columns * (tile + gap);
    const Index top = heading_height + picture_height + sheet_margin + static_cast<Index>(i) / columns * block_height;
    const RgbImage patch = step.patch.pixels.empty() ? crop(image, step.box) : step.patch;
    RgbImage view = resize(patch, tile, tile);

    const Colour colour = time_colour(i, steps.size());
    const std::string number = std::to_string(i + 1);
    const Index number_width = text_width(number, 2) + 8;
    fill_rectangle(sheet, {x, top, number_width, text_lines}, colour);
    draw_text(sheet, x + 4, top + (text_lines - capital_height(2)) / 2, number,
              {.scale = 2, .colour = luma(colour) > 0.38 ? black : white});
    if (const auto predicted = predicted_class(step)) {
      const Index left = x + number_width + 6, room = tile - number_width - 6;
      draw_text(sheet, left, top, fit_text(class_name(explanation, *predicted), 1, room),
                {.scale = 1, .colour = sheet_ink});
      draw_text(sheet, left, top + text_lines - capital_height(2),
                two_digits(static_cast<double>(step.class_probabilities[*predicted])),
                {.scale = 2, .colour = sheet_ink});
    }

    const Box frame{x, top + caption_height, tile, tile};
    paste(sheet, frame.x, frame.y, view);
    draw_rectangle(sheet, frame, 3, colour);
    if (step.mask.values.empty()) continue;
    view = to_grey(std::move(view));
    draw_mask_heat(view, {0, 0, tile, tile}, step.mask, style.mask_alpha, range);
    const Box mask_frame{x, frame.y + tile + gap, tile, tile};
    paste(sheet, mask_frame.x, mask_frame.y, view);
    draw_rectangle(sheet, mask_frame, 3, colour);
  }
  if (any_mask) {
    RgbImage grey(1, 1);
    fill_rectangle(grey, {0, 0, 1, 1}, {170, 170, 170});
    const Index first_block = heading_height + picture_height + sheet_margin;
    const Index bar_x = sheet_margin + columns * (tile + gap);
    const Index bar_y = first_block + caption_height + tile + gap;
    draw_text(sheet, bar_x, bar_y - gap - text_height(1), "mask", {.scale = 1, .colour = sheet_ink});
    draw_colour_bar(sheet, {bar_x, bar_y, 12, tile}, grey, style.mask_alpha, range);
  }
  return sheet;
}

/// The image in grey with every soft mask as heat in its place, later glimpses above earlier ones, each framed in the
/// colour of its step. The size of the image; steps without a mask show their frame only.
/// @throws ShapeError where a mask does not fit its sides
[[nodiscard]] inline RgbImage draw_masks(const Explanation& explanation, const ExplanationStyle& style = {}) {
  const RgbImage grey = to_grey(explanation.image);
  RgbImage picture = grey;
  const MaskRange range = detail::mask_range(explanation.steps, style.stretch_masks);
  const std::size_t count = explanation.steps.size();
  for (std::size_t i = 0; i < count; ++i) {
    const GlimpseStep& step = explanation.steps[i];
    if (!step.mask.values.empty()) {
      RgbImage view = crop(grey, step.box);
      draw_mask_heat(view, {0, 0, view.width, view.height}, step.mask, style.mask_alpha, range);
      paste(picture, step.box.x, step.box.y, view);
    }
    draw_rectangle(picture, step.box, 4, detail::outline);
    draw_rectangle(picture, step.box, 2, time_colour(i, count));
  }
  return picture;
}

}  // namespace saccade::report
