#pragma once

#include <saccade/components/backbone.hpp>
#include <saccade/model/parameters.hpp>
#include <saccade/training/adam.hpp>

#include <memory>
#include <utility>

#include "network.hpp"

namespace bench {

/// EfficientNet-Lite0 on a batch of crops, each (side, side, 3): `infer` computes the mean of the last map, features
/// (batch, 1280); `train` is a step of all its layers: forward by the statistics of the batch, backward for a loss
/// whose gradient by the features is given, and Adam. Weights are those of a network at its start.
template <saccade::TrainableBackend B>
class BackboneWork {
  using Network = saccade::Backbone<B>;
  using Tensor = saccade::Tensor<B>;

 public:
  BackboneWork(std::unique_ptr<B> backend, Index batch, Index side, bool training)
      : backend_(std::move(backend)),
        network_(saccade::efficientnet_lite_plan({}), side),
        p_(network_.make_parameters(*backend_)),
        statistics_(network_.make_statistics(*backend_)),
        cache_(network_.make_cache(*backend_, batch, training ? saccade::Mode::training : saccade::Mode::evaluation)),
        crops_(backend_->zeros({batch, side, side, 3})),
        features_(backend_->zeros({batch, network_.channels()})) {
    B& b = *backend_;
    saccade::initialize(b, p_, 1);
    saccade::initialize(b, statistics_, 1);
    b.sample_uniform(-1.0f, 1.0f, saccade::RandomKey{.seed = 1}, crops_);
    if (training) training_ = std::make_unique<Training>(b, network_, p_, batch);
  }

  void infer() {
    network_.forward(*backend_, p_, statistics_, crops_, cache_, saccade::Mode::evaluation);
    saccade::ops::global_average_pool(*backend_, network_.map(cache_), features_);
  }

  void train() {
    B& b = *backend_;
    Training& t = *training_;
    t.adam.zero_gradients(b);
    network_.forward(b, p_, statistics_, crops_, cache_, saccade::Mode::training);
    saccade::ops::global_average_pool(b, network_.map(cache_), features_);
    saccade::ops::global_average_pool_backward(b, t.d_features, t.d_map, saccade::Write::overwrite);
    network_.backward(b, p_, crops_, cache_, t.d_map, t.workspace, t.d_p);
    t.adam.measure(b);
    t.adam.step(b, 1e-4);
  }

  [[nodiscard]] B& backend() { return *backend_; }

 private:
  struct Training {
    Training(B& b, const Network& network, typename Network::Parameters& p, Index batch)
        : d_p(network.make_parameters(b)),
          workspace(network.make_workspace(b, batch)),
          d_map(b.zeros({batch, network.map_side(), network.map_side(), network.channels()})),
          d_features(b.zeros({batch, network.channels()})),
          adam(b, {}, saccade::named_tensors<B>(p), saccade::named_tensors<B>(d_p)) {
      b.sample_uniform(-1.0f, 1.0f, saccade::RandomKey{.seed = 2}, d_features);
    }

    typename Network::Parameters d_p;
    typename Network::Workspace workspace;
    Tensor d_map, d_features;
    saccade::Adam<B> adam;
  };

  std::unique_ptr<B> backend_;
  Network network_;
  typename Network::Parameters p_;
  typename Network::Statistics statistics_;
  typename Network::Cache cache_;
  Tensor crops_, features_;
  std::unique_ptr<Training> training_;
};

}  // namespace bench
