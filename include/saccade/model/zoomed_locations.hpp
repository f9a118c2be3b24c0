#pragma once

#include <saccade/core/geometry.hpp>
#include <saccade/core/random_key.hpp>
#include <saccade/ops/memory.hpp>
#include <saccade/ops/pointwise.hpp>
#include <saccade/ops/policy.hpp>

#include <span>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// Takes locations with a zoom, (B, 3), apart into places and zooms, and puts them together again.
template <class B>
class ZoomedLocations {
 public:
  Tensor<B> place;  // (B, 2)
  Tensor<B> zoom;   // (B)

  ZoomedLocations(B& b, Index batch, Index zooms)
      : place(b.zeros({batch, 2})), zoom(b.zeros({batch})), even_(b.zeros({batch, zooms})), zooms_(zooms) {
    b.fill(Scalar<B>(1) / static_cast<Scalar<B>>(zooms), even_);
  }

  void take(B& b, const Tensor<B>& location) {
    ops::read_columns(b, location, 0, place, Write::overwrite);
    ops::read_columns(b, location, 2, zoom, Write::overwrite);
  }

  void put(B& b, Tensor<B>& location) const {
    ops::write_columns(b, place, 0, location, Write::overwrite);
    ops::write_columns(b, zoom, 2, location, Write::overwrite);
  }

  /// Every zoom the widest.
  void widest(B& b) { b.fill(static_cast<Scalar<B>>(zooms_ - 1), zoom); }

  /// Every zoom as likely.
  /// @param key  of the places
  void draw(B& b, const RandomKey& key) { ops::sample_categorical(b, even_, zoom_key(key), zoom); }

 private:
  Tensor<B> even_;  // (B, zooms)
  Index zooms_;
};

}  // namespace saccade
