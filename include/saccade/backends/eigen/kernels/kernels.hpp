#pragma once

#include <saccade/backends/eigen/instruction_set.hpp>
#include <saccade/core/geometry.hpp>
#include <saccade/core/shape.hpp>

#include <cstring>
#include <numeric>
#include <type_traits>
#include <utility>

/// The innermost loops of EigenBackend: single-threaded, on bare memory, and compiled for several instruction sets. The
/// .inl files are read once for each of them, into a namespace of its own, with every function marked as compiled for
/// it; so a program needs no architecture flags, and the backend picks a set when it is made. Vectors are those of the
/// compiler (GCC and clang); elsewhere LaneArray does the same lane by lane.
namespace saccade::inline SACCADE_NAMESPACE::eigen {

/// Rows that `Kernels::multiply` takes at a time: callers pad to a multiple.
inline constexpr Index product_rows = 6;

/// Terms that `Kernels::multiply_transposed` takes at a time: callers pad to a multiple.
inline constexpr Index gradient_terms = 4;

/// Rows after which `Kernels::multiply_transposed` had best be called anew: what it reads of them, of 64 columns, stays
/// in the first-level cache, and its sums are read and written seldom enough.
inline constexpr Index gradient_rows = 48;

[[nodiscard]] constexpr Index round_up(Index count, Index multiple) {
  return (count + multiple - 1) / multiple * multiple;
}

/// Numbers after which both the channels and the lanes of vectors begin anew, so that so many can be handled as one
/// pixel of as many channels. Just the channels where that is too long to be worth it.
[[nodiscard]] constexpr Index channel_period(Index channels, Index lanes) {
  const Index period = std::lcm(channels, lanes);
  return period <= 16 * lanes ? period : channels;
}

/// Calls `body(pixels, channels, position)` for some pixels that lie side by side, as pixels of a whole period, and
/// then for the few that are left.
template <class Body>
void for_periods(Index pixels, Index channels, Index period, const Body& body) {
  const Index whole = pixels * channels / period;
  const Index left = pixels - whole * (period / channels);
  if (whole > 0) body(whole, period, Index{0});
  if (left > 0) body(left, channels, whole * period);
}

/// y = PReLU((x - centre) scale + shift), channel by channel: normalisation and activation in front of a convolution.
/// The coefficients are repeated over a channel_period and padded to whole vectors with zeros.
template <class Scalar>
struct ChannelActivation {
  Index period = 0;
  const Scalar* centre = nullptr;
  const Scalar* scale = nullptr;
  const Scalar* shift = nullptr;
  const Scalar* slope = nullptr;
};

/// What a batch normalisation adds to its gradient, beside scale * d_y: on_deviation * (x - centre) + constant. Padded.
template <class Scalar>
struct NormalizationTerms {
  const Scalar* on_deviation;
  const Scalar* constant;
};

/// Rows [top, bottom) and columns [left, right).
struct WindowRange {
  Index top;
  Index bottom;
  Index left;
  Index right;
};

/// An output tile of Winograd's algorithm: its image and its first pixel.
struct TilePlace {
  Index image;
  Index row;
  Index column;
};

/// The 4 x 4 tiles of the outputs of a 3x3 convolution of stride 1, row by row, image by image.
struct TileGrid {
  Index height;  ///< of the input
  Index width;
  Index channels;
  Index out_height;
  Index out_width;
  Index outputs;  ///< channels of the output
  Index padding;  ///< at most 2

  [[nodiscard]] constexpr Index across() const { return (out_width + 3) / 4; }
  [[nodiscard]] constexpr Index per_image() const { return (out_height + 3) / 4 * across(); }
  [[nodiscard]] constexpr TilePlace place(Index tile) const {
    const Index in_image = tile % per_image();
    return {tile / per_image(), in_image / across() * 4, in_image % across() * 4};
  }
};

/// Transformed tiles: element e of the 36 of tile t begins at data + e * plane_stride + t * tile_stride, channels
/// dense.
template <class Scalar>
struct TilePlanes {
  Scalar* data;
  Index plane_stride;
  Index tile_stride;

  /// The planes from a tile on.
  [[nodiscard]] TilePlanes from(Index tile) const { return {data + tile * tile_stride, plane_stride, tile_stride}; }
};

/// What is done to the sums of each channel before they are stored, after a residual was added:
/// y = min(max(sum + shift, low), high). Padded to whole vectors.
template <class Scalar>
struct ChannelEpilogue {
  const Scalar* shift = nullptr;
  Scalar low = 0;
  Scalar high = 0;
  const Scalar* scale =
      nullptr;  ///< of the sums; only `Kernels::finish` looks at it, all others have it in their weights

  [[nodiscard]] ChannelEpilogue without_scale() const { return {shift, low, high}; }
  /// From channel c on, the first of a vector.
  [[nodiscard]] ChannelEpilogue from(Index c) const { return {shift + c, low, high, scale ? scale + c : nullptr}; }
};

/// A row of a depthwise correlation: `count` windows, each `step` pixels to the right of the one before.
template <class Scalar>
struct DepthwiseRow {
  const Scalar* source;  ///< the first row under the taps, from its first pixel on; the next ones follow
  const Scalar* taps;    ///< (rows, kernel_width, channels), padded
  Index rows;            ///< of taps, all over the image
  Index kernel_width;
  Index channels;
  Index width;         ///< of the source
  Index step;          ///< from window to window
  Index first_column;  ///< of the first window; what lies outside counts as 0
  Index count;
  Scalar* target;
  Index target_stride;                      ///< numbers from result to result
  const Scalar* addend;                     ///< lies as the target and may be it; null: nothing
  const ChannelEpilogue<Scalar>* epilogue;  ///< null: none
};

/// The same row for the gradient of the taps, of the channels [begin, end), `begin` at a vector's first.
template <class Scalar>
struct DepthwiseGradientRow {
  const Scalar* source;
  const Scalar* gradient;  ///< (count, channels)
  Index rows;
  Index kernel_width;
  Index channels;
  Index width;
  Index step;
  Index first_column;
  Index count;
  Index begin;
  Index end;
  Scalar* sums;  ///< (rows, kernel_width, channels), padded
};

/// The kernels of one instruction set, those of gradients apart: who only classifies compiles none of these.
template <class Scalar>
struct Kernels {
  /// Numbers in a vector. What kernels call a padded number of channels or columns is a multiple of it.
  Index lanes;
  /// Columns of a strip of a packed matrix. A matrix (K, N) is packed in strips of so many columns, one after the
  /// other; the last one has what is left, in whole vectors. Within a strip the rows are dense.
  Index strip;

  /// c (rows, columns) = a (rows, terms) b (terms, columns), plus `addend`, which lies as c and may be c, unless it is
  /// null, and then as `epilogue` says, unless that is: rows a multiple of product_rows, b packed. On the way the
  /// caches are asked for rows * terms numbers at `ahead`, which will be wanted next, unless it is null.
  void (*multiply)(Index rows, Index terms, const Scalar* a, Index a_stride, const Scalar* packed, Index columns,
                   const Scalar* addend, const ChannelEpilogue<Scalar>* epilogue, const Scalar* ahead, Scalar* c,
                   Index c_stride);

  /// c (rows, columns) (+)= a (rows, terms) b (columns, terms)^T. An element has the same bits in every product.
  void (*multiply_rows)(Index rows, Index columns, Index terms, const Scalar* a, Index a_stride, const Scalar* b,
                        Index b_stride, Write write, Scalar* c, Index c_stride);

  /// The results of a row, see DepthwiseRow.
  void (*depthwise)(const DepthwiseRow<Scalar>& row);
  /// y (rows, channels) = `sums`, scaled, plus `addend`, which lies as y, unless it is null, and then as `epilogue`
  /// says, unless that is null. y may be `sums` or `addend`.
  void (*finish)(Index rows, Index channels, const Scalar* sums, Index sums_stride, const Scalar* addend,
                 const ChannelEpilogue<Scalar>* epilogue, Scalar* y, Index y_stride);
  /// y (columns, rows padded) = the transpose of x (rows, columns), whose rows are multiplied by `scale` unless it is
  /// null, and zeros behind. On the way the caches are asked for the matrix at `ahead`, which lies as x and will be
  /// wanted next.
  void (*transpose)(Index rows, Index columns, const Scalar* x, Index x_stride, const Scalar* scale,
                    const Scalar* ahead, Scalar* y, Index y_stride);

  /// planes = B^T d B of the tiles [first, last) of x, activated unless `activation` is null; channels are padded.
  void (*winograd_input)(const Scalar* x, const TileGrid& grid, Index first, Index last,
                         const ChannelActivation<Scalar>* activation, const TilePlanes<Scalar>& planes);
  /// y = A^T m A of the tiles, plus the same pixels of `addend` unless it is null; it may be y.
  void (*winograd_output)(const TilePlanes<Scalar>& planes, const TileGrid& grid, Index first, Index last,
                          const Scalar* addend, Scalar* y);
  /// Row `term` of the 36 packed matrices (terms, columns) G g G^T. Tap (row, column) of the filters that lead from
  /// this term to the columns begins at taps + (row * 3 + column) * tap_stride.
  void (*winograd_filter)(const Scalar* taps, Index tap_stride, Index columns, Index terms, Index term, Scalar* filter,
                          Index plane_stride);

  /// y = activation(x), both (pixels, channels).
  void (*activate_pixels)(Index pixels, Index channels, const Scalar* x, const ChannelActivation<Scalar>& activation,
                          Scalar* y);
  /// sums (channels) += the sum of x (pixels, channels); sums are padded.
  void (*channel_sums)(Index pixels, Index channels, const Scalar* x, Scalar* sums);
  /// sums += the sum of (x - centre)^2.
  void (*deviation_sums)(Index pixels, Index channels, const Scalar* x, const Scalar* centre, Scalar* sums);

  /// One output pixel: the largest of the taps `range` of the window whose first tap is at x, and its place.
  void (*max_pool)(const Scalar* x, Index channels, Index row_stride, const WindowRange& range, Index window, Scalar* y,
                   Scalar* argmax);

  /// y = min(max(x, low), high); y may be x.
  void (*clamp)(Index count, const Scalar* x, Scalar low, Scalar high, Scalar* y);
  /// y = x1 + x2; y may be either.
  void (*add)(Index count, const Scalar* x1, const Scalar* x2, Scalar* y);
};

/// The kernels of one instruction set for gradients.
template <class Scalar>
struct GradientKernels {
  /// sums (terms, columns) += a (rows, terms)^T b (rows, columns): terms a multiple of gradient_terms, columns padded,
  /// sums dense.
  void (*multiply_transposed)(Index rows, Index terms, const Scalar* a, Index a_stride, const Scalar* b, Index b_stride,
                              Index columns, Scalar* sums);

  /// As Kernels::depthwise, for the gradient of the input; it is fast for the widths that a stride of 2 leaves of a
  /// kernel.
  void (*depthwise_input)(const DepthwiseRow<Scalar>& row);
  /// sums += what a row adds to the gradient of the taps.
  void (*depthwise_gradient)(const DepthwiseGradientRow<Scalar>& row);

  /// planes = A d A^T of the tiles of the gradient d_y; channels are padded.
  void (*winograd_gradient)(const Scalar* d_y, const TileGrid& grid, Index first, Index last,
                            const TilePlanes<Scalar>& planes);
  /// taps (9, lanes) = G^T s G for one vector of columns, s the planes at `sums`.
  void (*winograd_filter_gradient)(const Scalar* sums, Index plane_stride, Scalar* taps);

  /// sums (3, channels) += the sums of d_v, of d_v (x - centre) and of d_y v where v <= 0, v being the normalised and
  /// scaled value and d_v the gradient that PReLU passes to it.
  void (*activation_sums)(Index pixels, Index channels, const Scalar* d_y, const Scalar* x,
                          const ChannelActivation<Scalar>& activation, Scalar* sums, Index sum_stride);
  /// d_x = scale d_v + terms, plus the addends that are not null; d_x may be d_y or an addend.
  void (*activation_gradient)(Index pixels, Index channels, const Scalar* d_y, const Scalar* x,
                              const ChannelActivation<Scalar>& activation, const NormalizationTerms<Scalar>& terms,
                              const Scalar* addend1, const Scalar* addend2, Scalar* d_x);

  /// One input pixel: the gradients of those outputs `readers` that chose it. Its place in the window of output (i, j)
  /// is row reach_down - i * stride, column reach_right - j * stride.
  void (*max_pool_backward)(const Scalar* d_y, const Scalar* argmax, Index channels, Index row_stride,
                            const WindowRange& readers, Index reach_down, Index reach_right, PoolingGeometry geometry,
                            bool accumulate, Scalar* d_x);

  /// d_x = d_y where low < y < high, else 0, plus `addend`, unless it is null; d_x may be any of them.
  void (*clamp_backward)(Index count, const Scalar* y, const Scalar* d_y, Scalar low, Scalar high, const Scalar* addend,
                         Scalar* d_x);
};

/// A vector for compilers without any.
template <class Scalar, Index Lanes>
struct LaneArray {
  Scalar values[static_cast<std::size_t>(Lanes)] = {};

  template <class Function>
  static LaneArray each(const Function& f) {
    LaneArray result;
    for (Index i = 0; i < Lanes; ++i) result.values[i] = f(i);
    return result;
  }
  friend LaneArray operator+(const LaneArray& a, const LaneArray& b) {
    return each([&](Index i) { return a.values[i] + b.values[i]; });
  }
  friend LaneArray operator-(const LaneArray& a, const LaneArray& b) {
    return each([&](Index i) { return a.values[i] - b.values[i]; });
  }
  friend LaneArray operator*(const LaneArray& a, const LaneArray& b) {
    return each([&](Index i) { return a.values[i] * b.values[i]; });
  }
  friend LaneArray operator*(const LaneArray& a, Scalar b) {
    return each([&](Index i) { return a.values[i] * b; });
  }
  friend LaneArray operator-(Scalar a, const LaneArray& b) {
    return each([&](Index i) { return a - b.values[i]; });
  }
  LaneArray& operator+=(const LaneArray& other) { return *this = *this + other; }

  /// Lane by lane: value > 0 ? positive : other.
  friend LaneArray select_positive(const LaneArray& value, const LaneArray& positive, const LaneArray& other) {
    return each([&](Index i) { return value.values[i] > Scalar(0) ? positive.values[i] : other.values[i]; });
  }
  /// Lane by lane: a < b ? value : other.
  friend LaneArray select_less(const LaneArray& a, const LaneArray& b, const LaneArray& value, const LaneArray& other) {
    return each([&](Index i) { return a.values[i] < b.values[i] ? value.values[i] : other.values[i]; });
  }
  /// Lane by lane: a == b ? value : 0.
  friend LaneArray select_equal(const LaneArray& a, const LaneArray& b, const LaneArray& value) {
    return each([&](Index i) { return a.values[i] == b.values[i] ? value.values[i] : Scalar(0); });
  }
};

}  // namespace saccade::eigen

// SACCADE_NO_VECTOR_EXTENSIONS may be defined to test the path of other compilers.
#if defined(__GNUC__) && !defined(SACCADE_NO_VECTOR_EXTENSIONS)
#define SACCADE_VECTOR_EXTENSIONS 1
#define SACCADE_ALWAYS_INLINE __attribute__((always_inline))
#define SACCADE_NEVER_INLINE __attribute__((noinline))
#else
#define SACCADE_VECTOR_EXTENSIONS 0
#define SACCADE_ALWAYS_INLINE
#define SACCADE_NEVER_INLINE
#endif

// Sanitizing these loops takes the compiler a minute for each program that includes them. So the address sanitizer
// looks at the portable set alone, whose text is that of the others, and the other one at LaneArray's.
#define SACCADE_ISA portable
#if SACCADE_VECTOR_EXTENSIONS
#define SACCADE_KERNEL __attribute__((no_sanitize("undefined")))
#else
#define SACCADE_KERNEL
#endif
#define SACCADE_VECTOR_BYTES 16
#define SACCADE_STRIP_VECTORS 2
#include <saccade/backends/eigen/kernels/for_one_set.inl>

#if SACCADE_VECTOR_EXTENSIONS && defined(__x86_64__)
#define SACCADE_X86_SETS 1

#define SACCADE_ISA avx2
#define SACCADE_KERNEL __attribute__((target("avx2,fma"), no_sanitize("address", "undefined")))
#define SACCADE_VECTOR_BYTES 32
#define SACCADE_STRIP_VECTORS 2
#include <saccade/backends/eigen/kernels/for_one_set.inl>

#define SACCADE_ISA avx512
#define SACCADE_KERNEL \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma"), no_sanitize("address", "undefined")))
#define SACCADE_VECTOR_BYTES 64
#define SACCADE_STRIP_VECTORS 4
#include <saccade/backends/eigen/kernels/for_one_set.inl>
#else
#define SACCADE_X86_SETS 0
#endif

namespace saccade::inline SACCADE_NAMESPACE::eigen {

/// The kernels for a set that `supports` allows. There is one set for numbers other than float: they are for checking
/// gradients.
template <class Scalar>
[[nodiscard]] const Kernels<Scalar>& kernels_for([[maybe_unused]] InstructionSet set) {
#if SACCADE_X86_SETS
  if constexpr (std::is_same_v<Scalar, float>) {
    if (set == InstructionSet::avx512) return avx512::kernels<Scalar>;
    if (set == InstructionSet::avx2) return avx2::kernels<Scalar>;
  }
#endif
  return portable::kernels<Scalar>;
}

/// The same of those for gradients.
template <class Scalar>
[[nodiscard]] const GradientKernels<Scalar>& gradient_kernels_for([[maybe_unused]] InstructionSet set) {
#if SACCADE_X86_SETS
  if constexpr (std::is_same_v<Scalar, float>) {
    if (set == InstructionSet::avx512) return avx512::gradient_kernels<Scalar>;
    if (set == InstructionSet::avx2) return avx2::gradient_kernels<Scalar>;
  }
#endif
  return portable::gradient_kernels<Scalar>;
}

}  // namespace saccade::eigen

#undef SACCADE_X86_SETS
#undef SACCADE_ALWAYS_INLINE
#undef SACCADE_NEVER_INLINE
#undef SACCADE_VECTOR_EXTENSIONS
