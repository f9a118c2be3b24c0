#include "for_the_library.hpp"

#include <saccade/backends/eigen/eigen_backend.inl>
#include <saccade/backends/eigen/eigen_backend_fused.inl>
#include <saccade/backends/eigen/eigen_backend_heads.inl>

template class saccade::EigenBackend<double>;
