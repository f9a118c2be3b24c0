#include <saccade/components/value_head.hpp>

#include "support/gradient_check.hpp"

#include <cmath>

using namespace saccade;
using namespace saccade_test;

TEST_CASE("the value head descends the squared error of the return", "[value_head]") {
  Reference b;
  const ValueHead<Reference> head({.hidden = 4});
  auto parameters = head.make_parameters(b), d_parameters = head.make_parameters(b);
  randomize_parameters(parameters, 1);
  auto cache = head.make_cache(b, 3);
  auto workspace = head.make_workspace(b, 3);
  const Array h = random_array({3, 4}, 2), returns{{3}, {1, 0, 0.5}};
  head.forward(b, parameters, h, cache);
  head.backward(b, h, returns, cache, workspace, d_parameters);
  check_gradients(parameters, d_parameters, [&] {
    head.forward(b, parameters, h, cache);
    double sum = 0;
    for (std::size_t n = 0; n < 3; ++n) sum += std::pow(returns.values[n] - cache.value.values[n], 2);
    return sum / 3;
  });
  head.forward(b, parameters, h, cache);
  check_accumulates(d_parameters, [&] { head.backward(b, h, returns, cache, workspace, d_parameters); });
}
