#pragma once

#include <saccade/components/cell_policy.hpp>
#include <saccade/components/gaussian_policy.hpp>
#include <saccade/components/zoom_head.hpp>
#include <saccade/core/error.hpp>

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace saccade::inline SACCADE_NAMESPACE {

/// The policy that `PolicyConfig::kind` names, so that a program can leave the choice to a file; where there is more
/// than one zoom, with a ZoomHead beside it, and locations are (B, 3). Each function does what the policy's does.
template <class B>
class LocationPolicy {
  using Gaussian = GaussianPolicy<B>;
  using Cell = CellPolicy<B>;
  using Head = ZoomHead<B>;

  /// What belongs to the one or the other.
  template <class G, class C>
  struct Either {
    std::variant<G, C> kind;

    [[nodiscard]] G& gaussian() { return std::get<G>(kind); }
    [[nodiscard]] const G& gaussian() const { return std::get<G>(kind); }
    [[nodiscard]] C& cell() { return std::get<C>(kind); }
    [[nodiscard]] const C& cell() const { return std::get<C>(kind); }
  };

 public:
  using Config = PolicyConfig;

  /// Places and zooms side by side.
  struct Zoomed {
    typename Head::Cache head;
    Tensor<B> mode;   // (B, 3)
    Tensor<B> drawn;  // (B, 3)
  };

  struct Cache : Either<typename Gaussian::Cache, typename Cell::Cache> {
    std::optional<Zoomed> zoomed{};
  };

  struct ZoomedWorkspace {
    typename Head::Workspace head;
    Tensor<B> previous;  // (B, 2)  the place of the mode before
  };

  struct Workspace : Either<typename Gaussian::Workspace, typename Cell::Workspace> {
    std::optional<ZoomedWorkspace> zoomed{};
  };

  struct Parameters : Either<typename Gaussian::Parameters, typename Cell::Parameters> {
    std::optional<typename Head::Parameters> zoom{};

    template <class Self, class Visitor>
    static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
      std::visit([&](auto& p) { std::remove_cvref_t<decltype(p)>::for_each(p, prefix, visit); }, self.kind);
      if (self.zoom) Head::Parameters::for_each(*self.zoom, prefix + "zoom.", visit);
    }
  };

  explicit LocationPolicy(const Config& config) : policy_(make(config)) {
    expect_config(config.zooms >= 1,
                  "LocationPolicy: zooms must be at least 1, but is " + std::to_string(config.zooms));
    if (config.zooms > 1) head_.emplace(config);
  }

  [[nodiscard]] const Config& config() const {
    return std::visit([](const auto& policy) -> const Config& { return policy.config(); }, policy_);
  }

  /// Null where the configuration names the other.
  [[nodiscard]] const Gaussian* gaussian() const { return std::get_if<Gaussian>(&policy_); }
  [[nodiscard]] const Cell* cell() const { return std::get_if<Cell>(&policy_); }

  [[nodiscard]] Parameters make_parameters(B& b) const {
    Parameters p = std::visit([&](const auto& policy) { return Parameters{{policy.make_parameters(b)}}; }, policy_);
    if (head_) p.zoom = head_->make_parameters(b);
    return p;
  }
  [[nodiscard]] Cache make_cache(B& b, Index batch) const {
    Cache cache = std::visit([&](const auto& policy) { return Cache{{policy.make_cache(b, batch)}}; }, policy_);
    if (head_) cache.zoomed = Zoomed{head_->make_cache(b, batch), b.zeros({batch, 3}), b.zeros({batch, 3})};
    return cache;
  }
  [[nodiscard]] Workspace make_workspace(B& b, Index batch) const {
    Workspace w = std::visit([&](const auto& policy) { return Workspace{{policy.make_workspace(b, batch)}}; }, policy_);
    if (head_) w.zoomed = ZoomedWorkspace{head_->make_workspace(b, batch), b.zeros({batch, 2})};
    return w;
  }

  /// Another sigma for the draws to come. @throws ConfigError where the policy has none, or learns it
  void set_sigma(Cache& cache, double sigma) const {
    if (!gaussian()) throw ConfigError("CellPolicy: no sigma can be given: cells have none");
    gaussian()->set_sigma(cache.gaussian(), sigma);
  }

  void describe(B& b, const Parameters& p, const PolicyInputs<B>& in, Cache& cache) const {
    if (const Gaussian* policy = gaussian()) {
      policy->describe(b, p.gaussian(), in, cache.gaussian());
    } else {
      cell()->describe(b, p.cell(), in, cache.cell());
    }
    if (!head_) return;
    Zoomed& zoomed = *cache.zoomed;
    head_->describe(b, *p.zoom, in, zoomed.head);
    join(b, place_mode(cache), zoomed.head.best, zoomed.mode);
    // Whoever gives a location gives both parts of it.
    ops::read_columns(b, zoomed.drawn, 0, place_drawn(cache), Write::overwrite);
    ops::read_columns(b, zoomed.drawn, 2, zoomed.head.zoom, Write::overwrite);
  }

  void sample(B& b, const RandomKey& key, const PolicyInputs<B>& in, Cache& cache) const {
    if (const Gaussian* policy = gaussian()) {
      policy->sample(b, key, in, cache.gaussian());
    } else {
      cell()->sample(b, key, in, cache.cell());
    }
    if (!head_) return;
    head_->sample(b, key, cache.zoomed->head);
    join(b, place_drawn(cache), cache.zoomed->head.zoom, cache.zoomed->drawn);
  }

  void take_mode(B& b, Cache& cache) const {
    if (const Gaussian* policy = gaussian()) {
      policy->take_mode(b, cache.gaussian());
    } else {
      cell()->take_mode(b, cache.cell());
    }
    if (!head_) return;
    head_->take_mode(b, cache.zoomed->head);
    ops::copy(b, cache.zoomed->mode, cache.zoomed->drawn);
  }

  [[nodiscard]] static const Tensor<B>& mode(const Cache& cache) {
    return cache.zoomed ? cache.zoomed->mode : place_mode(cache);
  }
  [[nodiscard]] static Tensor<B>& drawn(Cache& cache) {
    return cache.zoomed ? cache.zoomed->drawn : place_drawn(cache);
  }

  void log_density(B& b, const Cache& cache, Workspace& w, Tensor<B>& y) const {
    if (const Gaussian* policy = gaussian()) {
      policy->log_density(b, cache.gaussian(), w.gaussian(), y);
    } else {
      cell()->log_density(b, cache.cell(), w.cell(), y);
    }
    if (head_) head_->add_log_density(b, cache.zoomed->head, w.zoomed->head, y);
  }

  void entropy(B& b, const Cache& cache, Workspace& w, Tensor<B>& y) const {
    if (const Gaussian* policy = gaussian()) {
      policy->entropy(b, cache.gaussian(), w.gaussian(), y);
    } else {
      cell()->entropy(b, cache.cell(), w.cell(), y);
    }
    if (head_) head_->add_entropy(b, cache.zoomed->head, w.zoomed->head, y);
  }

  void score_gradient(B& b, const Parameters& p, const PolicyInputs<B>& in, const Cache& cache,
                      const Tensor<B>& advantage, Workspace& w, Parameters& d_p, PolicyInputGradients<B> d_in)
      const requires TrainableLinearOps<B> && TrainablePointwiseOps<B> && TrainablePolicyOps<B> && TrainableLossOps<B> {
    if (!head_) return place_gradient(b, p, in, cache, advantage, w, d_p, d_in);
    const bool moved = b.shape(in.previous).size() > 0;
    if (moved) ops::read_columns(b, in.previous, 0, w.zoomed->previous, Write::overwrite);
    const PolicyInputs<B> of_place{in.state,   in.patch,   in.context,
                                   in.stretch, in.outside, moved ? w.zoomed->previous : in.previous};
    place_gradient(b, p, of_place, cache, advantage, w, d_p, d_in);
    head_->score_gradient(b, *p.zoom, in, cache.zoomed->head, advantage, w.zoomed->head, *d_p.zoom, d_in);
  }

 private:
  [[nodiscard]] static const Tensor<B>& place_mode(const Cache& cache) {
    return cache.kind.index() == 0 ? Gaussian::mode(cache.gaussian()) : Cell::mode(cache.cell());
  }
  [[nodiscard]] static Tensor<B>& place_drawn(Cache& cache) {
    return cache.kind.index() == 0 ? Gaussian::drawn(cache.gaussian()) : Cell::drawn(cache.cell());
  }

  static void join(B& b, const Tensor<B>& place, const Tensor<B>& zoom, Tensor<B>& location) {
    ops::write_columns(b, place, 0, location, Write::overwrite);
    ops::write_columns(b, zoom, 2, location, Write::overwrite);
  }

  void place_gradient(B& b, const Parameters& p, const PolicyInputs<B>& in, const Cache& cache,
                      const Tensor<B>& advantage, Workspace& w, Parameters& d_p, PolicyInputGradients<B> d_in) const {
    if (const Gaussian* policy = gaussian()) {
      return policy->score_gradient(b, p.gaussian(), in, cache.gaussian(), advantage, w.gaussian(), d_p.gaussian(),
                                    d_in);
    }
    cell()->score_gradient(b, p.cell(), in, cache.cell(), advantage, w.cell(), d_p.cell(), d_in);
  }

  static std::variant<Gaussian, Cell> make(const Config& config) {
    if (config.kind == PolicyKind::cell) return Cell(config);
    return Gaussian(config);
  }

  std::variant<Gaussian, Cell> policy_;
  std::optional<Head> head_{};  ///< where there is more than one zoom
};

}  // namespace saccade
