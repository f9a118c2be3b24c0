// All kernels for one instruction set; read by kernels.hpp, which has defined
//   SACCADE_ISA            the namespace
//   SACCADE_KERNEL         the attribute that makes a function be compiled for it
//   SACCADE_VECTOR_BYTES   the width of a register
//   SACCADE_STRIP_VECTORS  registers for the columns of a tile of a product
// A lambda does not inherit the attribute from the function around it, so every lambda says SACCADE_LAMBDA.

#define SACCADE_INLINE SACCADE_KERNEL SACCADE_ALWAYS_INLINE inline
#define SACCADE_LAMBDA SACCADE_KERNEL SACCADE_ALWAYS_INLINE
#define SACCADE_NOINLINE SACCADE_KERNEL SACCADE_NEVER_INLINE

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"  // g++ means every index of an array of vectors

// Each of these needs those above it.
// clang-format off
#include <saccade/backends/eigen/kernels/vector.inl>
#include <saccade/backends/eigen/kernels/depthwise.inl>
#include <saccade/backends/eigen/kernels/matrix.inl>
#include <saccade/backends/eigen/kernels/rows.inl>
#include <saccade/backends/eigen/kernels/transpose.inl>
#include <saccade/backends/eigen/kernels/channels.inl>
#include <saccade/backends/eigen/kernels/winograd.inl>
// clang-format on

namespace saccade::inline SACCADE_NAMESPACE::eigen::SACCADE_ISA {

template <class Scalar>
inline constexpr Kernels<Scalar> kernels{
    .lanes = lanes<Scalar>,
    .strip = strip_vectors* lanes<Scalar>,
    .multiply = multiply<Scalar>,
    .multiply_rows = multiply_rows<Scalar>,
    .depthwise = depthwise<Scalar>,
    .finish = finish<Scalar>,
    .transpose = transpose<Scalar>,
    .winograd_input = winograd_input<Scalar>,
    .winograd_output = winograd_output<Scalar>,
    .winograd_filter = winograd_filter<Scalar>,
    .activate_pixels = activate_pixels<Scalar>,
    .channel_sums = channel_sums<Scalar>,
    .deviation_sums = deviation_sums<Scalar>,
    .max_pool = max_pool<Scalar>,
    .clamp = clamp<Scalar>,
    .add = add<Scalar>,
};

template <class Scalar>
inline constexpr GradientKernels<Scalar> gradient_kernels{
    .multiply_transposed = multiply_transposed<Scalar>,
    .depthwise_input = depthwise_input<Scalar>,
    .depthwise_gradient = depthwise_gradient<Scalar>,
    .winograd_gradient = winograd_gradient<Scalar>,
    .winograd_filter_gradient = winograd_filter_gradient<Scalar>,
    .activation_sums = activation_sums<Scalar>,
    .activation_gradient = activation_gradient<Scalar>,
    .max_pool_backward = max_pool_backward<Scalar>,
    .clamp_backward = clamp_backward<Scalar>,
};

}  // namespace saccade::eigen::SACCADE_ISA

#pragma GCC diagnostic pop

#undef SACCADE_INLINE
#undef SACCADE_LAMBDA
#undef SACCADE_NOINLINE
#undef SACCADE_ISA
#undef SACCADE_KERNEL
#undef SACCADE_VECTOR_BYTES
#undef SACCADE_STRIP_VECTORS
