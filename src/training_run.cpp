#include "for_the_library.hpp"

#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/training/training_run.hpp>

template class saccade::TrainingRun<saccade::EigenBackend<float>>;
