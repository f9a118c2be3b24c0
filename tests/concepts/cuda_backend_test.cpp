#include <saccade/cuda.hpp>
#include <saccade/ops/ops.hpp>

#include <type_traits>

#include "support/catch.hpp"

/// Compiled by a plain C++ compiler, which sees no kernel.

using namespace saccade;

namespace {

using B = CudaBackend<float>;

static_assert(TrainableBackend<B>);

// Each optional part of the contract, which would be passed over in silence if an argument were wrong.
static_assert(ops::TrainableFusedActivation<B>);
static_assert(ops::FusedAttentionPool<B>);
static_assert(ops::FusedLstmCell<B>);
static_assert(ops::RecordedStep<B>);
static_assert(ops::StagedImages<B>);
static_assert(ops::FusedOptimizer<B>);
static_assert(ops::AdamAdvance<B>);
static_assert(FeatureMaps<B>);
static_assert(images_are_copies<B>);

template <class T>
constexpr bool move_only = std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T> &&
                           !std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T>;
static_assert(move_only<B> && move_only<B::Tensor> && move_only<B::Image>);
static_assert(move_only<B::StepGraph> && std::is_default_constructible_v<B::StepGraph>);
static_assert(move_only<B::ParameterList>);

}  // namespace

TEST_CASE("CudaBackend is a trainable backend, without nvcc") { CHECK(TrainableBackend<B>); }
