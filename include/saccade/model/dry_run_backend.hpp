#pragma once

#include <saccade/ops/forwarded_operations.hpp>

namespace saccade::inline SACCADE_NAMESPACE {

/// Like `B`, but its tensors are shapes: nothing is computed, and `zeros` counts the bytes of the numbers that a tensor
/// of B would hold. It offers feature maps and the fused operations that B offers, so that what is built of it is what
/// is built of B.
template <Backend B>
class DryRunBackend : public ForwardedOperations<DryRunBackend<B>, B> {
 public:
  using Scalar = typename B::Scalar;
  struct Tensor {
    Shape shape;
  };
  using Image = ImageView;

  /// @param map_bytes  of a number of a feature map, where B has a format of its own for them
  explicit DryRunBackend(Index map_bytes = sizeof(Scalar)) : map_bytes_(map_bytes) {}

  /// Bytes of all tensors made so far.
  [[nodiscard]] Index bytes() const { return bytes_; }

  Tensor zeros(const Shape& shape) {
    bytes_ += shape.size() * static_cast<Index>(sizeof(Scalar));
    return {shape};
  }
  Tensor feature_map(const Shape& shape) requires FeatureMaps<B> {
    bytes_ += shape.size() * map_bytes_;
    return {shape};
  }
  Shape shape(const Tensor& x) const { return x.shape; }
  Image make_image(ImageView view) const { return view; }
  Index width(const Image& image) const { return image.width; }
  Index height(const Image& image) const { return image.height; }

  void perform(auto&&...) {}

 private:
  Index map_bytes_;
  Index bytes_ = 0;
};

}  // namespace saccade
