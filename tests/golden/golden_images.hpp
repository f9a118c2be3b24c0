#pragma once

#include <saccade/core/geometry.hpp>

#include "golden/golden_case.hpp"

#include <string>
#include <vector>

namespace saccade_tests {

template <class To>
[[nodiscard]] std::vector<To> numbers_as(const std::vector<double>& numbers) {
  std::vector<To> converted;
  for (const double number : numbers) converted.push_back(static_cast<To>(number));
  return converted;
}

/// The case "images" of a golden file: three 8-bit images of different sizes, and the colours that normalise them.
template <class B>
class GoldenImages {
 public:
  GoldenImages(const GoldenFile& file, B& b) {
    GoldenCase<B> golden(file, "images", b);
    const auto mean = golden.numbers("mean"), deviation = golden.numbers("deviation");
    for (std::size_t c = 0; c < 3; ++c) {
      normalization_.mean[c] = static_cast<float>(mean[c]);
      normalization_.deviation[c] = static_cast<float>(deviation[c]);
    }
    for (std::size_t i = 0; i < 3; ++i) {
      const std::string operand = "pixels" + std::to_string(i);
      const Shape shape = golden.shape(operand);  // (H, W, 3)
      pixels_.push_back(golden.bytes(operand));
      images_.push_back(b.make_image({pixels_.back().data(), shape[1], shape[0], 3 * shape[1]}));
    }
    for (const Image<B>& image : images_) batch_.push_back({&image, Symmetry::identity});
    golden.expect_all_used();
  }

  GoldenImages(const GoldenImages&) = delete;  // the batch points at the images
  GoldenImages& operator=(const GoldenImages&) = delete;

  [[nodiscard]] ImageBatch<B> batch() const { return batch_; }

  /// Mean and deviation; the other fields have their defaults.
  [[nodiscard]] const GlimpseGeometry& normalization() const { return normalization_; }

 private:
  GlimpseGeometry normalization_;
  std::vector<std::vector<std::uint8_t>> pixels_;
  std::vector<Image<B>> images_;
  std::vector<OrientedImage<B>> batch_;
};

}  // namespace saccade_tests
