#pragma once

#include <saccade/core/component.hpp>
#include <saccade/ops/linear.hpp>
#include <saccade/ops/loss.hpp>
#include <saccade/ops/memory.hpp>
#include <saccade/ops/pointwise.hpp>
#include <saccade/ops/policy.hpp>

#include <span>
#include <string>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// Moves locations to the nearest of n x n places, the centres of as many equal parts of the image: what is looked at
/// then repeats, whoever chose the location.
///
///     place(i) = (2 i + 1) / n - 1 on each axis;  the nearest of x: the largest of x . c - |c|^2 / 2 over all places c
///
/// location (B, 2) in [-1, 1].
template <class B>
requires LinearOps<B> && PointwiseOps<B> && PolicyOps<B> && LossOps<B>
class LocationLattice {
 public:
  struct Cache {
    Tensor<B> places;   // (n^2, 2)
    Tensor<B> terms;    // (n^2, 3)  c and -|c|^2 / 2
    Tensor<B> query;    // (B, 3)    x and 1
    Tensor<B> scores;   // (B, n^2)
    Tensor<B> nearest;  // (B)
  };

  /// @param side  n, at least 1
  explicit LocationLattice(Index side) : side_(side) {
    expect_config(side >= 1, "LocationLattice: side must be at least 1, but is " + std::to_string(side));
  }

  [[nodiscard]] Cache make_cache(B& b, Index batch) const {
    const Index count = side_ * side_;
    Cache cache{.places = b.zeros({count, 2}),
                .terms = b.zeros({count, 3}),
                .query = b.zeros({batch, 3}),
                .scores = b.zeros({batch, count}),
                .nearest = b.zeros({batch})};
    std::vector<Scalar<B>> places, terms;
    for (Index i = 0; i < count; ++i) {
      const Scalar<B> x = place(i % side_), y = place(i / side_);
      places.insert(places.end(), {x, y});
      terms.insert(terms.end(), {x, y, -(x * x + y * y) / 2});
    }
    b.upload(std::span<const Scalar<B>>(places), cache.places);
    b.upload(std::span<const Scalar<B>>(terms), cache.terms);
    b.fill(Scalar<B>(1), cache.query);
    return cache;
  }

  void snap(B& b, Cache& cache, Tensor<B>& location) const {
    ops::write_columns(b, location, 0, cache.query, Write::overwrite);
    ops::linear(b, cache.query, cache.terms, cache.scores, Write::overwrite);  // (B, n^2)
    ops::most_probable(b, cache.scores, cache.nearest);
    ops::take_rows(b, cache.places, cache.nearest, location);
  }

 private:
  [[nodiscard]] Scalar<B> place(Index i) const {
    return static_cast<Scalar<B>>(2 * i + 1) / static_cast<Scalar<B>>(side_) - Scalar<B>(1);
  }

  Index side_;
};

}  // namespace saccade
