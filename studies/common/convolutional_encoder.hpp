#pragma once

#include <saccade/components/patch_readout.hpp>
#include <saccade/model/parts.hpp>

#include <utility>

namespace bench {

/// A plain convolutional network as the encoder of a model: a chain of [convolution 3x3/2 - norm - PReLU], then a
/// read-out as large as the map, so that it also tells where in the patch something is. Reads glimpses of 12 x 12 in
/// the clutter study, and there, over one glimpse of the size of the image, it is the network that it is held against.
/// patches (B, side, side, inputs), features (B, outputs).
template <class B>
class ConvolutionalEncoder {
  using Network = saccade::PatchReadout<B>;

 public:
  using Config = saccade::PatchReadoutConfig;
  using Parameters = typename Network::Parameters;
  using Statistics = typename Network::Statistics;
  using Cache = typename Network::Cache;
  using Workspace = typename Network::Workspace;

  explicit ConvolutionalEncoder(const Config& config) : features_(config.outputs), network_(config) {}

  [[nodiscard]] saccade::Index features() const { return features_; }
  [[nodiscard]] Parameters make_parameters(B& b) const { return network_.make_parameters(b); }
  [[nodiscard]] Statistics make_statistics(B& b) const { return network_.make_statistics(b); }
  [[nodiscard]] Workspace make_workspace(B& b, saccade::Index batch) const { return network_.make_workspace(b, batch); }
  [[nodiscard]] Cache make_cache(B& b, saccade::Index batch, saccade::Mode mode) const {
    return network_.make_cache(b, batch, mode);
  }

  void forward(B& b, const Parameters& p, Statistics& statistics, const saccade::Tensor<B>& patches, Cache& cache,
               saccade::Tensor<B>& features, saccade::Mode mode) const {
    network_.forward(b, p, statistics, patches, cache, features, mode);
  }

  void backward(B& b, const Parameters& p, const saccade::Tensor<B>& patches, Cache& cache,
                const saccade::Tensor<B>& d_features, Workspace& workspace, Parameters& d_p) const {
    network_.backward(b, p, patches, cache, d_features, workspace, d_p);
  }

 private:
  saccade::Index features_;
  Network network_;
};

}  // namespace bench
