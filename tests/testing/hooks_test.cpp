#include <saccade/testing/conformance.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/recording_backend.hpp"

// The cases of the optional hooks must bite as well.
namespace {

using saccade::testing::Case;
using saccade_test::HookFault;
using saccade_test::RecordingBackend;
using Recording = RecordingBackend<float>;

const std::pair<HookFault, std::vector<std::string>> planted_in_hooks[] = {
    {HookFault::map_not_cleared, {"feature_map: a tensor like others, of numbers of 8 bits at least"}},
    {HookFault::recorded_but_not_run, {"run_step: a body has its effect in every call"}},
    {HookFault::computes_again,
     {"run_step: a body has its effect in every call", "run_step: two bodies in turn, and a graph that is moved"}},
    {HookFault::draws_as_recorded, {"run_step: draws are those of the call's own counter"}},
    {HookFault::draws_one_stride_further, {"run_step: draws are those of the call's own counter"}},
    {HookFault::keeps_half_a_recording, {"run_step: a body that throws leaves no recording"}},
    {HookFault::looks_at_old_images, {"run_step: crops look at the images staged last"}},
    {HookFault::crops_what_is_staged, {"stage_images: a crop of other images stages them by itself"}},
    {HookFault::advance_forgets_a_correction,
     {"advance_adam: numbers by hand", "advance_adam: has the bits of math::advance_adam"}},
    {HookFault::advance_from_zero,
     {"advance_adam: numbers by hand", "advance_adam: has the bits of math::advance_adam"}},
    {HookFault::zeroes_all_but_the_last, {"parameter list: fused agrees with composed"}},
    {HookFault::sum_accumulates, {"parameter list: fused agrees with composed", "parameter list: may be empty"}},
    {HookFault::one_group, {"parameter list: fused agrees with composed"}},
    {HookFault::moves_without_a_scale, {"parameter list: a scale that is not finite changes nothing"}},
};

std::vector<Case> cases_of(const HookFault& fault) {
  auto all = saccade::testing::conformance_cases<Recording>([&fault] { return Recording(fault); });
  std::erase_if(all, [](const Case& c) {
    const auto about = [&](const char* hook) { return c.name.starts_with(hook); };
    return !(about("run_step") || about("stage_images") || about("feature_map") || about("advance_adam") ||
             about("parameter list"));
  });
  return all;
}

/// Each hook with the wrong arguments: never called, so somebody has to say it.
struct Misspelt : saccade::ReferenceBackend<double> {
  void run_step(int) {}
  void stage_images() {}
  void feature_map() {}
  void advance_adam() {}
  void make_parameter_list() {}
};
static_assert(!saccade::ops::RecordedStep<Misspelt> && !saccade::ops::StagedImages<Misspelt> &&
              !saccade::FeatureMaps<Misspelt> && !saccade::ops::AdamAdvance<Misspelt> &&
              !saccade::ops::FusedOptimizer<Misspelt>);

}  // namespace

TEST_CASE("hooks that are right pass") {
  const HookFault fault = HookFault::none;
  for (const Case& c : saccade::testing::conformance_cases<Recording>([&fault] { return Recording(fault); })) {
    const auto report = c.run();
    INFO(c.name << ": " << report.message());
    CHECK(report.passed());
  }
}

TEST_CASE("hooks that are wrong fail, each in the case that is named") {
  HookFault fault = HookFault::none;
  const std::vector<Case> cases = cases_of(fault);
  std::set<HookFault> seen;
  for (const auto& [plant, names] : planted_in_hooks) {
    fault = plant;
    seen.insert(plant);
    for (const std::string& name : names) {
      INFO("fault " << static_cast<int>(plant) << ", case \"" << name << "\"");
      const auto found = std::find_if(cases.begin(), cases.end(), [&](const Case& c) { return c.name == name; });
      REQUIRE(found != cases.end());
      CHECK_FALSE(found->run().passed());
    }
  }
  CHECK(seen.size() + 1 == static_cast<std::size_t>(HookFault::count));
}

TEST_CASE("a hook with other arguments is a failure with a sentence") {
  std::vector<std::string> failing;
  for (const Case& c : saccade::testing::conformance_cases<Misspelt>([] { return Misspelt(); })) {
    for (const char* hook : {"run_step", "stage_images", "feature_map", "advance_adam", "parameter list"}) {
      if (c.name.starts_with(hook) && !c.run().passed()) failing.push_back(c.name);
    }
  }
  CHECK(failing == std::vector<std::string>{"feature_map: as it is called",
                                            "run_step: with its StepGraph or not at all",
                                            "stage_images: as it is called", "advance_adam: as it is called",
                                            "parameter list: all of its operations or none"});
}
