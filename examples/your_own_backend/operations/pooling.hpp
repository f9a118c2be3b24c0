#pragma once

#include "tensor.hpp"

#include <array>
#include <concepts>
#include <cstdint>

namespace torch_example {

/// TrainablePoolingOps: x (B, H, W, C), y and argmax (B, H', W', C). PyTorch names a winner by its place in the image,
/// row * W + column, the contract by its place in the window, ky * window + kx: two loops translate.
template <std::floating_point Scalar>
struct Pooling {
  void max_pool(const Tensor& x, saccade::PoolingGeometry geometry, Tensor& y, Tensor& argmax) const {
    if (y.numel() == 0) return;
    Tensor places = at::empty(y.sizes(), at::kLong);  // (B, H', W', C)
    Tensor out = channels_first(y), indices = channels_first(places);
    at::max_pool2d_with_indices_out(out, indices, channels_first(x), square(geometry.window), square(geometry.stride),
                                    square(geometry.padding));
    const std::int64_t* const place = places.data_ptr<std::int64_t>();
    Scalar* const winner = argmax.data_ptr<Scalar>();
    const Index W = x.size(2);
    for_each_winner(argmax, geometry, [=](Index i, Index top, Index left) {
      const Index ky = place[i] / W - top, kx = place[i] % W - left;
      winner[i] = static_cast<Scalar>(ky * geometry.window + kx);
    });
  }

  void max_pool_backward(const Tensor& d_y, const Tensor& argmax, saccade::PoolingGeometry geometry, Tensor& d_x,
                         Write write) const {
    if (d_x.numel() == 0) return;
    const Tensor places = at::empty(argmax.sizes(), at::kLong);  // (B, H', W', C)
    std::int64_t* const place = places.data_ptr<std::int64_t>();
    const Scalar* const winner = argmax.data_ptr<Scalar>();
    const Index W = d_x.size(2);
    for_each_winner(argmax, geometry, [=](Index i, Index top, Index left) {
      const Index k = static_cast<Index>(winner[i]);
      place[i] = (top + k / geometry.window) * W + left + k % geometry.window;
    });
    // Only the shape of the input is looked at, and d_x has it.
    adopt(channels_last(at::max_pool2d_with_indices_backward(
              channels_first(d_y), channels_first(d_x), square(geometry.window), square(geometry.stride),
              square(geometry.padding), square(1), false, channels_first(places))),
          write, d_x);
  }

  void global_average_pool(const Tensor& x, Tensor& y) const {
    const std::array<Index, 2> pixels{1, 2};
    at::mean_out(y, x, pixels);
  }

  /// d_x[b, h, w, c] (+)= d_y[b, c] / (H W)
  void global_average_pool_backward(const Tensor& d_y, Tensor& d_x, Write write) const {
    const double area = static_cast<double>(d_x.size(1) * d_x.size(2));
    assign((d_y / area).view({d_y.size(0), 1, 1, d_y.size(1)}), write, d_x);
  }

 private:
  static std::array<Index, 2> square(Index side) { return {side, side}; }

  /// Calls f(element, first row, first column of its window) for every element of argmax, (B, H', W', C).
  template <class F>
  static void for_each_winner(const Tensor& argmax, saccade::PoolingGeometry geometry, F f) {
    const Index B = argmax.size(0), H = argmax.size(1), W = argmax.size(2), C = argmax.size(3);
    Index element = 0;
    for (Index b = 0; b < B; ++b) {
      for (Index i = 0; i < H; ++i) {
        for (Index j = 0; j < W; ++j) {
          const Index top = i * geometry.stride - geometry.padding, left = j * geometry.stride - geometry.padding;
          for (Index c = 0; c < C; ++c) f(element++, top, left);
        }
      }
    }
  }
};

}  // namespace torch_example
