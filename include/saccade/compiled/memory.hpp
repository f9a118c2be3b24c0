#pragma once

#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/training/memory.hpp>

/// What saccade::compiled has of memory.hpp.
namespace saccade::inline SACCADE_NAMESPACE {

#if !SACCADE_HEADER_ONLY
extern template TrainingMemory training_memory<EigenBackend<float>>(const HybridAttentionConfig&, Index, Activations,
                                                                    Index,
                                                                     const AdamConfig&);
extern template Index evaluation_memory<EigenBackend<float>>(const HybridAttentionConfig&, Index, Activations, Index);
#endif

}  // namespace saccade
