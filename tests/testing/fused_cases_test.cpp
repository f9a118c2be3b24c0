#include <saccade/math/mask.hpp>
#include <saccade/math/recurrent.hpp>
#include <saccade/testing/conformance.hpp>

#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/fused_reference.hpp"

// Fused operations are compared with composed ones, and half a pair of them is a failure with a sentence.
namespace {

using namespace saccade;
using namespace saccade::testing;

/// The image with `padding` zeros around it.
ReferenceBackend<double>::Tensor zero_padded(const ReferenceBackend<double>::Tensor& x, Padding padding) {
  auto y = ReferenceBackend<double>().zeros(
      {x.shape[0], x.shape[1] + padding.top + padding.bottom, x.shape[2] + padding.left + padding.right, x.shape[3]});
  for (Index i = 0; i < x.shape.size(); ++i) {
    const Index c = i % x.shape[3], column = i / x.shape[3] % x.shape[2];
    const Index row = i / x.shape[3] / x.shape[2] % x.shape[1], b = i / x.shape[3] / x.shape[2] / x.shape[1];
    y.data()[reference::offset(y.shape, b, row + padding.top, column + padding.left, c)] = x.data()[i];
  }
  return y;
}

/// A reference backend with fused operations, right or wrong.
struct FusedBackend : saccade_test::FusedReference<double> {
  enum class Fault {
    none,
    pool_sums,
    pool_backward_forgets_size,
    cell_ignores_previous,
    cell_backward_ignores_next,
    rstd_without_epsilon,
    activates_the_padding,
    slope_of_first_channel,
    forgets_the_residual,
    overwrites_before_it_adds,
    biased_running_variance,
    weight_of_what_is_not_activated,
    weight_overwrites,
    statistics_are_constants,
    forgets_the_gradient_of_the_residual,
    reads_what_it_has_overwritten,
    slope_of_positive_numbers
  };
  explicit FusedBackend(Fault fault_) : fault(fault_) {}
  Fault fault;
  using Fused = saccade_test::FusedReference<double>;

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

  void batch_norm_rstd(const Tensor& running_variance, double epsilon, Tensor& rstd) const {
    Fused::batch_norm_rstd(running_variance, fault == Fault::rstd_without_epsilon ? 0 : epsilon, rstd);
  }
  void convolve_activated(const Tensor& x, ActivationView<FusedBackend> view, const Tensor& w,
                          ConvolutionGeometry geometry, const Tensor* residual, Tensor& y) const {
    if (fault == Fault::forgets_the_residual) residual = nullptr;
    if (fault == Fault::activates_the_padding) {
      Tensor convolved = y;
      convolve(activated(zero_padded(x, geometry.padding), of(view)), w,
               {.stride = geometry.stride, .groups = geometry.groups}, convolved);
      if (residual) axpy(1, *residual, convolved);
      y = convolved;
      return;
    }
    if (fault == Fault::overwrites_before_it_adds) {
      convolve(activated(x, of(view)), w, geometry, y);
      if (residual) axpy(1, *residual, y);
      return;
    }
    Tensor slope = view.slope;
    if (fault == Fault::slope_of_first_channel) fill(slope.values[0], slope);
    Fused::convolve_activated(x, {view.gamma, view.beta, view.mean, view.rstd, slope}, w, geometry, residual, y);
  }
  void batch_norm_statistics(const Tensor& x, BatchNormHyper hyper, Tensor& running_mean, Tensor& running_variance,
                             Tensor& mean, Tensor& rstd) const {
    const Tensor before = running_variance;
    Fused::batch_norm_statistics(x, hyper, running_mean, running_variance, mean, rstd);
    if (fault != Fault::biased_running_variance) return;
    for (std::size_t c = 0; c < before.values.size(); ++c) {
      const double variance = 1 / (rstd.values[c] * rstd.values[c]) - hyper.epsilon;
      running_variance.values[c] = (1 - hyper.momentum) * before.values[c] + hyper.momentum * variance;
    }
  }
  void convolve_activated_backward_weight(const Tensor& d_y, const Tensor& x, ActivationView<FusedBackend> view,
                                          ConvolutionGeometry geometry, Tensor& d_w, Write write) const {
    if (fault == Fault::weight_of_what_is_not_activated) {
      return convolve_backward_weight(d_y, normalized(x, of(view)), geometry, d_w, write);
    }
    if (fault == Fault::weight_overwrites) write = Write::overwrite;
    Fused::convolve_activated_backward_weight(d_y, x, of(view), geometry, d_w, write);
  }
  void activation_backward(const Tensor& d_activated, const Tensor& x, ActivationView<FusedBackend> view,
                           const Tensor* d_residual, Tensor& d_x, Write write, Tensor& d_gamma, Tensor& d_beta,
                           Tensor& d_slope, Write write_parameters) const {
    if (fault == Fault::forgets_the_gradient_of_the_residual) d_residual = nullptr;
    if (fault == Fault::reads_what_it_has_overwritten && write == Write::overwrite) fill(0, d_x);
    const Tensor before = d_x, d_slope_before = d_slope;
    Fused::activation_backward(d_activated, x, of(view), d_residual, d_x, write, d_gamma, d_beta, d_slope,
                               write_parameters);
    if (fault == Fault::statistics_are_constants) {
      Tensor d_normalized = x, unused = d_slope;
      prelu_backward(normalized(x, of(view)), view.slope, d_activated, d_normalized, Write::overwrite, unused,
                     Write::overwrite);
      for (std::size_t i = 0; i < x.values.size(); ++i) {
        const std::size_t c = i % view.gamma.values.size();
        d_x.values[i] = view.gamma.values[c] * view.rstd.values[c] * d_normalized.values[i] +
                        (d_residual ? d_residual->values[i] : 0) + (write == Write::accumulate ? before.values[i] : 0);
      }
    }
    if (fault == Fault::slope_of_positive_numbers) {
      Tensor mirrored = normalized(x, of(view)), unused = x;
      for (double& value : mirrored.values) value = -value;
      d_slope = d_slope_before;
      prelu_backward(mirrored, view.slope, d_activated, unused, Write::overwrite, d_slope, write_parameters);
    }
  }

 private:
  static Activation of(const ActivationView<FusedBackend>& view) {
    return {view.gamma, view.beta, view.mean, view.rstd, view.slope};
  }
};
static_assert(ops::FusedAttentionPool<FusedBackend> && ops::FusedLstmCell<FusedBackend> &&
              ops::TrainableFusedActivation<FusedBackend>);

/// Forward without backward: never called, so somebody has to say it.
struct HalfFusedBackend : ReferenceBackend<double> {
  void attention_pool(const Tensor&, const Tensor&, Tensor&) {}
  void lstm_cell(const Tensor&, const Tensor&, Tensor&, Tensor&, Tensor&, Tensor&) {}
  void batch_norm_rstd(const Tensor&, double, Tensor&) {}
  void convolve_activated(const Tensor&, ActivationView<HalfFusedBackend>, const Tensor&, ConvolutionGeometry,
                          const Tensor*, Tensor&) {}
};
static_assert(!ops::FusedAttentionPool<HalfFusedBackend> && !ops::FusedLstmCell<HalfFusedBackend> &&
              !ops::FusedActivation<HalfFusedBackend>);

template <class B>
std::vector<Case> fused_cases(std::function<B()> make) {
  Suite<B, ReferenceBackend<double>> suite(std::move(make), {});
  add_mask_cases(suite);
  add_recurrent_cases(suite);
  add_activated_convolution_cases(suite);
  add_trainable_mask_cases(suite);
  add_trainable_recurrent_cases(suite);
  add_trainable_activated_convolution_cases(suite);
  return std::move(suite.cases());
}

std::vector<std::string> failing(const std::vector<Case>& cases) {
  std::vector<std::string> names;
  for (const Case& c : cases) {
    if (!c.run().passed()) names.push_back(c.name);
  }
  return names;
}

/// Whether there is a case of that name, and it fails. Runs no other.
bool fails(const std::vector<Case>& cases, const std::string& name) {
  const auto named = std::find_if(cases.begin(), cases.end(), [&](const Case& c) { return c.name == name; });
  return named != cases.end() && !named->run().passed();
}

}  // namespace

TEST_CASE("fused operations that are right pass, those that are wrong fail against composed ones") {
  FusedBackend::Fault fault = FusedBackend::Fault::none;
  const auto cases = fused_cases<FusedBackend>([&fault] { return FusedBackend(fault); });
  CHECK(failing(cases).empty());

  fault = FusedBackend::Fault::pool_sums;
  CHECK(fails(cases, "attention_pool: fused agrees with composed"));
  CHECK(fails(cases, "attention_pool: numbers by hand"));
  fault = FusedBackend::Fault::pool_backward_forgets_size;
  CHECK(fails(cases, "attention_pool: backward is the adjoint"));
  fault = FusedBackend::Fault::cell_ignores_previous;
  CHECK(fails(cases, "lstm_cell: fused agrees with composed"));
  CHECK(fails(cases, "lstm_cell: numbers by hand"));
  fault = FusedBackend::Fault::cell_backward_ignores_next;
  CHECK(fails(cases, "lstm_cell_backward: fused agrees with composed"));
  CHECK(fails(cases, "lstm_cell: backward agrees with central differences"));
}

TEST_CASE("fused operations around a convolution that are wrong fail, each in the case that is named") {
  using Fault = FusedBackend::Fault;
  const std::pair<Fault, std::vector<std::string>> expected[] = {
      {Fault::rstd_without_epsilon, {"batch_norm_rstd: agrees with the reference", "batch_norm_rstd: numbers by hand"}},
      {Fault::activates_the_padding,
       {"convolve_activated: agrees with the reference", "convolve_activated: numbers by hand"}},
      {Fault::slope_of_first_channel, {"convolve_activated: agrees with the reference"}},
      {Fault::forgets_the_residual,
       {"convolve_activated: agrees with the reference", "convolve_activated: numbers by hand"}},
      {Fault::overwrites_before_it_adds, {"convolve_activated: agrees with the reference"}},
      {Fault::biased_running_variance,
       {"batch_norm_statistics: agrees with the reference", "batch_norm_statistics: numbers by hand"}},
      {Fault::weight_of_what_is_not_activated,
       {"convolve_activated_backward_weight: agrees with the reference",
        "convolve_activated_backward_weight: numbers by hand", "convolve_activated: backward is the adjoint"}},
      {Fault::weight_overwrites, {"convolve_activated_backward_weight: overwrites and accumulates"}},
      {Fault::statistics_are_constants,
       {"activation_backward: agrees with the reference", "activation_backward: numbers by hand",
        "convolve_activated: backward agrees with central differences"}},
      {Fault::forgets_the_gradient_of_the_residual,
       {"activation_backward: agrees with the reference", "activation_backward: numbers by hand",
        "convolve_activated: backward agrees with central differences"}},
      {Fault::reads_what_it_has_overwritten, {"activation_backward: works in place"}},
      {Fault::slope_of_positive_numbers,
       {"activation_backward: agrees with the reference", "activation_backward: numbers by hand",
        "convolve_activated: backward agrees with central differences"}},
  };
  Fault fault = Fault::none;
  const auto cases = fused_cases<FusedBackend>([&fault] { return FusedBackend(fault); });
  for (const auto& [planted, names] : expected) {
    fault = planted;
    for (const std::string& name : names) {
      INFO(name);
      CHECK(fails(cases, name));
    }
  }
}

TEST_CASE("a fused operation without its backward is a failure with a sentence") {
  const auto cases = fused_cases<HalfFusedBackend>([] { return HalfFusedBackend(); });
  CHECK(failing(cases) == std::vector<std::string>{"attention_pool: fused in both directions or in none",
                                                   "lstm_cell: fused in both directions or in none",
                                                   "convolve_activated: all of its operations or none"});
}
