#pragma once

#include <saccade/backends/eigen/elementwise.hpp>

#include <algorithm>

/// Sums over the pixels of each channel: statistics of normalisation, averages, gradients of biases and slopes.
///
/// A tensor (images, rows, channels) is divided into chunks by its size alone. Each chunk has partial sums of its own,
/// which are added in order, so the sums do not depend on the threads. Within a chunk a few dozen numbers are added in
/// the tensor's own precision, then folded into the partial sum in double: fast, and as accurate as pairwise summation.
namespace saccade::inline SACCADE_NAMESPACE::eigen {

/// Extents of a tensor to sum over, and its chunks.
class ChannelChunks {
 public:
  ChannelChunks(Index images, Index rows, Index channels)
      : images_(images),
        rows_(rows),
        channels_(channels),
        fold_rows_(std::max<Index>(1, elementwise_grain / channels)) {
    const Index target = std::max<Index>(fold_rows_, (images * rows + max_chunks - 1) / max_chunks);
    chunk_rows_ = (target + fold_rows_ - 1) / fold_rows_ * fold_rows_;
    chunks_per_image_ = (rows + chunk_rows_ - 1) / chunk_rows_;
  }

  [[nodiscard]] Index images() const { return images_; }
  [[nodiscard]] Index rows() const { return rows_; }
  [[nodiscard]] Index channels() const { return channels_; }
  [[nodiscard]] Index chunks_per_image() const { return chunks_per_image_; }
  [[nodiscard]] Index count() const { return images_ * chunks_per_image_; }

  /// Calls `body(image, begin, end)` for the parts of a chunk that are folded at a time, as positions in the image.
  template <class Body>
  void for_each_fold(Index chunk, const Body& body) const {
    const Index image = chunk / chunks_per_image_;
    const Index first = chunk % chunks_per_image_ * chunk_rows_;
    const Index last = std::min(rows_, first + chunk_rows_);
    for (Index row = first; row < last; row += fold_rows_)
      body(image, row * channels_, std::min(last, row + fold_rows_) * channels_);
  }

 private:
  static constexpr Index max_chunks = 128;

  Index images_;
  Index rows_;
  Index channels_;
  Index fold_rows_;
  Index chunk_rows_;
  Index chunks_per_image_;
};

/// Running sums of one fold: element i of a tile that begins at channel o belongs to channel (o + i) mod C, so the sums
/// are kept with their continuation and a tile is added to consecutive numbers.
template <class Scalar>
class FoldSums {
 public:
  FoldSums(Index channels, Scalar* memory) : channels_(channels), sums_(memory) {}

  void clear() { std::fill_n(sums_, repeated_size(channels_), Scalar(0)); }

  void add(Index position, Index count, const Scalar* values) {
    write_tile<true>(count, values, sums_ + position % channels_);
  }

  /// slot[c] += the sum of channel c.
  void fold_into(double* slot) const {
    const Index end = channels_ + tile_size;
    for (Index begin = 0; begin < end; begin += channels_) {
      const Index count = std::min(channels_, end - begin);
      for (Index c = 0; c < count; ++c) slot[c] += static_cast<double>(sums_[begin + c]);
    }
  }

 private:
  Index channels_;
  Scalar* sums_;
};

/// totals (images, Sums, C) = sums over the rows. `tile(image, position, count, add)` is called for every tile and
/// hands its terms over with `add(sum, values)`; it may write outputs as well.
///
/// @param partial_sums  room for chunks.count() * Sums * C numbers, shared by all threads
/// @param totals        room for images * Sums * C numbers
template <int Sums, class Scalar, class Tile>
void sum_channels(Engine& engine, const ChannelChunks& chunks, double* partial_sums, double* totals, const Tile& tile) {
  const Index width = Sums * chunks.channels();
  const Index stride = repeated_size(chunks.channels());
  const auto scratch = engine.per_thread<Scalar>(Sums * stride);
  engine.parallel_for(chunks.count(), [&](Index chunk, int thread) {
    double* const slot = partial_sums + chunk * width;
    std::fill_n(slot, width, 0.0);
    const auto sums = [&](int sum) { return FoldSums<Scalar>(chunks.channels(), scratch(thread) + sum * stride); };
    chunks.for_each_fold(chunk, [&](Index image, Index begin, Index end) {
      for (int sum = 0; sum < Sums; ++sum) sums(sum).clear();
      for_each_tile(image, begin, end, [&](Index, Index position, Index count) {
        tile(image, position, count, [&](int sum, const Scalar* values) { sums(sum).add(position, count, values); });
      });
      for (int sum = 0; sum < Sums; ++sum) sums(sum).fold_into(slot + sum * chunks.channels());
    });
  });
  for (Index image = 0; image < chunks.images(); ++image) {
    double* const total = totals + image * width;
    std::fill_n(total, width, 0.0);
    for (Index chunk = 0; chunk < chunks.chunks_per_image(); ++chunk) {
      const double* const slot = partial_sums + (image * chunks.chunks_per_image() + chunk) * width;
      for (Index i = 0; i < width; ++i) total[i] += slot[i];
    }
  }
}

/// target[c] (+)= totals[c].
template <class Scalar>
void write_totals(Index channels, const double* totals, Scalar* target, Write write) {
  for (Index c = 0; c < channels; ++c) {
    const Scalar total = static_cast<Scalar>(totals[c]);
    target[c] = write == Write::accumulate ? target[c] + total : total;
  }
}

/// totals[c] += the sum of what a period of numbers has for channel c.
template <class Scalar>
void add_periods(Index channels, Index period, const Scalar* sums, double* totals) {
  for (Index begin = 0; begin < period; begin += channels)
    for (Index c = 0; c < channels; ++c) totals[c] += static_cast<double>(sums[begin + c]);
}

/// Mean and sum of squared deviations of each channel: moments (images, 2, C).
///
/// Each fold is read twice while it is in the cache, the second time around its own mean, and folds are merged by the
/// formula of Chan, Golub and LeVeque (1979), so a large mean costs no precision.
///
/// @param partial_sums  room for chunks.count() * 2 * C numbers, shared by all threads
/// @param moments       room for images * 2 * C numbers
template <class Scalar>
void channel_moments(Engine& engine, const ChannelChunks& chunks, const Scalar* x, double* partial_sums,
                     double* moments) {
  const Index channels = chunks.channels();
  const Index size = chunks.rows() * channels;
  const auto merge = [channels](Index& rows, double* mean, double* deviations, Index new_rows, const double* new_mean,
                                const double* new_deviations) {
    const double share = static_cast<double>(new_rows) / static_cast<double>(rows + new_rows);
    for (Index c = 0; c < channels; ++c) {
      const double difference = new_mean[c] - mean[c];
      mean[c] += difference * share;
      deviations[c] += new_deviations[c] + difference * difference * share * static_cast<double>(rows);
    }
    rows += new_rows;
  };
  const Kernels<Scalar>& kernels = engine.kernels<Scalar>();
  const Index period = channel_period(channels, kernels.lanes);
  const Index doubles = padded(channels);
  const Index stride = padded(round_up(period, kernels.lanes));
  const auto scratch = engine.per_thread<double>(2 * doubles + 2 * stride);
  engine.parallel_for(chunks.count(), [&](Index chunk, int thread) {
    double* const mean = partial_sums + chunk * 2 * channels;
    double* const deviations = mean + channels;
    std::fill_n(mean, 2 * channels, 0.0);
    double* const fold_mean = scratch(thread);
    double* const fold_deviations = fold_mean + doubles;
    Scalar* const centre = reinterpret_cast<Scalar*>(fold_deviations + doubles);
    Scalar* const sums = centre + stride;
    Index rows = 0;
    chunks.for_each_fold(chunk, [&](Index image, Index begin, Index end) {
      const Scalar* const pixels = x + image * size + begin;
      const Index fold_rows = (end - begin) / channels;
      std::fill_n(centre, 2 * stride, Scalar(0));
      std::fill_n(fold_mean, channels, 0.0);
      std::fill_n(fold_deviations, channels, 0.0);
      for_periods(fold_rows, channels, period, [&](Index count, Index width, Index position) {
        kernels.channel_sums(count, width, pixels + position, sums);
      });
      add_periods(channels, period, sums, fold_mean);
      for (Index c = 0; c < channels; ++c) fold_mean[c] /= static_cast<double>(fold_rows);
      for (Index i = 0; i < period; ++i) centre[i] = static_cast<Scalar>(fold_mean[i % channels]);
      std::fill_n(sums, stride, Scalar(0));
      for_periods(fold_rows, channels, period, [&](Index count, Index width, Index position) {
        kernels.deviation_sums(count, width, pixels + position, centre, sums);
      });
      add_periods(channels, period, sums, fold_deviations);
      merge(rows, mean, deviations, fold_rows, fold_mean, fold_deviations);
    });
  });
  for (Index image = 0; image < chunks.images(); ++image) {
    double* const mean = moments + image * 2 * channels;
    std::fill_n(mean, 2 * channels, 0.0);
    Index rows = 0;
    for (Index i = 0; i < chunks.chunks_per_image(); ++i) {
      const Index chunk = image * chunks.chunks_per_image() + i;
      Index chunk_rows = 0;
      chunks.for_each_fold(chunk, [&](Index, Index begin, Index end) { chunk_rows += (end - begin) / channels; });
      const double* const slot = partial_sums + chunk * 2 * channels;
      merge(rows, mean, mean + channels, chunk_rows, slot, slot + channels);
    }
  }
}

}  // namespace saccade::eigen
