#pragma once

#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/training/trainer.hpp>

/// What saccade::compiled has of trainer.hpp.
namespace saccade::inline SACCADE_NAMESPACE {

#if !SACCADE_HEADER_ONLY
extern template class Trainer<EigenBackend<float>>;
#endif

}  // namespace saccade
