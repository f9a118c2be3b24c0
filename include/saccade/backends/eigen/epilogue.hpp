#pragma once

#include <saccade/backends/eigen/windows.hpp>

#include <cmath>
#include <limits>

/// What follows a convolution in inference, folded into one multiplication and one addition for each channel.
namespace saccade::inline SACCADE_NAMESPACE::eigen {

/// The coefficients of a ConvolutionEpilogue for a convolution with so many outputs, in the engine's memory for
/// coefficients.
template <class Scalar, class View>
[[nodiscard]] ChannelEpilogue<Scalar> channel_epilogue(Engine& engine, Index outputs, const View& epilogue) {
  const Index stride = round_up(outputs, engine.kernels<Scalar>().lanes);
  Scalar* const shift = engine.coefficients<Scalar>(2 * stride);
  Scalar* const scale = shift + stride;
  for (Index c = 0; c < stride; ++c) {
    double factor = 1, sum = epilogue.bias && c < outputs ? static_cast<double>(epilogue.bias->data()[c]) : 0;
    if (const auto& norm = epilogue.normalization; norm && c < outputs) {
      factor = static_cast<double>(norm->gamma.data()[c]) /
               std::sqrt(static_cast<double>(norm->variance.data()[c]) + norm->epsilon);
      sum = static_cast<double>(norm->beta.data()[c]) + (sum - static_cast<double>(norm->mean.data()[c])) * factor;
    }
    scale[c] = static_cast<Scalar>(factor);
    shift[c] = static_cast<Scalar>(sum);
  }
  constexpr Scalar infinity = std::numeric_limits<Scalar>::infinity();
  return {.shift = shift,
          .low = epilogue.rectifier == Rectifier::none ? -infinity : Scalar(0),
          .high = epilogue.rectifier == Rectifier::relu6 ? Scalar(6) : infinity,
          .scale = epilogue.normalization ? scale : nullptr};
}

/// The epilogue of a convolution that has none of its own, applied to what it has written.
template <class Scalar>
void finish(Engine& engine, const Scalar* addend, const ChannelEpilogue<Scalar>& epilogue, HostTensor<Scalar>& y) {
  const Index channels = y.shape()[3];
  const Index grain = std::max<Index>(1, elementwise_grain / channels);
  engine.parallel_ranges(y.size() / channels, grain, [&](Index begin, Index end, int) {
    Scalar* const place = y.data() + begin * channels;
    engine.kernels<Scalar>().finish(end - begin, channels, place, channels,
                                    addend ? addend + begin * channels : nullptr, &epilogue, place, channels);
  });
}

}  // namespace saccade::eigen
