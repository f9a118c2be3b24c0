// The Eigen backend in double, which saccade::compiled has not: for tests of numbers, as a user would add it.
#include <saccade/backends/eigen/eigen_backend.inl>
#include <saccade/backends/eigen/eigen_backend_fused.inl>
#include <saccade/backends/eigen/eigen_backend_heads.inl>

template class saccade::EigenBackend<double>;
