#include <saccade/math/mask.hpp>
#include <saccade/math/recurrent.hpp>
#include <saccade/testing/conformance.hpp>

#include <string>
#include <vector>

#include "support/catch.hpp"

// Fused operations are compared with composed ones, and half a pair of them is a failure with a sentence.
namespace {

using namespace saccade;
using namespace saccade::testing;

/// A reference backend with fused operations, right or wrong.
struct FusedBackend : ReferenceBackend<double> {
  enum class Fault { none, pool_sums, pool_backward_forgets_size, cell_ignores_previous, cell_backward_ignores_next };
  explicit FusedBackend(Fault fault_) : fault(fault_) {}
  Fault fault;

  void attention_pool(const Tensor& trunk, const Tensor& mask_logits, Tensor& features) {
    fill(0, features);
    const Index channels = trunk.shape[3], pixels = trunk.shape[1] * trunk.shape[2];
    for (Index i = 0; i < trunk.shape.size(); ++i) {
      features.data()[i / channels / pixels * channels + i % channels] +=
          math::attend(trunk.data()[i], mask_logits.data()[i]) /
          (fault == Fault::pool_sums ? 1.0 : static_cast<double>(pixels));
    }
  }
  void attention_pool_backward(const Tensor& trunk, const Tensor& mask_logits, const Tensor& d_features,
                               Tensor& d_trunk, Write write_trunk, Tensor& d_mask_logits, Write write_mask) {
    Tensor d_attended = trunk;
    global_average_pool_backward(d_features, d_attended, Write::overwrite);
    if (fault == Fault::pool_backward_forgets_size) {
      for (double& value : d_attended.values) value *= static_cast<double>(trunk.shape[1] * trunk.shape[2]);
    }
    apply_mask_backward(trunk, mask_logits, d_attended, d_trunk, write_trunk, d_mask_logits, write_mask);
  }

  void lstm_cell(const Tensor& gates_pre, const Tensor& c_prev, Tensor& gates, Tensor& c_next, Tensor& tanh_c,
                 Tensor& h_next) {
    const Index hidden = c_prev.shape[1];
    for (Index i = 0; i < c_prev.shape.size(); ++i) {
      const Index first = i / hidden * 4 * hidden + i % hidden;
      const double* pre = gates_pre.data() + first;
      const auto g = math::lstm_gates<double>({pre[0], pre[hidden], pre[2 * hidden], pre[3 * hidden]});
      const auto next = math::lstm_step(g, fault == Fault::cell_ignores_previous ? 0.0 : c_prev.data()[i]);
      double* gate = gates.data() + first;
      gate[0] = g.input;
      gate[hidden] = g.forget;
      gate[2 * hidden] = g.candidate;
      gate[3 * hidden] = g.output;
      c_next.data()[i] = next.cell;
      tanh_c.data()[i] = std::tanh(next.cell);
      h_next.data()[i] = next.hidden;
    }
  }
  void lstm_cell_backward(const Tensor& gates, const Tensor& c_prev, const Tensor& tanh_c, const Tensor& d_h,
                          const Tensor& d_c_next, Tensor& d_gates_pre, Tensor& d_c_prev) {
    const Index hidden = c_prev.shape[1];
    for (Index i = 0; i < c_prev.shape.size(); ++i) {
      const Index first = i / hidden * 4 * hidden + i % hidden;
      const double* g = gates.data() + first;
      const auto d = math::lstm_step_backward<double>(
          {g[0], g[hidden], g[2 * hidden], g[3 * hidden]}, c_prev.data()[i], std::atanh(tanh_c.data()[i]),
          {d_h.data()[i], fault == Fault::cell_backward_ignores_next ? 0.0 : d_c_next.data()[i]});
      double* d_gate = d_gates_pre.data() + first;
      d_gate[0] = d.preactivation.input;
      d_gate[hidden] = d.preactivation.forget;
      d_gate[2 * hidden] = d.preactivation.candidate;
      d_gate[3 * hidden] = d.preactivation.output;
      d_c_prev.data()[i] = d.cell;
    }
  }
};
static_assert(ops::FusedAttentionPool<FusedBackend> && ops::FusedLstmCell<FusedBackend>);

/// Forward without backward: never called, so somebody has to say it.
struct HalfFusedBackend : ReferenceBackend<double> {
  void attention_pool(const Tensor&, const Tensor&, Tensor&) {}
  void lstm_cell(const Tensor&, const Tensor&, Tensor&, Tensor&, Tensor&, Tensor&) {}
};
static_assert(!ops::FusedAttentionPool<HalfFusedBackend> && !ops::FusedLstmCell<HalfFusedBackend>);

template <class B>
std::vector<Case> fused_cases(std::function<B()> make) {
  Suite<B, ReferenceBackend<double>> suite(std::move(make), {});
  add_mask_cases(suite);
  add_recurrent_cases(suite);
  add_trainable_mask_cases(suite);
  add_trainable_recurrent_cases(suite);
  return std::move(suite.cases());
}

std::vector<std::string> failing(const std::vector<Case>& cases) {
  std::vector<std::string> names;
  for (const Case& c : cases) {
    if (!c.run().passed()) names.push_back(c.name);
  }
  return names;
}

bool holds(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

TEST_CASE("fused operations that are right pass, those that are wrong fail against composed ones") {
  FusedBackend::Fault fault = FusedBackend::Fault::none;
  const auto cases = fused_cases<FusedBackend>([&fault] { return FusedBackend(fault); });
  CHECK(failing(cases).empty());

  fault = FusedBackend::Fault::pool_sums;
  CHECK(holds(failing(cases), "attention_pool: fused agrees with composed"));
  CHECK(holds(failing(cases), "attention_pool: numbers by hand"));
  fault = FusedBackend::Fault::pool_backward_forgets_size;
  CHECK(holds(failing(cases), "attention_pool: backward is the adjoint"));
  fault = FusedBackend::Fault::cell_ignores_previous;
  CHECK(holds(failing(cases), "lstm_cell: fused agrees with composed"));
  CHECK(holds(failing(cases), "lstm_cell: numbers by hand"));
  fault = FusedBackend::Fault::cell_backward_ignores_next;
  CHECK(holds(failing(cases), "lstm_cell_backward: fused agrees with composed"));
  CHECK(holds(failing(cases), "lstm_cell: backward agrees with central differences"));
}

TEST_CASE("a fused operation without its backward is a failure with a sentence") {
  const auto cases = fused_cases<HalfFusedBackend>([] { return HalfFusedBackend(); });
  CHECK(failing(cases) == std::vector<std::string>{"attention_pool: fused in both directions or in none",
                                                   "lstm_cell: fused in both directions or in none"});
}
