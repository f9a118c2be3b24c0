#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/ops/linear.hpp>
#include <saccade/ops/ops.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "backends/conformance.hpp"
#include "support/recording_backend.hpp"

using namespace saccade;

namespace {

/// Stands around every operation: how often each was called.
template <Backend Inner>
class Counting : public ForwardingBackend<Counting<Inner>, Inner> {
  using Base = ForwardingBackend<Counting, Inner>;

 public:
  using Base::Base;

  std::map<std::string, int> calls;

  void perform(std::string_view name, const auto& operation, auto&... arguments) {
    ++calls[std::string(name)];
    Base::perform(name, operation, arguments...);
  }
};

/// Replaces one operation.
class Saturating : public ForwardingBackend<Saturating, ReferenceBackend<float>> {
 public:
  using ForwardingBackend::ForwardingBackend;

  void relu(const Tensor& x, Tensor& y) { inner().clamp(x, 0, 6, y); }
};

/// Takes the recording away.
class Unrecorded : public ForwardingBackend<Unrecorded, saccade_test::RecordingBackend<float>> {
 public:
  void run_step() = delete;
};

/// Classifies, and has no derivative.
class Inferring : public ForwardingBackend<Inferring, EigenBackend<float>, false> {};

// It offers what the other one offers.
using OverReference = Counting<ReferenceBackend<float>>;
using OverEigen = Counting<EigenBackend<float>>;
using OverRecording = Counting<saccade_test::RecordingBackend<float>>;
static_assert(TrainableBackend<OverReference> && !ops::FusedLstmCell<OverReference> &&
              !ops::FusedActivation<OverReference> && !ops::FusedAttentionPool<OverReference> &&
              !ops::FusedEpilogue<OverReference>);
static_assert(ops::FusedLstmCell<OverEigen> && ops::TrainableFusedActivation<OverEigen> &&
              ops::FusedAttentionPool<OverEigen> && ops::FusedEpilogue<OverEigen>);
static_assert(!FeatureMaps<OverEigen> && !ops::RecordedStep<OverEigen> && !ops::StagedImages<OverEigen> &&
              !ops::AdamAdvance<OverEigen> && !ops::FusedOptimizer<OverEigen> && !images_are_copies<OverEigen>);
static_assert(FeatureMaps<OverRecording> && ops::RecordedStep<OverRecording> && ops::StagedImages<OverRecording> &&
              ops::AdamAdvance<OverRecording> && ops::FusedOptimizer<OverRecording> &&
              images_are_copies<OverRecording>);
static_assert(TrainableBackend<Unrecorded> && !ops::RecordedStep<Unrecorded>);
static_assert(Backend<Inferring> && !TrainableBackend<Inferring> && !TrainableLinearOps<Inferring> &&
              !OptimizerOps<Inferring> && ops::FusedLstmCell<Inferring>);

}  // namespace

TEST_CASE("a forwarding backend conforms, over one with fused operations and over one with hooks", "[forwarding]") {
  check_conformance<OverEigen>([] { return OverEigen(1); });
  check_conformance<OverRecording>([] { return OverRecording(); });
}

TEST_CASE("a forwarding backend sees every operation by its name", "[forwarding]") {
  OverReference b;
  auto x = b.zeros({2, 3}), w = b.zeros({4, 3}), y = b.zeros({2, 4});
  b.fill(1, x);
  b.fill(2, w);
  ops::linear(b, x, w, y, Write::overwrite);
  CHECK(to_vector(b, y) == std::vector<float>(8, 6.0f));
  CHECK(b.calls == std::map<std::string, int>{{"fill", 2}, {"linear", 1}, {"download", 1}});
}

TEST_CASE("a forwarding backend's own operation replaces that of the other", "[forwarding]") {
  Saturating b;
  auto x = make_tensor<Saturating, float>(b, {3}, std::vector<float>{-1, 5, 7});
  ops::relu(b, x, x);
  CHECK(to_vector(b, x) == std::vector<float>{0, 5, 6});
}

TEST_CASE("a convolution with an epilogue passes through whole, or in its parts") {
  const auto run = [](auto b) {
    using B = decltype(b);
    auto x = b.zeros({1, 1, 2, 2}), w = b.zeros({2, 1, 1, 1}), c = b.zeros({2}), y = b.zeros({1, 1, 2, 2});
    b.fill(1, x);
    b.fill(2, w);
    b.fill(3, c);
    ConvolutionEpilogue<B> epilogue{.bias = &c, .residual = &x, .rectifier = Rectifier::relu6};
    epilogue.normalization.emplace(NormalizationView<B>{c, c, c, c, 6.0});
    ops::convolve(b, x, w, {.groups = 2}, epilogue, y);  // 2, 5, 3 (5 - 3) / 3 + 3 = 5, 6
    CHECK(to_vector(b, y) == std::vector<float>{6, 6, 6, 6});
    return b.calls;
  };
  CHECK(run(OverEigen(1)).at("convolve_epilogue") == 1);
  const auto parts = run(OverReference());
  for (const char* name : {"convolve", "add_bias", "batch_norm_infer", "axpy", "relu6"}) CHECK(parts.at(name) == 1);
}
