#include <saccade/backends/skeleton/skeleton_backend.hpp>

#include "support/catch.hpp"

using namespace saccade;

TEST_CASE("the skeleton is a whole backend by its syntax, and says what each function must do", "[skeleton]") {
  STATIC_REQUIRE(TrainableBackend<SkeletonBackend<double>>);
  SkeletonBackend<float> b;
  SkeletonBackend<float>::Tensor x, y;
  CHECK_THROWS_AS(b.zeros({2, 3}), Error);
  CHECK_THROWS_WITH(
      b.linear(x, x, y, Write::overwrite),
      "SkeletonBackend::linear is not written yet; what it must do: y (+)= x w^T with x (M, K), w (N, K), "
      "y (M, N).");
  CHECK_THROWS_WITH(b.crop_glimpses({}, x, {}, y), contains("patches (B, g, g, S*C)"));
  CHECK_THROWS_WITH(b.adam_step(x, x, x, y, y, y), contains("AdamHyper"));
}
