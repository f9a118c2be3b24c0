#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/core/backend.hpp>
#include <saccade/testing/archetype_backend.hpp>

#include <type_traits>

#include "support/catch.hpp"
#include "testing/inference_backend.hpp"

using namespace saccade;

namespace {

using Complete = ReferenceBackend<float>;
using Archetype = testing::ArchetypeBackend<double>;

// Both ways: a concept that everything satisfies is as useless as one that nothing does.
static_assert(TrainableBackend<Complete> && Backend<Complete>);
static_assert(TrainableBackend<Archetype> && Backend<Archetype>);
static_assert(Backend<InferenceBackend> && !TrainableBackend<InferenceBackend>);
static_assert(Backend<HalfTrainableBackend> && !TrainableBackend<HalfTrainableBackend>);
static_assert(TrainableLinearOps<HalfTrainableBackend> && !TrainableConvolutionOps<HalfTrainableBackend>);
struct Empty {};
struct NoTypes {
  void linear() {}
};

// The archetype has nothing to spare.
static_assert(!std::is_copy_constructible_v<Archetype> && !std::is_default_constructible_v<Archetype> &&
              !std::is_move_constructible_v<Archetype>);
static_assert(!std::is_copy_constructible_v<Archetype::Tensor> && !std::is_default_constructible_v<Archetype::Tensor>);
static_assert(!std::is_copy_constructible_v<Archetype::Image> && !std::is_default_constructible_v<Archetype::Image>);

// One thing wrong at a time, in a backend that is complete otherwise.
struct IntegerScalar : Complete {
  using Scalar = int;
};
struct PinnedTensor : Complete {
  struct Tensor {
    Tensor(Tensor&&) = delete;
  };
};
struct AddBiasReturns : Complete {
  int add_bias(const Tensor&, Tensor&) { return 0; }
};
struct LinearWithoutWrite : Complete {
  void linear(const Tensor&, const Tensor&, Tensor&) {}
};
struct InputsAreMutable : Complete {
  void relu(Tensor&, Tensor&) {}
};
struct NoSymmetries : Complete {
  void crop_glimpses(std::span<const ImageView>, const Tensor&, GlimpseGeometry, Tensor&) {}
};
class NoArgmax : public Complete {
  using Complete::max_pool;

 public:
  void max_pool(const Tensor&, PoolingGeometry, Tensor&) {}
};
struct MaskBackwardWithOneWrite : Complete {
  void apply_mask_backward(const Tensor&, const Tensor&, const Tensor&, Tensor&, Tensor&, Write) {}
};

template <class B>
constexpr bool neither = !Backend<B> && !TrainableBackend<B>;
static_assert(neither<int> && neither<Empty> && neither<NoTypes>);
static_assert(!TensorMemory<IntegerScalar> && neither<IntegerScalar>);
static_assert(!TensorMemory<PinnedTensor> && neither<PinnedTensor>);
static_assert(!LinearOps<AddBiasReturns> && neither<AddBiasReturns>);
static_assert(!LinearOps<LinearWithoutWrite> && neither<LinearWithoutWrite>);
static_assert(!PointwiseOps<InputsAreMutable> && neither<InputsAreMutable>);
static_assert(!GlimpseOps<NoSymmetries> && neither<NoSymmetries>);
static_assert(!PoolingOps<NoArgmax> && neither<NoArgmax>);
static_assert(Backend<MaskBackwardWithOneWrite> && !TrainableMaskOps<MaskBackwardWithOneWrite> &&
              !TrainableBackend<MaskBackwardWithOneWrite>);

// By subsumption: the overload that asks for more is chosen, with no ambiguity.
constexpr int level(auto&) { return 0; }
constexpr int level(TensorMemory auto&) { return 1; }
constexpr int level(LinearOps auto&) { return 2; }
constexpr int level(Backend auto&) { return 3; }
constexpr int level(TrainableBackend auto&) { return 4; }

}  // namespace

TEST_CASE("concepts are ordered by what they ask for") {
  Empty empty;
  LinearWithoutWrite memory;
  InputsAreMutable linear;
  InferenceBackend inference;
  Complete complete;
  CHECK(level(empty) == 0);
  CHECK(level(memory) == 1);
  CHECK(level(linear) == 2);
  CHECK(level(inference) == 3);
  CHECK(level(complete) == 4);
}
