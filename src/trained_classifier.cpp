#include "for_the_library.hpp"

#include <saccade/backends/eigen/eigen_backend.hpp>
#include <saccade/training/evaluator.hpp>
#include <saccade/training/trained_classifier.hpp>

template class saccade::Evaluator<saccade::EigenBackend<float>>;
template class saccade::TrainedClassifier<saccade::EigenBackend<float>>;
