#include <saccade/cuda.hpp>
#include <saccade/testing.hpp>

#include "support/catch.hpp"

#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <vector>

#if defined(SACCADE_CUDA_EMULATION)
#include "emulation/grid.hpp"
#include "emulation/machine.hpp"
#endif

/// The whole conformance kit on CudaBackend, in each precision.

namespace {

using Backend = saccade::CudaBackend<float>;

/// A backend whose tensors of rank 4 keep 16 bits, so that the kit's feature maps are what a component's would be. The
/// weights of a convolution, which the kit makes in the same way, stay in single precision inside.
class ShortMaps : public Backend {
 public:
  ShortMaps() : Backend({.precision = saccade::Precision::bf16}) {}

  Tensor zeros(const saccade::Shape& shape) {
    return shape.rank() == 4 ? Backend::feature_map(shape) : Backend::zeros(shape);
  }

  void crop_glimpses(saccade::ImageBatch<ShortMaps> images, const Tensor& location,
                     const saccade::GlimpseGeometry& geometry, Tensor& patches) {
    images_.clear();
    for (const saccade::OrientedImage<ShortMaps>& oriented : images)
      images_.push_back({oriented.image, oriented.symmetry});
    Backend::crop_glimpses(images_, location, geometry, patches);
  }

  void convolve(const Tensor& x, const Tensor& w, saccade::ConvolutionGeometry geometry, Tensor& y) {
    Backend::convolve(x, single(w), geometry, y);
  }
  void convolve_backward_input(const Tensor& d_y, const Tensor& w, saccade::ConvolutionGeometry geometry, Tensor& d_x,
                               saccade::Write write) {
    Backend::convolve_backward_input(d_y, single(w), geometry, d_x, write);
  }
  void convolve_backward_weight(const Tensor& d_y, const Tensor& x, saccade::ConvolutionGeometry geometry, Tensor& d_w,
                                saccade::Write write) {
    Tensor& sum = single(d_w);
    Backend::convolve_backward_weight(d_y, x, geometry, sum, write);
    Backend::copy(sum, d_w);
  }
  void convolve_activated(const Tensor& x, const saccade::ActivationView<ShortMaps>& activation, const Tensor& w,
                          saccade::ConvolutionGeometry geometry, const Tensor* residual, Tensor& y) {
    Backend::convolve_activated(x, base(activation), single(w), geometry, residual, y);
  }
  void convolve_activated_backward_weight(const Tensor& d_y, const Tensor& x,
                                          const saccade::ActivationView<ShortMaps>& activation,
                                          saccade::ConvolutionGeometry geometry, Tensor& d_w, saccade::Write write) {
    Tensor& sum = single(d_w);
    Backend::convolve_activated_backward_weight(d_y, x, base(activation), geometry, sum, write);
    Backend::copy(sum, d_w);
  }
  void activation_backward(const Tensor& d_activated, const Tensor& x,
                           const saccade::ActivationView<ShortMaps>& activation, const Tensor* d_residual, Tensor& d_x,
                           saccade::Write write, Tensor& d_gamma, Tensor& d_beta, Tensor& d_slope,
                           saccade::Write write_parameters) {
    Backend::activation_backward(d_activated, x, base(activation), d_residual, d_x, write, d_gamma, d_beta, d_slope,
                                 write_parameters);
  }

 private:
  static saccade::ActivationView<Backend> base(const saccade::ActivationView<ShortMaps>& view) {
    return {view.gamma, view.beta, view.mean, view.rstd, view.slope};
  }

  /// A copy of `weights`, in memory that is made but once for each shape.
  Tensor& single(const Tensor& weights) {
    const saccade::Shape shape = Backend::shape(weights);
    const std::array<saccade::Index, 4> extents{shape[0], shape[1], shape[2], shape[3]};
    const auto [place, is_new] = weights_.try_emplace(extents);
    if (is_new) place->second = Backend::zeros(shape);
    Backend::copy(weights, place->second);
    return place->second;
  }

  std::vector<saccade::OrientedImage<Backend>> images_;
  std::map<std::array<saccade::Index, 4>, Tensor> weights_;
};

static_assert(saccade::TrainableBackend<ShortMaps> && saccade::ops::TrainableFusedActivation<ShortMaps>);

template <class B>
void conforms(std::function<B()> make, double epsilon) {
  saccade::testing::ConformanceOptions<B> options;
  options.epsilon = epsilon;
#if defined(SACCADE_CUDA_EMULATION)
  // A kernel that depends on the order of its threads gives other bits the second time.
  options.make_another = [make, order = 0u]() mutable {
    saccade_test::emulation::set_thread_order(++order);
    return make();
  };
  options.allocations = [] { return static_cast<saccade::Index>(saccade_test::emulation::allocations()); };
#endif
  for (const saccade::testing::Case& c : saccade::testing::conformance_cases<B>(make, options)) {
    const saccade::testing::Report report = c.run();
    INFO(c.name << ": " << report.message());
    CHECK(report.passed());
#if defined(SACCADE_CUDA_EMULATION)
    saccade_test::emulation::set_thread_order(0);
#endif
  }
}

}  // namespace

TEST_CASE("CudaBackend conforms in single precision") {
  conforms<Backend>([] { return Backend({.precision = saccade::Precision::single}); }, std::ldexp(1.0, -23));
}

TEST_CASE("CudaBackend conforms in TF32, with 10 bits behind the point of what is multiplied") {
  conforms<Backend>([] { return Backend({.precision = saccade::Precision::tf32}); }, std::ldexp(1.0, -10));
}

TEST_CASE("CudaBackend conforms with feature maps in bf16, with 7 bits behind the point") {
  conforms<ShortMaps>([] { return ShortMaps(); }, std::ldexp(1.0, -7));
}
