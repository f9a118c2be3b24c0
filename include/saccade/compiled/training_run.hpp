#pragma once

#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/training/training_run.hpp>

/// What saccade::compiled has of training_run.hpp.
namespace saccade::inline SACCADE_NAMESPACE {

#if !SACCADE_HEADER_ONLY
extern template class TrainingRun<EigenBackend<float>>;
#endif

}  // namespace saccade
