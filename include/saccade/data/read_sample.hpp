#pragma once

// Opt-in: needs stb_image and libjpeg-turbo.

#include <saccade/data/dataset.hpp>
#include <saccade/data/image_decode.hpp>
#include <saccade/data/image_size.hpp>

#include <optional>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// The pixels of a sample, or a source of its regions. @throws FileError
[[nodiscard]] inline AnyImage read_sample(const Dataset& dataset, const Sample& sample) {
  if (dataset.read) return dataset.read(sample);
  if (is_slide(dataset, sample)) return dataset.slides(sample.path).image;
  return load_image(sample.path);
}

/// The size of a sample by its file's header; nothing where it has no file of its own, or that is no image.
[[nodiscard]] inline std::optional<ImageSize> sample_size(const Dataset& dataset, const Sample& sample) {
  if (dataset.read) return {};
  return read_image_size(sample.path, dataset.slides);
}

}  // namespace saccade::data
