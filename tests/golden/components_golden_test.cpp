#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/components/gaussian_policy.hpp>
#include <saccade/components/glimpse_fusion.hpp>
#include <saccade/components/patch_readout.hpp>
#include <saccade/components/recurrent_core.hpp>
#include <saccade/components/residual_unit.hpp>
#include <saccade/components/soft_attention_block.hpp>
#include <saccade/components/value_head.hpp>
#include <saccade/ops/loss.hpp>

#include "golden/golden_case.hpp"
#include "golden/golden_config.hpp"
#include "support/fused_reference.hpp"

#include <optional>
#include <string>

/// Every component and the gradient of each of its parameters against its twin in PyTorch (twin.py).

using namespace saccade;
using namespace saccade_tests;

namespace {
using BackendsAndFused = TestedBackends<ReferenceBackend<double>, ReferenceBackend<float>,
                                        saccade_test::FusedReference<float>, EigenBackend<float>>;
}  // namespace

TEMPLATE_LIST_TEST_CASE("PyTorch agrees: residual unit", "[golden][residual_unit]", BackendsAndFused) {
  using Unit = ResidualUnit<TestType>;
  for_each_golden_case<TestType>("residual_unit", "", [](TestType& b, auto& golden) {
    const double tolerance = network_tolerance<Scalar<TestType>>;
    const Shape in = golden.shape("x"), out = golden.shape("y");  // (B, H, W, C)
    const Unit unit({.inputs = in[3],
                     .outputs = out[3],
                     .kind = golden.flag("bottleneck") ? UnitKind::bottleneck : UnitKind::basic,
                     .normalization = normalization_config(golden)});
    auto p = unit.make_parameters(b), d_p = unit.make_parameters(b);
    auto statistics = unit.make_statistics(b);
    golden.give_all("parameter", p);
    golden.give_all("statistic", statistics);
    auto cache = unit.make_cache(b, in[0], in[1], in[2]);
    auto workspace = unit.make_workspace(b, in[0], in[1], in[2]);
    const auto x = golden.given("x"), d_y = golden.given("d_y");
    auto y = golden.blank(out), d_x = golden.blank(in);

    unit.forward(b, p, statistics, x, cache, y, Mode::evaluation);
    golden.check("y_evaluation", y, tolerance);
    golden.check_all("statistic", statistics, 0);

    unit.forward(b, p, statistics, x, cache, y, Mode::training);
    unit.backward(b, p, x, cache, d_y, workspace, d_p, d_x);
    golden.check("y", y, tolerance);
    golden.check("d_x", d_x, tolerance);
    golden.check_all("gradient", d_p, tolerance);
    golden.check_all("new_statistic", statistics, tolerance);
  });
}

TEMPLATE_LIST_TEST_CASE("PyTorch agrees: soft attention block", "[golden][soft_attention_block]", BackendsAndFused) {
  using Block = SoftAttentionBlock<TestType>;
  for_each_golden_case<TestType>("soft_attention", "", [](TestType& b, auto& golden) {
    const double tolerance = network_tolerance<Scalar<TestType>>;
    const Block block(encoder_config(golden));
    CHECK(golden.integer("statistics") == 1);
    auto p = block.make_parameters(b), d_p = block.make_parameters(b);
    auto statistics = block.make_statistics(b);
    golden.give_all("parameter", p);
    golden.give_all("statistic", statistics);
    const Shape in = golden.shape("patches");
    auto cache = block.make_cache(b, in[0]);
    auto workspace = block.make_workspace(b, in[0]);
    const auto patches = golden.given("patches"), d_features = golden.given("d_features");
    auto features = golden.blank_like("features");

    block.forward(b, p, statistics, patches, cache, features, Mode::evaluation);
    golden.check("features_evaluation", features, tolerance);
    golden.check_all("statistic", statistics, 0);

    block.forward(b, p, statistics, patches, cache, features, Mode::training);
    block.backward(b, p, patches, cache, d_features, workspace, d_p);
    golden.check("features", features, tolerance);
    golden.check_all("gradient", d_p, tolerance);
    golden.check_all("new_statistic", statistics, tolerance);
  });
}

TEMPLATE_LIST_TEST_CASE("PyTorch agrees: glimpse fusion", "[golden][glimpse_fusion]", BackendsAndFused) {
  for_each_golden_case<TestType>("heads", "fusion", [](TestType& b, auto& golden) {
    const Shape in = golden.shape("features"), out = golden.shape("glimpse");
    const GlimpseFusion<TestType> fusion({.features = in[1], .outputs = out[1]});
    auto p = fusion.make_parameters(b), d_p = fusion.make_parameters(b);
    golden.give_all("parameter", p);
    auto cache = fusion.make_cache(b, in[0]);
    auto workspace = fusion.make_workspace(b, in[0]);
    const auto features = golden.given("features"), location = golden.given("location"),
               d_glimpse = golden.given("d_glimpse");
    auto glimpse = golden.blank(out), d_features = golden.blank(in);
    fusion.forward(b, p, features, location, cache, glimpse);
    fusion.backward(b, p, glimpse, cache, d_glimpse, workspace, d_p, d_features);
    golden.check("glimpse", glimpse);
    golden.check("d_features", d_features);
    golden.check_all("gradient", d_p, golden_tolerance<Scalar<TestType>>);
  });
}

TEMPLATE_LIST_TEST_CASE("PyTorch agrees: recurrent core", "[golden][recurrent_core]", BackendsAndFused) {
  for_each_golden_case<TestType>("heads", "core", [](TestType& b, auto& golden) {
    const Shape in = golden.shape("x"), state = golden.shape("h");
    const RecurrentCore<TestType> core({.inputs = in[1], .hidden = state[1]});
    auto p = core.make_parameters(b), d_p = core.make_parameters(b);
    golden.give_all("parameter", p);
    auto cache = core.make_cache(b, in[0]);
    auto workspace = core.make_workspace(b, in[0]);
    const auto x = golden.given("x"), h = golden.given("h"), c = golden.given("c"), d_h_next = golden.given("d_h_next"),
               d_c_next = golden.given("d_c_next");
    auto h_next = golden.blank(state), c_next = golden.blank(state), d_x = golden.blank(in), d_h = golden.blank(state),
         d_c = golden.blank(state);
    core.forward(b, p, x, h, c, cache, workspace, h_next, c_next);
    core.backward(b, p, x, h, c, cache, d_h_next, d_c_next, workspace, d_p, d_x, d_h, d_c);
    golden.check("h_next", h_next);
    golden.check("c_next", c_next);
    golden.check("d_x", d_x);
    golden.check("d_h", d_h);
    golden.check("d_c", d_c);
    golden.check_all("gradient", d_p, golden_tolerance<Scalar<TestType>>);
  });
}

TEMPLATE_LIST_TEST_CASE("PyTorch agrees: patch readout", "[golden][patch_readout]", BackendsAndFused) {
  for_each_golden_case<TestType>("patch_readout", "", [](TestType& b, auto& golden) {
    const double tolerance = network_tolerance<Scalar<TestType>>;
    const Shape in = golden.shape("patches"), out = golden.shape("context");
    const auto readout = golden.flag("positions") ? Readout::positions : Readout::convolution;
    const PatchReadout<TestType> network({.inputs = in[3],
                                            .side = in[1],
                                            .width = golden.integer("width"),
                                            .outputs = out[1],
                                            .readout = readout,
                                            .normalization = normalization_config(golden)});
    auto p = network.make_parameters(b), d_p = network.make_parameters(b);
    auto statistics = network.make_statistics(b);
    golden.give_all("parameter", p);
    golden.give_all("statistic", statistics);
    auto cache = network.make_cache(b, in[0]);
    auto workspace = network.make_workspace(b, in[0]);
    const auto patches = golden.given("patches"), d_context = golden.given("d_context");
    auto context = golden.blank(out);

    network.forward(b, p, statistics, patches, cache, context, Mode::evaluation);
    golden.check("context_evaluation", context, tolerance);
    network.forward(b, p, statistics, patches, cache, context, Mode::training);
    network.backward(b, p, patches, cache, d_context, workspace, d_p);
    golden.check("context", context, tolerance);
    golden.check_all("gradient", d_p, tolerance);
    golden.check_all("new_statistic", statistics, tolerance);
  });
}

namespace {

/// The policy's parameters, and those of the baseline where there is one.
template <class B>
struct HeadParameters {
  typename GaussianPolicy<B>::Parameters policy;
  std::optional<typename ValueHead<B>::Parameters> value;

  template <class Self, class Visitor>
  static void for_each(Self& self, const std::string& prefix, Visitor&& visit) {
    GaussianPolicy<B>::Parameters::for_each(self.policy, prefix, visit);
    if (self.value) ValueHead<B>::Parameters::for_each(*self.value, prefix + "value.", visit);
  }
};

}  // namespace

TEMPLATE_LIST_TEST_CASE("PyTorch agrees: policy gradient", "[golden][policy_gradient]", BackendsAndFused) {
  for_each_golden_case<TestType>("heads", "policy", [](TestType& b, auto& golden) {
    const PolicyConfig config = policy_config(golden);
    const LearnerConfig learner = learner_config(golden);
    const GaussianPolicy<TestType> policy(config);
    const ValueHead<TestType> value({.hidden = config.hidden});
    const bool with_value = learner.baseline == Baseline::learned;
    HeadParameters<TestType> p{policy.make_parameters(b), {}}, d_p{policy.make_parameters(b), {}};
    if (with_value) {
      p.value = value.make_parameters(b);
      d_p.value = value.make_parameters(b);
    }
    golden.give_all("parameter", p);
    const Shape state = golden.shape("h"), answers = golden.shape("logits");
    CHECK(state[1] == config.hidden);
    auto cache = policy.make_cache(b, state[0]);
    auto workspace = policy.make_workspace(b, state[0]);
    auto value_cache = value.make_cache(b, state[0]);
    auto value_workspace = value.make_workspace(b, state[0]);
    const auto h = golden.given("h"), reward = golden.given("reward"), logits = golden.given("logits"),
               classes = golden.given("classes");
    auto d_h = b.zeros(state), d_logits = b.zeros(answers), probabilities = golden.blank(answers);

    const auto patch = config.patch > 0 ? golden.given("seen_context") : b.zeros({0});
    const auto nothing = b.zeros({0});
    auto d_patch = b.zeros(b.shape(patch)), d_nothing = b.zeros({0});
    const PolicyInputs<TestType> inputs{h, patch, nothing, nothing, nothing, nothing};

    policy.describe(b, p.policy, inputs, cache);
    golden.check("mean", cache.mean);
    // As PolicyGradient: weight / B * (reward - baseline).
    auto advantage = b.zeros({state[0]});
    const Scalar<TestType> factor = over_batch(b, learner.weight, reward);
    ops::axpy(b, factor, reward, advantage);
    if (with_value) {
      value.forward(b, *p.value, h, value_cache);
      golden.check("predicted", value_cache.value);
      ops::axpy(b, -factor, value_cache.value, advantage);
      value.backward(b, h, reward, value_cache, value_workspace, *d_p.value);
    } else {
      CHECK(golden.numbers("predicted") == std::vector<double>(static_cast<std::size_t>(state[0]), 0.0));
    }

    cache.sample = golden.given("sample");
    policy.score_gradient(b, p.policy, inputs, cache, advantage, workspace, d_p.policy, {d_h, d_patch, d_nothing});
    if (config.patch > 0) golden.check("d_context", d_patch);
    if (learner.class_term) {
      ops::softmax(b, logits, probabilities);
      ops::softmax_cross_entropy_backward(b, probabilities, classes, advantage, d_logits, Write::accumulate);
    }
    golden.check("d_h", d_h);
    golden.check("d_logits", d_logits);
    golden.check_all("gradient", d_p, golden_tolerance<Scalar<TestType>>);
  });
}
