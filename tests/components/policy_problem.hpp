#pragma once

#include <saccade/components/policy_config.hpp>
#include <saccade/components/policy_inputs.hpp>

#include "support/gradient_check.hpp"

/// A policy over the reference backend in double precision, with everything that it may read.
namespace saccade_test {

inline constexpr saccade::Index policy_batch = 3;

template <class P>
struct PolicyProblem {
  explicit PolicyProblem(const saccade::PolicyConfig& config)
      : policy(config),
        parameters(policy.make_parameters(b)),
        d_parameters(policy.make_parameters(b)),
        cache(policy.make_cache(b, policy_batch)),
        workspace(policy.make_workspace(b, policy_batch)),
        state(random_array({policy_batch, config.hidden}, 2)),
        patch(random_array(several(config.patch), 8)),
        context(random_array(several(config.context), 9)),
        outside(filled(several(config.cells * config.cells), 0)),
        d_state(filled({policy_batch, config.hidden}, 0)),
        d_patch(filled(several(config.patch), 0)),
        d_context(filled(several(config.context), 0)) {
    randomize_parameters(parameters, 1);
    if (config.learn_sigma) {
      for (const auto& named : saccade::named_tensors<Reference>(parameters))
        if (named.name == "sigma.logit") fill_with(*named.tensor, named.initialization.value);
    }
  }

  [[nodiscard]] static saccade::Shape several(saccade::Index count) {
    return count == 0 ? saccade::Shape{0} : saccade::Shape{policy_batch, count};
  }
  static void fill_with(Array& x, double value) { x = filled(x.shape, value); }

  [[nodiscard]] saccade::PolicyInputs<Reference> inputs() const {
    return {.state = state,
            .patch = patch,
            .context = context,
            .stretch = stretch,
            .outside = outside,
            .previous = previous};
  }

  void describe() { policy.describe(b, parameters, inputs(), cache); }

  void backward() {
    policy.score_gradient(b, parameters, inputs(), cache, advantage, workspace, d_parameters,
                          {.state = d_state, .patch = d_patch, .context = d_context});
  }

  /// Holds the gradients against central differences of `loss`, and lets parameters accumulate.
  template <class Loss>
  void check_score_gradient(const Loss& loss) {
    describe();
    backward();
    check_gradients(parameters, d_parameters, loss);
    check_gradient("context", context, d_context, loss);
    if (policy.config().patch > 0) check_gradient("patch", patch, d_patch, loss);
    if (policy.config().state == saccade::StateGradient::attached) {
      check_gradient("h", state, d_state, loss);
    } else {
      CHECK(norm(d_state) == 0);
    }
    describe();
    check_accumulates(d_parameters, [&] { backward(); });
  }

  Reference b;
  P policy;
  typename P::Parameters parameters, d_parameters;
  typename P::Cache cache;
  typename P::Workspace workspace;
  Array state, patch, context;
  Array stretch{{policy_batch, 2}, {1, 1, 1.5, 1.25, 2, 1}};
  Array outside;
  Array previous = filled({0}, 0);
  Array d_state, d_patch, d_context;
  Array advantage{{policy_batch}, {0.4, -0.3, 0.7}};
};

}  // namespace saccade_test
