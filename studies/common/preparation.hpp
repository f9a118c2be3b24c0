#pragma once

#include <saccade/report/canvas.hpp>
#include <saccade/report/overview.hpp>
#include <saccade/training/run_data.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Images that a model of a study sees otherwise than they are.
namespace bench {

using saccade::Index;

/// What is done to every image before a model sees it.
enum class Preparation {
  none,
  stretch,  ///< the whole image, stretched to a square
  cut,      ///< a square around the middle of its first region, moved into the image
};

inline constexpr std::array<std::string_view, 3> preparation_names{"none", "stretch", "cut"};

/// Pixels of a sample, decoded.
[[nodiscard]] inline saccade::RgbImage pixels_of(const saccade::data::Dataset& dataset,
                                                 const saccade::data::Sample& sample) {
  const saccade::AnyImage image = saccade::data::read_sample(dataset, sample);
  if (image.pixels() == nullptr) throw saccade::FileError('"' + sample.name + "\": a study needs decoded images");
  return *image.pixels();
}

/// The size of a sample, by its file's header where that is enough. @throws FileError
[[nodiscard]] inline saccade::ImageSize size_of(const saccade::data::Dataset& dataset,
                                                const saccade::data::Sample& sample) {
  if (const auto size = saccade::data::sample_size(dataset, sample)) return *size;
  const saccade::RgbImage image = pixels_of(dataset, sample);
  return {image.width, image.height};
}

/// The square of `side` pixels around the middle of `region`, moved into the image. @throws FileError where it is
/// larger
[[nodiscard]] inline saccade::RgbImage cut_around(const saccade::RgbImage& image, const saccade::Box& region,
                                                  Index side, const std::string& name) {
  if (image.width < side || image.height < side)
    throw saccade::FileError('"' + name + "\": is smaller than the " + std::to_string(side) + " pixels to be cut out");
  const Index x = std::clamp<Index>(region.x + region.width / 2 - side / 2, 0, image.width - side);
  const Index y = std::clamp<Index>(region.y + region.height / 2 - side / 2, 0, image.height - side);
  return saccade::report::crop(image, {x, y, side, side});
}

/// The same of a slide, which is never decoded as a whole. Stretched, it is made of one that is reduced by a power of
/// two, to at least twice the side where it is so large.
[[nodiscard]] inline saccade::RgbImage prepared(const saccade::StreamedImage& slide, Preparation preparation,
                                                Index side, const saccade::data::Sample& sample) {
  if (preparation == Preparation::stretch)
    return saccade::report::resize(saccade::report::read_overview(slide, 4 * side).image, side, side);
  const saccade::Box& region = sample.regions.front();
  const auto first = [&](Index place, Index length, Index extent) {
    return std::clamp<Index>(place + length / 2 - side / 2, 0, extent - side);
  };
  return saccade::report::read_box(slide, {first(region.x, region.width, slide.width()),
                                           first(region.y, region.height, slide.height()), side, side});
}

/// The data set as a model sees it that is shown squares of `side` pixels. Regions stay those of the images as they
/// were.
/// @throws FileError where regions are needed and one is missing
[[nodiscard]] inline saccade::data::Dataset prepared(saccade::data::Dataset dataset, Preparation preparation,
                                                     Index side) {
  if (preparation == Preparation::none) return dataset;
  if (preparation == Preparation::cut)
    for (const saccade::data::Sample& sample : dataset.samples)
      if (sample.regions.empty())
        throw saccade::FileError('"' + sample.name + "\": its region is not known, and so not where to cut");
  dataset.read = [source = saccade::data::Dataset{.read = dataset.read, .slides = dataset.slides}, preparation,
                  side](const saccade::data::Sample& sample) -> saccade::AnyImage {
    const saccade::AnyImage any = saccade::data::read_sample(source, sample);
    if (any.source()) return prepared(*any.source(), preparation, side, sample);
    const saccade::RgbImage& image = *any.pixels();
    return preparation == Preparation::stretch ? saccade::report::resize(image, side, side)
                                               : cut_around(image, sample.regions.front(), side, sample.name);
  };
  return dataset;
}

/// Mean share of an image's pixels that a square of `side` has, over the images of `part`.
[[nodiscard]] inline double share_of_pixels(const saccade::data::Dataset& dataset, const std::vector<Index>& part,
                                            Index side) {
  double sum = 0;
  for (const Index image : part) {
    const saccade::ImageSize size = size_of(dataset, dataset.sample(image));
    sum += static_cast<double>(side * side) / static_cast<double>(size.width * size.height);
  }
  return sum / static_cast<double>(part.size());
}

}  // namespace bench
