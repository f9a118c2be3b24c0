#pragma once

#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/training/trained_classifier.hpp>

/// What saccade::compiled has of trained_classifier.hpp.
namespace saccade::inline SACCADE_NAMESPACE {

#if !SACCADE_HEADER_ONLY
extern template class TrainedClassifier<EigenBackend<float>>;
#endif

}  // namespace saccade
