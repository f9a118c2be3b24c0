#pragma once

#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/training/evaluator.hpp>

/// What saccade::compiled has of evaluator.hpp. Each header of this folder belongs to one of training/, which brings it in
/// where that library is linked.
namespace saccade::inline SACCADE_NAMESPACE {

#if !SACCADE_HEADER_ONLY
extern template class Evaluator<EigenBackend<float>>;
#endif

}  // namespace saccade
