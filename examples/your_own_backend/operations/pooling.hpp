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

  void spatial_softmax(const Tensor& x, Tensor& log_sum, Tensor& position) const {
    const std::array<Index, 2> pixels{1, 2};
    at::logsumexp_out(log_sum, x, pixels);
    // Not exp(x - log_sum): beside large values log_sum has few digits behind its point.
    const Tensor weight = at::_softmax(x.flatten(1, 2), 1, false).view(x.sizes());  // (B, H, W, C)
    const Tensor across = (weight * middles(x, 2)).sum(pixels), down = (weight * middles(x, 1)).sum(pixels);
    adopt(at::stack({across, down}, 2).view(position.sizes()), Write::overwrite, position);
  }

  void spatial_softmax_backward(const Tensor& x, const Tensor& log_sum, const Tensor& position,
                                const Tensor& d_position, Tensor& d_x, Write write) const {
    if (x.numel() == 0) return;
    const auto share = [&](Index axis) {
      const Index C = x.size(3), place = axis == 2 ? 0 : 1;
      const auto part = [&](const Tensor& pairs) { return over_pixels(pairs.view({-1, C, 2}).select(2, place)); };
      return part(d_position) * (middles(x, axis) - part(position));
    };
    adopt((x - over_pixels(log_sum)).exp_() * (share(2) + share(1)), write, d_x);
  }

 private:
  static std::array<Index, 2> square(Index side) { return {side, side}; }

  /// (B, C) for every pixel, (B, 1, 1, C): a view.
  static Tensor over_pixels(const Tensor& y) { return y.unsqueeze(1).unsqueeze(1); }

  /// Where the middles of the pixels of x lie on an axis from -1 to 1: (W, 1) for axis 2, (H, 1, 1) for axis 1.
  static Tensor middles(const Tensor& x, Index axis) {
    const Index n = x.size(axis);
    const Tensor middle = (at::arange(n, x.options()) * 2 + 1) / n - 1;  // (n)
    return axis == 2 ? middle.view({n, 1}) : middle.view({n, 1, 1});
  }

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
