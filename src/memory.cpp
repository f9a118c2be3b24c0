#include "for_the_library.hpp"

#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/training/memory.hpp>

namespace saccade::inline SACCADE_NAMESPACE {

template TrainingMemory training_memory<EigenBackend<float>>(const HybridAttentionConfig&, Index, Activations, Index,
                                                              const AdamConfig&);
template Index evaluation_memory<EigenBackend<float>>(const HybridAttentionConfig&, Index, Activations, Index);

}  // namespace saccade
