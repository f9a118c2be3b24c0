#pragma once

#include <saccade/ops/forwarding_backend.hpp>

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "cost.hpp"
#include "network.hpp"
#include "sample.hpp"

namespace bench {

using saccade::ActivationView;
using saccade::ConvolutionGeometry;
using saccade::GlimpseGeometry;
using saccade::Write;

/// A backend that lets another one work, and keeps an account of it: what every operation was asked for and how long it
/// took.
template <saccade::TrainableBackend Inner>
class MeteredBackend : public saccade::ForwardingBackend<MeteredBackend<Inner>, Inner> {
  using Base = saccade::ForwardingBackend<MeteredBackend, Inner>;

 public:
  using Base::Base;
  using typename Base::Scalar;
  using typename Base::Tensor;

  /// The account up to now; a new one begins.
  [[nodiscard]] Profile take_profile() { return std::exchange(profile_, {}); }

  void run_step() = delete;  // a repetition would not be counted

  template <class Operation, class... Arguments>
  void perform(std::string_view name, const Operation& operation, Arguments&... arguments) {
    const Asked asked = std::exchange(asked_, {});
    const double seconds = seconds_of([&] { Base::perform(name, operation, arguments...); });
    OperationCost& cost = profile_[std::string(name) + asked.kind];
    ++cost.calls;
    cost.flops += asked.operations.flops;
    cost.winograd += asked.operations.winograd;
    cost.bytes += asked.bytes + bytes(arguments...);
    cost.seconds += seconds;
  }

  void synchronize() { this->inner().synchronize(); }

  // Those that say more than their tensors do.
  void linear(const Tensor& x, const Tensor& w, Tensor& y, Write write) {
    asked_ = {.operations = product(x, w)};
    Base::linear(x, w, y, write);
  }
  void linear_backward_input(const Tensor& d_y, const Tensor& w, Tensor& d_x, Write write) {
    asked_ = {.operations = product(d_y, w)};
    Base::linear_backward_input(d_y, w, d_x, write);
  }
  void linear_backward_weight(const Tensor& d_y, const Tensor& x, Tensor& d_w, Write write) {
    asked_ = {.operations = product(d_y, d_w)};
    Base::linear_backward_weight(d_y, x, d_w, write);
  }
  void convolve(const Tensor& x, const Tensor& w, ConvolutionGeometry geometry, Tensor& y) {
    asked_ = sliding(w, y, geometry);
    Base::convolve(x, w, geometry, y);
  }
  void convolve_backward_input(const Tensor& d_y, const Tensor& w, ConvolutionGeometry geometry, Tensor& d_x,
                               Write write) {
    asked_ = sliding(w, d_y, geometry);
    Base::convolve_backward_input(d_y, w, geometry, d_x, write);
  }
  void convolve_backward_weight(const Tensor& d_y, const Tensor& x, ConvolutionGeometry geometry, Tensor& d_w,
                                Write write) {
    asked_ = sliding(d_w, d_y, geometry);
    Base::convolve_backward_weight(d_y, x, geometry, d_w, write);
  }
  void convolve_epilogue(const Tensor& x, const Tensor& w, ConvolutionGeometry geometry,
                         const saccade::ConvolutionEpilogue<MeteredBackend>& epilogue,
                         Tensor& y) requires saccade::ops::FusedEpilogue<Inner> {
    asked_ = sliding(w, y, geometry);
    Base::convolve_epilogue(x, w, geometry, epilogue, y);
  }
  void convolve_activated(const Tensor& x, ActivationView<MeteredBackend> activation, const Tensor& w,
                          ConvolutionGeometry geometry, const Tensor* residual,
                          Tensor& y) requires saccade::ops::FusedActivation<Inner> {
    asked_ = sliding(w, y, geometry);
    Base::convolve_activated(x, activation, w, geometry, residual, y);
  }
  void convolve_activated_backward_weight(const Tensor& d_y, const Tensor& x, ActivationView<MeteredBackend> activation,
                                          ConvolutionGeometry geometry, Tensor& d_w,
                                          Write write) requires saccade::ops::FusedActivation<Inner> {
    asked_ = sliding(d_w, d_y, geometry);
    Base::convolve_activated_backward_weight(d_y, x, activation, geometry, d_w, write);
  }
  void crop_glimpses(saccade::ImageBatch<MeteredBackend> images, const Tensor& location,
                     const GlimpseGeometry& geometry, Tensor& patches) {
    asked_ = {.bytes = pixel_bytes(images.size(), geometry)};
    Base::crop_glimpses(images, location, geometry, patches);
  }

 private:
  /// What an operation was asked for beside moving its tensors.
  struct Asked {
    std::string kind{};
    Operations operations{};
    double bytes = 0;
  };

  Operations product(const Tensor& x, const Tensor& w) { return product_of(this->shape(x), this->shape(w)); }
  Asked sliding(const Tensor& w, const Tensor& y, const ConvolutionGeometry& geometry) {
    return {.kind = kernel_text(this->shape(w), geometry),
            .operations = convolution_of(this->shape(w), this->shape(y), geometry)};
  }

  /// Bytes of the tensors among the arguments. The one before a Write::accumulate is read and written.
  double bytes(const auto&... arguments) {
    double sum = 0, last = 0;
    const auto count = [&](const auto& argument) {
      using Argument = std::remove_cvref_t<decltype(argument)>;
      if constexpr (std::is_same_v<Argument, Tensor>) {
        sum += last = bytes_of(argument);
      } else if constexpr (std::is_same_v<Argument, const Tensor*>) {
        if (argument) sum += bytes_of(*argument);
      } else if constexpr (std::is_same_v<Argument, Write>) {
        if (argument == Write::accumulate) sum += last;
      }
    };
    (count(arguments), ...);
    return sum;
  }
  double bytes_of(const Tensor& x) {
    return static_cast<double>(sizeof(Scalar)) * static_cast<double>(this->shape(x).size());
  }

  Profile profile_;
  Asked asked_;
};

}  // namespace bench
