#pragma once

#include <saccade/components/categorical.hpp>
#include <saccade/components/linear_layer.hpp>
#include <saccade/components/policy_config.hpp>
#include <saccade/components/policy_inputs.hpp>
#include <saccade/core/component.hpp>
#include <saccade/ops/loss.hpp>
#include <saccade/ops/memory.hpp>
#include <saccade/ops/pointwise.hpp>
#include <saccade/ops/policy.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// A location drawn from the cells of the thumbnail's map: first a cell, then a place within it.
///
///     logits = context + W [h, patch] + b + outside;  p = softmax(logits)
///     cell ~ p;  sample = stretch (centre(cell) + u),  u uniform over the cell
///     d(-advantage ln p(cell))/d logits = advantage (p - onehot(cell))
///
/// `context` is what the thumbnail says of each cell, the same wherever it stands; W h is where the state wants to go,
/// or not to go again. Cells that show nothing of the image are never drawn. The mode is the centre of the most
/// probable cell. One draw tells about every place, and many hills can stand beside each other: a policy that has to
/// find something learns sooner than by moving one mean.
///
/// The entropy bonus and the movement penalty add to the loss, for U = entropy ln p + movement_penalty |centre -
/// previous|^2,
///     1/B sum_i p_i U_i,   with the gradient 1/B p (U - sum_i p_i U_i) by the logits.
///
/// N = cells^2, row by row; h (B, hidden), patch (B, patch), context, outside, logits, p (B, N), sample (B, 2).
/// Source: Williams 1992 (REINFORCE for a multinomial); a map of places as in Katharopoulos and Fleuret, "Processing
/// megapixel images with deep attention-sampling models", ICML 2019.
template <class B>
requires LinearOps<B> && PointwiseOps<B> && PolicyOps<B> && LossOps<B>
class CellPolicy {
  using Layer = LinearLayer<B>;

 public:
  using Config = PolicyConfig;

  struct Parameters {
    typename Layer::Parameters state;

    template <class Self, class Visitor>
    static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
      Layer::Parameters::for_each(self.state, prefix + "cells.", visit);
    }
  };

  /// The distribution of one location, and its draw.
  struct Cache {
    Tensor<B> centres;        // (N, 2)  of the cells, -1 and 1 the edges of the thumbnail
    Tensor<B> seen;           // (B, hidden + patch), or of length 0 if it is h alone
    Tensor<B> logits;         // (B, N)
    Tensor<B> probabilities;  // (B, N)
    Tensor<B> best;           // (B)     the most probable cell
    Tensor<B> mode;           // (B, 2)  its centre
    Tensor<B> cell;           // (B)     drawn
    Tensor<B> within;         // (B, 2)  from its centre
    Tensor<B> sample;         // (B, 2)
  };

  struct Workspace {
    typename Categorical<B>::Workspace categorical;
    Tensor<B> terms;      // (N, 4)  of the squared distances to the centres
    Tensor<B> place;      // (B, 4)  the other factor of each
    Tensor<B> product;    // (B, 2)
    Tensor<B> distances;  // (B, N)  squared, less what all cells share
    Tensor<B> d_logits;   // (B, N)
    Tensor<B> d_seen;     // (B, hidden + patch), or of length 0
  };

  explicit CellPolicy(const Config& config)
      : config_(config),
        state_({.inputs = config.hidden + config.patch,
                .outputs = config.cells * config.cells,
                .initialization = initialization::near_zero}) {
    expect_config(config.context == config.cells * config.cells,
                  "CellPolicy: context must be a number for each of the " + std::to_string(config.cells) + " x " +
                      std::to_string(config.cells) + " cells, but is " + std::to_string(config.context));
    expect_config(config.entropy >= 0,
                  "CellPolicy: entropy must be at least 0, but is " + std::to_string(config.entropy));
    expect_config(config.movement_penalty >= 0,
                  "CellPolicy: movement_penalty must be at least 0, but is " + std::to_string(config.movement_penalty));
    expect_config(!config.learn_sigma, "CellPolicy: learn_sigma is the Gaussian policy's: cells have no sigma");
  }

  [[nodiscard]] const Config& config() const { return config_; }

  [[nodiscard]] Parameters make_parameters(B& b) const { return {state_.make_parameters(b)}; }

  [[nodiscard]] Cache make_cache(B& b, Index batch) const {
    Cache cache{.centres = b.zeros({count(), 2}),
                .seen = b.zeros(config_.patch > 0 ? Shape{batch, config_.hidden + config_.patch} : Shape{0}),
                .logits = b.zeros({batch, count()}),
                .probabilities = b.zeros({batch, count()}),
                .best = b.zeros({batch}),
                .mode = b.zeros({batch, 2}),
                .cell = b.zeros({batch}),
                .within = b.zeros({batch, 2}),
                .sample = b.zeros({batch, 2})};
    std::vector<Scalar<B>> centres;
    for (Index i = 0; i < count(); ++i)
      for (const Index place : {i % config_.cells, i / config_.cells}) centres.push_back(centre(place));
    b.upload(std::span<const Scalar<B>>(centres), cache.centres);
    return cache;
  }

  [[nodiscard]] Workspace make_workspace(B& b, Index batch) const {
    const Shape each{batch, count()};
    Workspace w{.categorical = Categorical<B>::make_workspace(b, batch, count()),
                .terms = b.zeros({count(), 4}),
                .place = b.zeros({batch, 4}),
                .product = b.zeros({batch, 2}),
                .distances = b.zeros(each),
                .d_logits = b.zeros(each),
                .d_seen = b.zeros(config_.patch > 0 ? Shape{batch, config_.hidden + config_.patch} : Shape{0})};
    std::vector<Scalar<B>> terms;
    for (Index i = 0; i < count(); ++i) {
      const Scalar<B> x = centre(i % config_.cells), y = centre(i / config_.cells);
      terms.insert(terms.end(), {x * x, y * y, -2 * x, -2 * y});
    }
    b.upload(std::span<const Scalar<B>>(terms), w.terms);
    return w;
  }

  void describe(B& b, const Parameters& p, const PolicyInputs<B>& in, Cache& cache) const {
    if (config_.patch > 0) {
      ops::write_columns(b, in.state, 0, cache.seen, Write::overwrite);
      ops::write_columns(b, in.patch, config_.hidden, cache.seen, Write::overwrite);
    }
    state_.forward(b, p.state, config_.patch > 0 ? cache.seen : in.state, cache.logits);  // (B, N)
    ops::add(b, cache.logits, in.context, cache.logits);
    ops::add(b, cache.logits, in.outside, cache.logits);
    ops::softmax(b, cache.logits, cache.probabilities);
    ops::most_probable(b, cache.probabilities, cache.best);    // (B)
    ops::take_rows(b, cache.centres, cache.best, cache.mode);  // (B, 2)
    ops::multiply(b, cache.mode, in.stretch, cache.mode, Write::overwrite);
  }

  /// Image n draws number n of `key` in the stream of cells, and its place within the cell numbers 2 n and 2 n + 1.
  void sample(B& b, const RandomKey& key, const PolicyInputs<B>& in, Cache& cache) const {
    RandomKey cells = key;
    cells.stream = key.stream == RandomStream::first_location ? RandomStream::first_cell : RandomStream::cell;
    cells.first = key.first / 2;
    ops::sample_categorical(b, cache.probabilities, cells, cache.cell);  // (B)
    const auto half = Scalar<B>(1) / static_cast<Scalar<B>>(config_.cells);
    ops::sample_uniform(b, -half, half, key, cache.within);      // (B, 2)
    ops::take_rows(b, cache.centres, cache.cell, cache.sample);  // (B, 2)
    ops::add(b, cache.sample, cache.within, cache.sample);
    ops::multiply(b, cache.sample, in.stretch, cache.sample, Write::overwrite);
  }

  void take_mode(B& b, Cache& cache) const {
    ops::copy(b, cache.best, cache.cell);
    ops::copy(b, cache.mode, cache.sample);
  }

  /// Where the policy would go, and what has been drawn, (B, 2).
  [[nodiscard]] static const Tensor<B>& mode(const Cache& cache) { return cache.mode; }
  [[nodiscard]] static Tensor<B>& drawn(Cache& cache) { return cache.sample; }

  /// y[n] = ln p(cell[n]), (B): the density is that over the area of a cell, which depends on no weight.
  void log_density(B& b, const Cache& cache, Workspace& w, Tensor<B>& y) const {
    b.fill(Scalar<B>(0), y);
    Categorical<B>::add_log_density(b, cache.logits, cache.cell, w.categorical, y);
  }

  /// y[n] = -sum_i p_i ln p_i, (B), in nats: of the cell.
  void entropy(B& b, const Cache& cache, Workspace& w, Tensor<B>& y) const {
    b.fill(Scalar<B>(0), y);
    Categorical<B>::add_entropy(b, cache.probabilities, w.categorical, y);
  }

  /// Adds the gradient of sum_n -advantage[n] ln p(cell[n]), and those of the entropy bonus and the movement penalty.
  /// @param advantage  (B), a constant
  void score_gradient(B& b, const Parameters& p, const PolicyInputs<B>& in, const Cache& cache,
                      const Tensor<B>& advantage, Workspace& w, Parameters& d_p, PolicyInputGradients<B> d_in)
      const requires TrainableLinearOps<B> && TrainablePointwiseOps<B> && TrainableLossOps<B> {
    ops::softmax_cross_entropy_backward(b, cache.probabilities, cache.cell, advantage, w.d_logits, Write::overwrite);
    add_potential(b, in, cache, w);
    ops::axpy(b, Scalar<B>(1), w.d_logits, d_in.context);  // (B, N)
    const Tensor<B>& seen = config_.patch > 0 ? cache.seen : in.state;
    state_.backward_parameters(b, seen, w.d_logits, d_p.state);
    const bool attached = config_.state == StateGradient::attached;
    if (config_.patch > 0) {
      state_.backward_input(b, p.state, w.d_logits, w.d_seen, Write::overwrite);
      ops::read_columns(b, w.d_seen, config_.hidden, d_in.patch, Write::accumulate);
      if (attached) ops::read_columns(b, w.d_seen, 0, d_in.state, Write::accumulate);
    } else if (attached) {
      state_.backward_input(b, p.state, w.d_logits, d_in.state, Write::accumulate);
    }
  }

 private:
  [[nodiscard]] Index count() const { return config_.cells * config_.cells; }

  [[nodiscard]] Scalar<B> centre(Index place) const {
    return static_cast<Scalar<B>>((2 * place + 1)) / static_cast<Scalar<B>>(config_.cells) - Scalar<B>(1);
  }

  /// w.d_logits += 1/B p (U - sum_i p_i U_i).
  void add_potential(B& b, const PolicyInputs<B>& in, const Cache& cache, Workspace& w) const {
    const bool moves = config_.movement_penalty > 0 && b.shape(in.previous).size() > 0;
    if (config_.entropy == 0 && !moves) return;
    Tensor<B>& potential = w.categorical.potential;
    b.fill(Scalar<B>(0), potential);
    if (config_.entropy > 0) {
      Categorical<B>::log_probabilities(b, cache.probabilities, w.categorical);
      ops::axpy(b, static_cast<Scalar<B>>(config_.entropy), w.categorical.log, potential);
    }
    if (moves) {
      // |s c - q|^2 less |q|^2: the squares of s times those of c, and s q times -2 c.
      ops::multiply(b, in.stretch, in.stretch, w.product, Write::overwrite);
      ops::write_columns(b, w.product, 0, w.place, Write::overwrite);
      ops::multiply(b, in.stretch, in.previous, w.product, Write::overwrite);
      ops::write_columns(b, w.product, 2, w.place, Write::overwrite);
      ops::linear(b, w.place, w.terms, w.distances, Write::overwrite);  // (B, N)
      ops::axpy(b, static_cast<Scalar<B>>(config_.movement_penalty), w.distances, potential);
    }
    Categorical<B>::add_potential_gradient(b, cache.probabilities, w.categorical, w.d_logits);
  }

  Config config_;
  Layer state_;
};

}  // namespace saccade
