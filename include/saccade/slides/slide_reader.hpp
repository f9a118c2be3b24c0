#pragma once

// Opt-in: needs OpenSlide and POSIX.

#include <saccade/data/slide_files.hpp>
#include <saccade/slides/slide_pool.hpp>

#include <filesystem>
#include <memory>
#include <utility>

namespace saccade::inline SACCADE_NAMESPACE::slides {

/// What opens whole slides for data sets (data::DatasetOptions::slides), all of them from one pool.
[[nodiscard]] inline data::SlideReader slide_reader(std::shared_ptr<SlidePool> pool = SlidePool::make(),
                                                    const SlideResolution& resolution = {}) {
  return {.open =
              [pool = std::move(pool)](const std::filesystem::path& path, const SlideResolution& wanted) {
                SlidePool::Slide slide = pool->open(path, wanted);
                return data::OpenedSlide{.image = StreamedImage(slide),
                                         .base = slide.base(),
                                         .scanned = slide.scanned(),
                                         .microns_per_pixel = slide.microns_per_pixel()};
              },
          .resolution = resolution};
}

}  // namespace saccade::slides
