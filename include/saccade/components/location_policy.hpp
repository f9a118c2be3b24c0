#pragma once

#include <saccade/components/cell_policy.hpp>
#include <saccade/components/gaussian_policy.hpp>
#include <saccade/core/error.hpp>

#include <string>
#include <utility>
#include <variant>

namespace saccade::inline SACCADE_NAMESPACE {

/// The policy that `PolicyConfig::kind` names, so that a program can leave the choice to a file. Each function does
/// what that policy's does.
template <class B>
class LocationPolicy {
  using Gaussian = GaussianPolicy<B>;
  using Cell = CellPolicy<B>;

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
  using Cache = Either<typename Gaussian::Cache, typename Cell::Cache>;
  using Workspace = Either<typename Gaussian::Workspace, typename Cell::Workspace>;

  struct Parameters : Either<typename Gaussian::Parameters, typename Cell::Parameters> {
    template <class Self, class Visitor>
    static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
      std::visit([&](auto& p) { std::remove_cvref_t<decltype(p)>::for_each(p, prefix, visit); }, self.kind);
    }
  };

  explicit LocationPolicy(const Config& config) : policy_(make(config)) {}

  [[nodiscard]] const Config& config() const {
    return std::visit([](const auto& policy) -> const Config& { return policy.config(); }, policy_);
  }

  /// Null where the configuration names the other.
  [[nodiscard]] const Gaussian* gaussian() const { return std::get_if<Gaussian>(&policy_); }
  [[nodiscard]] const Cell* cell() const { return std::get_if<Cell>(&policy_); }

  [[nodiscard]] Parameters make_parameters(B& b) const {
    return std::visit([&](const auto& policy) { return Parameters{{policy.make_parameters(b)}}; }, policy_);
  }
  [[nodiscard]] Cache make_cache(B& b, Index batch) const {
    return std::visit([&](const auto& policy) { return Cache{policy.make_cache(b, batch)}; }, policy_);
  }
  [[nodiscard]] Workspace make_workspace(B& b, Index batch) const {
    return std::visit([&](const auto& policy) { return Workspace{policy.make_workspace(b, batch)}; }, policy_);
  }

  /// Another sigma for the draws to come. @throws ConfigError where the policy has none, or learns it
  void set_sigma(Cache& cache, double sigma) const {
    if (!gaussian()) throw ConfigError("CellPolicy: no sigma can be given: cells have none");
    gaussian()->set_sigma(cache.gaussian(), sigma);
  }

  void describe(B& b, const Parameters& p, const PolicyInputs<B>& in, Cache& cache) const {
    if (const Gaussian* policy = gaussian()) return policy->describe(b, p.gaussian(), in, cache.gaussian());
    cell()->describe(b, p.cell(), in, cache.cell());
  }

  void sample(B& b, const RandomKey& key, const PolicyInputs<B>& in, Cache& cache) const {
    if (const Gaussian* policy = gaussian()) return policy->sample(b, key, in, cache.gaussian());
    cell()->sample(b, key, in, cache.cell());
  }

  void take_mode(B& b, Cache& cache) const {
    if (const Gaussian* policy = gaussian()) return policy->take_mode(b, cache.gaussian());
    cell()->take_mode(b, cache.cell());
  }

  [[nodiscard]] static const Tensor<B>& mode(const Cache& cache) {
    return cache.kind.index() == 0 ? Gaussian::mode(cache.gaussian()) : Cell::mode(cache.cell());
  }
  [[nodiscard]] static Tensor<B>& drawn(Cache& cache) {
    return cache.kind.index() == 0 ? Gaussian::drawn(cache.gaussian()) : Cell::drawn(cache.cell());
  }

  void log_density(B& b, const Cache& cache, Workspace& w, Tensor<B>& y) const {
    if (const Gaussian* policy = gaussian()) return policy->log_density(b, cache.gaussian(), w.gaussian(), y);
    cell()->log_density(b, cache.cell(), w.cell(), y);
  }

  void entropy(B& b, const Cache& cache, Workspace& w, Tensor<B>& y) const {
    if (const Gaussian* policy = gaussian()) return policy->entropy(b, cache.gaussian(), w.gaussian(), y);
    cell()->entropy(b, cache.cell(), w.cell(), y);
  }

  void score_gradient(B& b, const Parameters& p, const PolicyInputs<B>& in, const Cache& cache,
                      const Tensor<B>& advantage, Workspace& w, Parameters& d_p, PolicyInputGradients<B> d_in)
      const requires TrainableLinearOps<B> && TrainablePointwiseOps<B> && TrainablePolicyOps<B> && TrainableLossOps<B> {
    if (const Gaussian* policy = gaussian()) {
      return policy->score_gradient(b, p.gaussian(), in, cache.gaussian(), advantage, w.gaussian(), d_p.gaussian(),
                                    d_in);
    }
    cell()->score_gradient(b, p.cell(), in, cache.cell(), advantage, w.cell(), d_p.cell(), d_in);
  }

 private:
  static std::variant<Gaussian, Cell> make(const Config& config) {
    if (config.kind == PolicyKind::cell) return Cell(config);
    return Gaussian(config);
  }

  std::variant<Gaussian, Cell> policy_;
};

}  // namespace saccade
