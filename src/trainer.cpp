#include "for_the_library.hpp"

#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/training/trainer.hpp>

template class saccade::Trainer<saccade::EigenBackend<float>>;
