#pragma once

#include <saccade/core/backend.hpp>

#include <vector>

/// A backend without numbers: tensors are shapes, and operations only count. It can classify, and says what that costs.
namespace saccade_test {

using saccade::ConvolutionGeometry;
using saccade::Corners;
using saccade::GlimpseGeometry;
using saccade::ImageView;
using saccade::Index;
using saccade::PoolingGeometry;
using saccade::RandomKey;
using saccade::Shape;
using saccade::Write;

class ShapeBackend {
 public:
  using Scalar = float;
  struct Tensor {
    Shape shape;
  };
  using Image = ImageView;

  Index multiply_adds = 0;       ///< of convolutions and linear layers
  std::vector<Shape> pooled;     ///< outputs of the max-poolings, in order
  std::vector<Shape> upsampled;  ///< outputs of the upsamplings, in order

  Tensor zeros(const Shape& shape) { return {shape}; }
  Shape shape(const Tensor& x) { return x.shape; }
  void fill(float, Tensor&) {}
  void copy(const Tensor&, Tensor&) {}
  void upload(std::span<const float>, Tensor&) {}
  void download(const Tensor&, std::span<float>) {}
  void synchronize() {}

  void linear(const Tensor& x, const Tensor& w, Tensor&, Write) { multiply_adds += x.shape[0] * w.shape.size(); }
  void add_bias(const Tensor&, Tensor&) {}
  void convolve(const Tensor&, const Tensor& w, ConvolutionGeometry, Tensor& y) {
    multiply_adds += y.shape.size() / y.shape[3] * w.shape.size();
  }
  void batch_norm_infer(const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&, double, Tensor&) {}
  void group_norm(const Tensor&, const Tensor&, const Tensor&, Index, double, Tensor&, Tensor&, Tensor&) {}
  void relu(const Tensor&, Tensor&) {}
  void prelu(const Tensor&, const Tensor&, Tensor&) {}
  void sigmoid(const Tensor&, Tensor&) {}
  void tanh(const Tensor&, Tensor&) {}
  void exp(const Tensor&, Tensor&) {}
  void rsqrt(const Tensor&, Tensor&) {}
  void clamp(const Tensor&, float, float, Tensor&) {}
  void add(const Tensor&, const Tensor&, Tensor&) {}
  void multiply(const Tensor&, const Tensor&, Tensor&, Write) {}
  void axpy(float, const Tensor&, Tensor&) {}
  void row_sums(const Tensor&, Tensor&, Write) {}
  void read_columns(const Tensor&, Index, Tensor&, Write) {}
  void write_columns(const Tensor&, Index, Tensor&, Write) {}
  void max_pool(const Tensor&, PoolingGeometry, Tensor& y, Tensor&) { pooled.push_back(y.shape); }
  void global_average_pool(const Tensor&, Tensor&) {}
  void spatial_softmax(const Tensor&, Tensor&, Tensor&) {}
  void upsample_bilinear(const Tensor&, Corners, Tensor& y) { upsampled.push_back(y.shape); }
  Image make_image(ImageView view) { return view; }
  Index width(const Image& image) { return image.width; }
  Index height(const Image& image) { return image.height; }
  void crop_glimpses(saccade::ImageBatch<ShapeBackend>, const Tensor&, GlimpseGeometry, Tensor&) {}
  void apply_mask(const Tensor&, const Tensor&, Tensor&) {}
  void softmax(const Tensor&, Tensor&) {}
  void softmax_cross_entropy(const Tensor&, const Tensor&, Tensor&, Tensor&) {}
  void most_probable(const Tensor&, Tensor&) {}
  void correct(const Tensor&, const Tensor&, Tensor&) {}
  void sample_gaussian(const Tensor&, float, RandomKey, Tensor&) {}
  void sample_uniform(float, float, RandomKey, Tensor&) {}
  void sample_categorical(const Tensor&, RandomKey, Tensor&) {}
};

static_assert(saccade::Backend<ShapeBackend>);
static_assert(!saccade::TrainableBackend<ShapeBackend>);

}  // namespace saccade_test
