#pragma once

#include <saccade/ops/step.hpp>
#include <saccade/training/config.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// The recordings of a step's bodies, each with the other options of its last call.
template <class B>
class StepRecordings {
 public:
  /// @param first  place of the body's first image in the whole batch: a recorded draw belongs to it
  ops::StepGraph<B>& of(const StepOptions& how, Index pass, std::uint32_t first = 0) {
    std::vector<ByGlimpses>& passes = by_first_[first];
    if (std::cmp_less_equal(passes.size(), pass)) passes.resize(static_cast<std::size_t>(pass) + 1);
    Recording& recording = passes[static_cast<std::size_t>(pass)][static_cast<std::size_t>(how.glimpses)];
    if (recording.options != how) recording = {how, {}};
    return recording.graph;
  }

 private:
  struct Recording {
    StepOptions options;
    ops::StepGraph<B> graph;
  };
  using ByGlimpses = std::array<Recording, 3>;  ///< learned, random, centre

  std::map<std::uint32_t, std::vector<ByGlimpses>> by_first_;
};

}  // namespace saccade
