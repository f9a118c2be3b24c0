#pragma once

#include <saccade/components/backbone_encoder.hpp>
#include <saccade/components/soft_attention_block.hpp>

#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace saccade::inline SACCADE_NAMESPACE {

/// The encoder that `EncoderConfig::backbone` names, so that a program can leave the choice to a file. Each function
/// does what that encoder's does.
template <class B>
class ConfiguredEncoder {
  using Attention = SoftAttentionBlock<B>;
  using Pretrained = BackboneEncoder<B>;

  /// What belongs to the one or the other.
  template <class A, class N>
  struct Either {
    std::variant<A, N> kind;

    [[nodiscard]] bool is_pretrained() const { return std::holds_alternative<N>(kind); }
    [[nodiscard]] A& attention() { return std::get<A>(kind); }
    [[nodiscard]] const A& attention() const { return std::get<A>(kind); }
    [[nodiscard]] N& pretrained() { return std::get<N>(kind); }
    [[nodiscard]] const N& pretrained() const { return std::get<N>(kind); }

    template <class Self, class Visitor>
    static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
      std::visit([&](auto& own) { std::remove_cvref_t<decltype(own)>::for_each(own, prefix, visit); }, self.kind);
    }
  };

 public:
  using Config = EncoderConfig;
  using Parameters = Either<typename Attention::Parameters, typename Pretrained::Parameters>;
  using Statistics = Either<typename Attention::Statistics, typename Pretrained::Statistics>;
  using Workspace = Either<typename Attention::Workspace, typename Pretrained::Workspace>;

  struct Cache : Either<typename Attention::Cache, typename Pretrained::Cache> {
    /// (B, h, w, C), or of length 0 without soft attention.
    [[nodiscard]] const Tensor<B>& mask_logits() const {
      return std::visit([](const auto& cache) -> const Tensor<B>& { return cache.mask_logits; }, this->kind);
    }
  };

  explicit ConfiguredEncoder(const Config& config) : encoder_(make(config)) {}

  /// Null where the configuration names the other.
  [[nodiscard]] const Attention* attention() const { return std::get_if<Attention>(&encoder_); }
  [[nodiscard]] const Pretrained* pretrained() const { return std::get_if<Pretrained>(&encoder_); }

  [[nodiscard]] Index features() const {
    return std::visit([](const auto& encoder) { return encoder.features(); }, encoder_);
  }
  [[nodiscard]] Index map_side() const {
    return std::visit([](const auto& encoder) { return encoder.map_side(); }, encoder_);
  }

  /// See Backbone::freeze. SA-Net has no frozen parts: what does not change there is computed like everything else.
  void freeze(const Parameters& p, const std::string& prefix, const IsFrozen& is_frozen) {
    if (auto* encoder = std::get_if<Pretrained>(&encoder_)) encoder->freeze(p.pretrained(), prefix, is_frozen);
  }

  /// Whether nothing that training changes has a part in the features.
  [[nodiscard]] bool is_constant() const { return pretrained() && pretrained()->is_constant(); }

  [[nodiscard]] Parameters make_parameters(B& b) const {
    return std::visit([&](const auto& encoder) { return Parameters{encoder.make_parameters(b)}; }, encoder_);
  }
  [[nodiscard]] Statistics make_statistics(B& b) const {
    return std::visit([&](const auto& encoder) { return Statistics{encoder.make_statistics(b)}; }, encoder_);
  }
  [[nodiscard]] Cache make_cache(B& b, Index batch, Mode mode = Mode::training, const Cache* sibling = nullptr) const {
    if (const Attention* encoder = attention()) return {{encoder->make_cache(b, batch, mode)}};
    return {{pretrained()->make_cache(b, batch, mode, sibling ? &sibling->pretrained() : nullptr)}};
  }
  [[nodiscard]] Workspace make_workspace(B& b, Index batch) const {
    return std::visit([&](const auto& encoder) { return Workspace{encoder.make_workspace(b, batch)}; }, encoder_);
  }

  void forward(B& b, const Parameters& p, Statistics& s, const Tensor<B>& patches, Cache& cache, Tensor<B>& features,
               Mode mode) const {
    if (const Attention* encoder = attention())
      return encoder->forward(b, p.attention(), s.attention(), patches, cache.attention(), features, mode);
    pretrained()->forward(b, p.pretrained(), s.pretrained(), patches, cache.pretrained(), features, mode);
  }

  /// See BackboneEncoder. SA-Net has no such part.
  [[nodiscard]] bool has_frozen_part(Mode mode) const { return pretrained() && pretrained()->has_frozen_part(mode); }

  void forward_frozen(B& b, const Parameters& p, Statistics& s, const Tensor<B>& patches, Cache& cache,
                      Tensor<B>& features, Mode mode) const {
    pretrained()->forward_frozen(b, p.pretrained(), s.pretrained(), patches, cache.pretrained(), features, mode);
  }
  [[nodiscard]] Tensor<B>& frozen_output(Cache& cache, Tensor<B>& features) const {
    return pretrained()->frozen_output(cache.pretrained(), features);
  }
  template <class Visitor>
  static void for_each_frozen(const Parameters& p, const Statistics& s, Visitor&& visit) {
    Pretrained::for_each_frozen(p.pretrained(), s.pretrained(), visit);
  }
  void forward_rest(B& b, const Parameters& p, Statistics& s, Cache& cache, Tensor<B>& features, Mode mode) const {
    pretrained()->forward_rest(b, p.pretrained(), s.pretrained(), cache.pretrained(), features, mode);
  }

  void backward(B& b, const Parameters& p, const Tensor<B>& patches, Cache& cache, const Tensor<B>& d_features,
                Workspace& w,
                Parameters& d_p) const requires TrainableConvolutionOps<B> && TrainableNormalizationOps<B> &&
      TrainablePointwiseOps<B> && TrainablePoolingOps<B> && TrainableUpsampleOps<B> && TrainableMaskOps<B> {
    if (const Attention* encoder = attention()) {
      return encoder->backward(b, p.attention(), patches, cache.attention(), d_features, w.attention(),
                               d_p.attention());
    }
    pretrained()->backward(b, p.pretrained(), patches, cache.pretrained(), d_features, w.pretrained(),
                           d_p.pretrained());
  }

 private:
  static std::variant<Attention, Pretrained> make(const Config& config) {
    if (config.backbone.kind == BackboneKind::none) return Attention(config);
    return Pretrained(config);
  }

  std::variant<Attention, Pretrained> encoder_;
};

}  // namespace saccade
