#pragma once

#include <saccade/core/bad_rows_error.hpp>
#include <saccade/core/content_hash.hpp>
#include <saccade/core/error.hpp>
#include <saccade/model/episode.hpp>
#include <saccade/model/feature_store.hpp>
#include <saccade/model/parts.hpp>
#include <saccade/ops/memory.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// A model whose encoder may have a frozen part.
template <class M, class B>
concept has_partly_frozen_encoder = requires(const M& model) {
  requires PartlyFrozenEncoder<std::remove_cvref_t<decltype(model.encoder())>, B>;
};

/// Looks through a FeatureStore: the frozen part of the model's encoder sees a glimpse of a known image once, and what
/// it made of it serves every rollout that looks there again. The numbers are the same, bit for bit, where what a
/// backend makes of a patch does not depend on its neighbours in the batch, as is so of the library's for processors.
/// An image without OrientedImage::content is looked at every time.
///
/// It pays where glimpses repeat: see HybridAttentionConfig::lattice. One store serves models of one kind of sensor.
template <class B, has_partly_frozen_encoder<B> Model>
class KeptFeatures final : public FrozenFeatures<B> {
 public:
  /// Glimpses that are computed at a time.
  static constexpr Index chunk = 8;

  /// Model, parameters and statistics outlive it, and what the frozen part reads of them stays as it is.
  /// @param mode  of the rollouts
  /// @throws ConfigError where the encoder has no frozen part, or the policy reads the patches
  KeptFeatures(B& b, const Model& model, const typename Model::Parameters& parameters,
               typename Model::Statistics& statistics, std::shared_ptr<FeatureStore<Scalar<B>>> store, Mode mode)
      : model_(&model),
        parameters_(&parameters),
        statistics_(&statistics),
        store_(std::move(store)),
        cache_(model.encoder().make_cache(b, chunk, Mode::evaluation)),
        patches_(make_map(b, model.sensor().patch_shape(chunk))),
        features_(b.zeros({chunk, model.encoder().features()})),
        location_size_(static_cast<std::size_t>(model.config().sensor.location_size())),
        location_(b.zeros({chunk, model.config().sensor.location_size()})) {
    expect_config(model.encoder().has_frozen_part(mode),
                  "feature cache: the encoder is trained, so that its features change; freeze it");
    expect_config(model.config().policy.patch == 0, "feature cache: policy.patch must be 0, but is " +
                                                        std::to_string(model.config().policy.patch) +
                                                        ": the policy reads every glimpse's pixels");
    for (std::size_t i = 0; i < statistics.sets.size(); ++i)
      networks_.push_back(network(b, statistics.sets[i].encoder));
  }

  void find(B& b, ImageBatch<B> images, const Tensor<B>& location, std::size_t step, Tensor<B>& output) override {
    const std::size_t set = networks_.size() == 1 ? 0 : step;
    const auto length = static_cast<std::size_t>(b.shape(output).size()) / std::max<std::size_t>(images.size(), 1);
    places_.resize(location_size_ * images.size());
    rows_.resize(length * images.size());
    ops::download(b, location, std::span<Scalar<B>>(places_));
    wanted_.clear();
    for (std::size_t n = 0; n < images.size(); ++n) {
      const std::span<const Scalar<B>> place = place_of(n);
      const FeatureKey key{.network = networks_[set],
                           .image = images[n].content,
                           .symmetry = images[n].symmetry,
                           .x = static_cast<double>(place[0]),
                           .y = static_cast<double>(place[1]),
                           .zoom = place.size() > 2 ? static_cast<double>(place[2]) : 0};
      if (key.image != 0 && store_->read(key, row(n, length))) continue;
      const auto like = std::find_if(wanted_.begin(), wanted_.end(),
                                     [&](const Wanted& other) { return key.image != 0 && other.key == key; });
      wanted_.push_back({key, n, like == wanted_.end() ? n : like->row});
    }
    look(b, images, set, length);
    for (const Wanted& each : wanted_) {
      if (each.like == each.row) continue;
      const auto from = row(each.like, length);
      std::copy(from.begin(), from.end(), row(each.row, length).begin());
    }
    ops::upload(b, std::span<const Scalar<B>>(rows_), output);
  }

 private:
  using Encoder = std::remove_cvref_t<decltype(std::declval<const Model&>().encoder())>;

  /// A row that the store does not have.
  struct Wanted {
    FeatureKey key;
    std::size_t row;
    std::size_t like;  ///< the first row of the batch that is the same glimpse
  };

  [[nodiscard]] std::span<Scalar<B>> row(std::size_t n, std::size_t length) {
    return std::span<Scalar<B>>(rows_).subspan(n * length, length);
  }

  /// Where row n looks.
  [[nodiscard]] std::span<const Scalar<B>> place_of(std::size_t n) const {
    return std::span<const Scalar<B>>(places_).subspan(n * location_size_, location_size_);
  }

  /// Computes the wanted rows, some at a time, and keeps them.
  void look(B& b, ImageBatch<B> images, std::size_t set, std::size_t length) {
    std::vector<std::size_t> first;  // of equal glimpses one
    for (std::size_t i = 0; i < wanted_.size(); ++i)
      if (wanted_[i].like == wanted_[i].row) first.push_back(i);
    computed_.resize(length * static_cast<std::size_t>(chunk));
    for (std::size_t begin = 0; begin < first.size(); begin += static_cast<std::size_t>(chunk)) {
      images_.clear();
      chunk_places_.clear();
      for (std::size_t i = 0; i < static_cast<std::size_t>(chunk); ++i) {
        const Wanted& each = wanted_[first[std::min(begin + i, first.size() - 1)]];
        images_.push_back(images[each.row]);
        const std::span<const Scalar<B>> place = place_of(each.row);
        chunk_places_.insert(chunk_places_.end(), place.begin(), place.end());
      }
      ops::upload(b, std::span<const Scalar<B>>(chunk_places_), location_);
      const auto row_of = [&](std::size_t i) { return wanted_[first[std::min(begin + i, first.size() - 1)]].row; };
      try {
        model_->sensor().forward(b, ImageBatch<B>(images_), location_, patches_);
      } catch (const BadRowsError& error) {
        std::vector<BadRow> bad = error.rows();
        for (BadRow& each : bad) each.row = row_of(each.row);
        throw BadRowsError(std::move(bad));
      }
      auto& statistics = statistics_->sets[set].encoder;
      model_->encoder().forward_frozen(b, parameters_->encoder, statistics, patches_, cache_, features_,
                                       Mode::evaluation);
      ops::download(b, model_->encoder().frozen_output(cache_, features_), std::span<Scalar<B>>(computed_));
      for (std::size_t i = 0; i < static_cast<std::size_t>(chunk) && begin + i < first.size(); ++i) {
        const Wanted& each = wanted_[first[begin + i]];
        const std::span<const Scalar<B>> values = std::span<const Scalar<B>>(computed_).subspan(i * length, length);
        std::copy(values.begin(), values.end(), row(each.row, length).begin());
        if (each.key.image != 0) store_->write(each.key, values);
      }
    }
  }

  /// What the features of a glimpse depend on beside its pixels.
  [[nodiscard]] std::uint64_t network(B& b, const typename Encoder::Statistics& statistics) const {
    ContentHash hash;
    std::vector<Scalar<B>> values;
    Encoder::for_each_frozen(parameters_->encoder, statistics,
                             [&](const std::string& name, const Tensor<B>& tensor, const Initialization&) {
                               hash.add(std::span<const char>(name));
                               values.resize(static_cast<std::size_t>(b.shape(tensor).size()));
                               ops::download(b, tensor, std::span<Scalar<B>>(values));
                               hash.add(std::span<const Scalar<B>>(values));
                             });
    const auto& sensor = model_->config().sensor;
    for (const Index number :
         {sensor.side, sensor.scales, sensor.scale_step, sensor.zooms, static_cast<Index>(sensor.border)})
      hash.add(static_cast<std::uint64_t>(number));
    hash.add(std::span<const float>(sensor.mean));
    hash.add(std::span<const float>(sensor.deviation));
    return hash.value();
  }

  const Model* model_;
  const typename Model::Parameters* parameters_;
  typename Model::Statistics* statistics_;
  std::shared_ptr<FeatureStore<Scalar<B>>> store_;
  std::vector<std::uint64_t> networks_;  ///< of each set of statistics
  typename Encoder::Cache cache_;
  Tensor<B> patches_;   // (chunk, g, g, S*C)
  Tensor<B> features_;  // (chunk, F)
  std::size_t location_size_;
  Tensor<B> location_;  // (chunk, location_size)
  std::vector<Wanted> wanted_;
  std::vector<OrientedImage<B>> images_;
  std::vector<Scalar<B>> places_, chunk_places_, rows_, computed_;
};

}  // namespace saccade
