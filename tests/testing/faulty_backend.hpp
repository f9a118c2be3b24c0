#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "testing/faulty_layers.hpp"
#include "testing/wrong_data.hpp"

/// A reference backend with one fault. Default-constructed it has `shared_fault`: the kit makes its reference that way,
/// so that a backend and its reference can have the same wrong formula.
struct FaultyBackend : FaultyLayers {
  static inline Fault shared_fault = Fault::none;

  explicit FaultyBackend(Fault fault = shared_fault) : FaultyLayers(fault) {}

  void relu(const Tensor& x, Tensor& y) const {
    if (has(Fault::relu_not_in_place)) fill(0, y);
    Base::relu(x, y);
  }
  void relu6(const Tensor& x, Tensor& y) const {
    if (has(Fault::relu6_has_no_six)) return Base::relu(x, y);
    Base::relu6(x, y);
  }
  void relu6_backward(const Tensor& y, const Tensor& d_y, Tensor& d_x, Write write) const {
    if (has(Fault::relu6_backward_has_no_six)) return Base::relu_backward(y, d_y, d_x, write);
    Base::relu6_backward(y, d_y, d_x, write);
  }
  void sigmoid(const Tensor& x, Tensor& y) const {
    if (!has(Fault::sigmoid_overflows)) return Base::sigmoid(x, y);
    for (std::size_t i = 0; i < x.values.size(); ++i) y.values[i] = std::exp(x.values[i]) / (1 + std::exp(x.values[i]));
  }
  void tanh_backward(const Tensor& y, const Tensor& d_y, Tensor& d_x, Write write) const {
    Tensor output = y;
    if (has(Fault::tanh_backward_from_input)) Base::tanh(y, output);
    Base::tanh_backward(output, d_y, d_x, write);
  }
  void prelu(const Tensor& x, const Tensor& slope, Tensor& y) const {
    Base::prelu(x, has(Fault::prelu_slope_of_first_channel) ? wrong::first_of(slope) : slope, y);
  }
  void prelu_backward(const Tensor& x, const Tensor& slope, const Tensor& d_y, Tensor& d_x, Write write,
                      Tensor& d_slope, Write write_slope) const {
    Tensor input = x;
    if (has(Fault::prelu_backward_all_inputs)) {
      for (double& value : input.values) value = -std::abs(value);
      Tensor unused = d_x;
      Base::prelu_backward(input, slope, d_y, unused, Write::overwrite, d_slope, write_slope);
      Tensor kept = d_slope;
      Base::prelu_backward(x, slope, d_y, d_x, write, kept, write_slope);
      return;
    }
    Base::prelu_backward(x, slope, d_y, d_x, write, d_slope, write_slope);
  }
  void exp(const Tensor& x, Tensor& y) const {
    Tensor input = x;
    if (has(Fault::exp_of_minus_x)) wrong::scale(-1, input);
    Base::exp(input, y);
  }
  void log(const Tensor& x, Tensor& y) const {
    Base::log(x, y);
    if (has(Fault::log_of_base_2)) wrong::scale(1 / std::log(2.0), y);
  }
  void rsqrt(const Tensor& x, Tensor& y) const {
    Base::rsqrt(x, y);
    if (has(Fault::rsqrt_is_sqrt)) Base::multiply(x, y, y, Write::overwrite);
  }
  void row_sums(const Tensor& x, Tensor& y, Write write) const {
    Base::row_sums(has(Fault::row_sums_of_columns) ? wrong::read_as_transposed(x) : x, y, write);
  }
  void row_sums_backward(const Tensor& d_y, Tensor& d_x, Write write) const {
    Tensor d = d_y;
    if (has(Fault::row_sums_backward_mean)) wrong::scale(1.0 / static_cast<double>(d_x.shape[1]), d);
    Base::row_sums_backward(d, d_x, write);
  }
  void take_rows(const Tensor& table, const Tensor& rows, Tensor& y) const {
    Tensor which = rows, from = table;
    if (has(Fault::take_rows_row_after)) {
      for (double& row : which.values) row = std::fmod(row + 1, static_cast<double>(table.shape[0]));
    }
    if (has(Fault::take_rows_of_columns)) from = wrong::read_as_transposed(table);
    Base::take_rows(from, which, y);
  }
  void read_columns(const Tensor& x, Index first, Tensor& y, Write write) const {
    if (!has(Fault::read_columns_of_images) || x.shape.rank() < 4) return Base::read_columns(x, first, y, write);
    // A row for each image, not for each pixel.
    const Index width = x.shape.size() / x.shape[0], part = y.shape.size() / y.shape[0];
    Tensor matrix = x, columns = y;
    matrix.shape = {x.shape[0], width};
    columns.shape = {y.shape[0], part};
    Base::read_columns(matrix, first, columns, write);
    y.values = columns.values;
  }
  void write_columns(const Tensor& x, Index first, Tensor& y, Write write) const {
    if (has(Fault::write_columns_clears_others) && write == Write::overwrite) fill(0, y);
    Base::write_columns(x, first, y, write);
  }

  void max_pool(const Tensor& x, saccade::PoolingGeometry geometry, Tensor& y, Tensor& argmax) const {
    Base::max_pool(x, geometry, y, argmax);
    if (has(Fault::max_pool_zero_padding)) {
      for (Index i = 0; i < y.shape.size(); ++i) {
        if (wrong::touches_border(x, geometry, y, i)) y.data()[i] = std::max(y.data()[i], 0.0);
      }
    }
    if (has(Fault::max_pool_last_of_equals)) {
      for (Index i = 0; i < y.shape.size(); ++i) {
        for (Index k = geometry.window * geometry.window - 1; k >= 0; --k) {
          if (const double* value = wrong::in_window(x, geometry, y, i, k); value != nullptr && *value == y.data()[i]) {
            argmax.data()[i] = static_cast<double>(k);
            break;
          }
        }
      }
    }
  }
  void max_pool_backward(const Tensor& d_y, const Tensor& argmax, saccade::PoolingGeometry geometry, Tensor& d_x,
                         Write write) const {
    const Tensor before = d_x;
    Base::max_pool_backward(d_y, argmax, geometry, d_x, write);
    if (!has(Fault::max_pool_backward_overwrites_overlaps)) return;
    for (Index i = 0; i < d_y.shape.size(); ++i) {
      double* value = wrong::in_window(d_x, geometry, d_y, i, static_cast<Index>(argmax.data()[i]));
      *value = d_y.data()[i] + (write == Write::accumulate ? before.data()[value - d_x.data()] : 0);
    }
  }
  void global_average_pool(const Tensor& x, Tensor& y) const {
    Base::global_average_pool(x, y);
    if (has(Fault::average_pool_sums)) wrong::scale(static_cast<double>(x.shape[1] * x.shape[2]), y);
  }
  void spatial_softmax(const Tensor& x, Tensor& log_sum, Tensor& position) const {
    Base::spatial_softmax(x, log_sum, position);
    const Index channels = x.shape[3];
    for (Index c = 0; c < log_sum.shape.size(); ++c) {
      double &across = position.data()[2 * c], &down = position.data()[2 * c + 1];
      if (has(Fault::spatial_softmax_exchanges_axes)) std::swap(across, down);
      if (!has(Fault::spatial_softmax_not_shifted)) continue;
      double sum = 0;
      for (Index p = 0; p < x.shape[1] * x.shape[2]; ++p)
        sum += std::exp(x.data()[(c / channels * x.shape[1] * x.shape[2] + p) * channels + c % channels]);
      log_sum.data()[c] = std::log(sum);
      across = across * sum / sum;
      down = down * sum / sum;
    }
  }
  void spatial_softmax_backward(const Tensor& x, const Tensor& log_sum, const Tensor& position,
                                const Tensor& d_position, Tensor& d_x, Write write) const {
    Tensor mean = position;
    if (has(Fault::spatial_softmax_backward_without_mean)) fill(0, mean);
    Base::spatial_softmax_backward(x, log_sum, mean, d_position, d_x, write);
  }

  void upsample_bilinear(const Tensor& x, saccade::Corners corners, Tensor& y) const {
    if (has(Fault::upsample_ignores_corners)) corners = saccade::Corners::aligned;
    Base::upsample_bilinear(x, corners, y);
    if (has(Fault::upsample_width_for_height) && x.shape[1] * y.shape[2] != x.shape[2] * y.shape[1]) {
      // The ratio of the widths on both axes.
      const double ratio = static_cast<double>(x.shape[2]) / static_cast<double>(y.shape[2]);
      for (Index i = 0; i < y.shape.size(); ++i) {
        const Index c = i % y.shape[3], column = i / y.shape[3] % y.shape[2];
        const Index row = i / y.shape[3] / y.shape[2] % y.shape[1], b = i / y.shape[3] / y.shape[2] / y.shape[1];
        const Index from = std::min(static_cast<Index>(static_cast<double>(row) * ratio), x.shape[1] - 1);
        y.data()[i] = x.data()[((b * x.shape[1] + from) * x.shape[2] +
                                std::min(static_cast<Index>(static_cast<double>(column) * ratio), x.shape[2] - 1)) *
                                   x.shape[3] +
                               c];
      }
    }
    if (has(Fault::upsample_off_by_one)) {
      for (Index i = y.shape.size() - 1; i >= y.shape[3]; --i) y.data()[i] = y.data()[i - y.shape[3]];
    }
  }
  void upsample_bilinear_backward(const Tensor& d_y, saccade::Corners corners, Tensor& d_x, Write write) const {
    if (has(Fault::upsample_ignores_corners)) corners = saccade::Corners::aligned;
    if (!has(Fault::upsample_backward_nearest)) return Base::upsample_bilinear_backward(d_y, corners, d_x, write);
    if (write == Write::overwrite) fill(0, d_x);
    for (Index i = 0; i < d_y.shape.size(); ++i) {
      const Index c = i % d_y.shape[3], column = i / d_y.shape[3] % d_y.shape[2];
      const Index row = i / d_y.shape[3] / d_y.shape[2] % d_y.shape[1],
                  b = i / d_y.shape[3] / d_y.shape[2] / d_y.shape[1];
      d_x.data()[((b * d_x.shape[1] + row * d_x.shape[1] / d_y.shape[1]) * d_x.shape[2] +
                  column * d_x.shape[2] / d_y.shape[2]) *
                     d_x.shape[3] +
                 c] += d_y.data()[i];
    }
  }

  void crop_glimpses(saccade::ImageBatch<FaultyBackend> images, const Tensor& location,
                     saccade::GlimpseGeometry geometry, Tensor& patches) const {
    Tensor place = location;
    std::vector<saccade::OrientedImage<FaultyBackend>> batch(images.begin(), images.end());
    std::vector<saccade::ImageView> views;
    for (auto& oriented : batch) views.push_back(*oriented.image);
    for (std::size_t b = 0; b < batch.size(); ++b) {
      batch[b].image = &views[b];
      double &x = place.values[2 * b], &y = place.values[2 * b + 1];
      if (has(Fault::crop_exchanges_x_and_y)) std::swap(x, y);
      if (has(Fault::crop_ignores_symmetry)) batch[b].symmetry = saccade::Symmetry::identity;
      if (has(Fault::crop_ignores_row_stride)) views[b].row_stride = 3 * views[b].width;
      if (has(Fault::crop_width_for_height)) {
        // The row is found with the width of the image.
        y = (y + 1) * static_cast<double>(views[b].width) / static_cast<double>(views[b].height) - 1;
      }
    }
    if (has(Fault::crop_border_ignored)) geometry.border = saccade::Border::zero;
    Base::crop_glimpses(saccade::ImageBatch<FaultyBackend>(batch), place, geometry, patches);
    for (std::size_t i = 0; i + 2 < patches.values.size(); i += 3) {
      if (has(Fault::crop_bgr)) std::swap(patches.values[i], patches.values[i + 2]);
      for (std::size_t c = 0; c < 3; ++c) {
        if (has(Fault::crop_black_outside) && patches.values[i + c] == 0) {
          patches.values[i + c] = static_cast<double>(-geometry.mean[c] / geometry.deviation[c]);
        }
      }
    }
  }

  void apply_mask(const Tensor& trunk, const Tensor& mask_logits, Tensor& attended) const {
    Base::apply_mask(trunk, mask_logits, attended);
    if (has(Fault::mask_without_one)) axpy(-1, trunk, attended);
  }
  void apply_mask_backward(const Tensor& trunk, const Tensor& mask_logits, const Tensor& d_attended, Tensor& d_trunk,
                           Write write_trunk, Tensor& d_mask_logits, Write write_mask) const {
    Base::apply_mask_backward(trunk, mask_logits, d_attended, d_trunk, write_trunk, d_mask_logits, write_mask);
    if (has(Fault::mask_without_one) || has(Fault::mask_backward_without_one)) axpy(-1, d_attended, d_trunk);
  }

  void softmax(const Tensor& logits, Tensor& probabilities) const {
    if (!has(Fault::softmax_not_shifted)) return Base::softmax(logits, probabilities);
    const Index K = logits.shape[1];
    for (Index b = 0; b < logits.shape[0]; ++b) {
      double sum = 0;
      for (Index k = 0; k < K; ++k) sum += std::exp(logits.data()[b * K + k]);
      for (Index k = 0; k < K; ++k) probabilities.data()[b * K + k] = std::exp(logits.data()[b * K + k]) / sum;
    }
  }
  void softmax_cross_entropy(const Tensor& logits, const Tensor& labels, Tensor& probabilities, Tensor& loss) const {
    Base::softmax_cross_entropy(logits, labels, probabilities, loss);
    if (!has(Fault::cross_entropy_of_probability)) return;
    for (Index b = 0; b < loss.shape[0]; ++b) {
      loss.data()[b] = -std::log(probabilities.data()[b * logits.shape[1] + static_cast<Index>(labels.data()[b])]);
    }
  }
  void softmax_cross_entropy_backward(const Tensor& probabilities, const Tensor& labels, const Tensor& d_loss,
                                      Tensor& d_logits, Write write) const {
    Tensor d = d_loss;
    if (has(Fault::cross_entropy_backward_mean))
      wrong::scale(1.0 / static_cast<double>(std::max<Index>(1, d_loss.shape[0])), d);
    Base::softmax_cross_entropy_backward(probabilities, labels, d, d_logits, write);
  }
  void most_probable(const Tensor& scores, Tensor& classes) const {
    Base::most_probable(scores, classes);
    if (!has(Fault::most_probable_last_of_equals)) return;
    for (Index b = 0; b < scores.shape[0]; ++b) {
      const double* row = scores.data() + b * scores.shape[1];
      for (Index k = 0; k < scores.shape[1]; ++k) {
        if (row[k] >= row[static_cast<Index>(classes.data()[b])]) classes.data()[b] = static_cast<double>(k);
      }
    }
  }

  void sample_gaussian(const Tensor& mean, double sigma, saccade::RandomKey key, Tensor& sample) const {
    if (has(Fault::gaussian_variance_for_deviation)) sigma = std::sqrt(sigma);
    if (has(Fault::gaussian_ignores_first)) key.first = 0;
    if (has(Fault::gaussian_ignores_stream)) key.stream = saccade::RandomStream::user;
    Base::sample_gaussian(mean, sigma, key, sample);
  }
  void sample_categorical(const Tensor& probabilities, saccade::RandomKey key, Tensor& classes) const {
    Base::sample_categorical(probabilities, key, classes);
    if (!has(Fault::categorical_off_by_one)) return;
    for (double& value : classes.values) value = std::min(value + 1, static_cast<double>(probabilities.shape[1] - 1));
  }
  void gaussian_policy_backward(const Tensor& sample, const Tensor& mean, const Tensor& advantage, double sigma,
                                Tensor& d_mean, Write write) const {
    Tensor reward = advantage;
    if (has(Fault::policy_gradient_sign)) wrong::scale(-1, reward);
    if (has(Fault::policy_gradient_sigma_not_squared)) wrong::scale(sigma, reward);
    Base::gaussian_policy_backward(sample, mean, reward, sigma, d_mean, write);
  }

  void clip_scale(const Tensor& sum, double max_norm, Tensor& scale) const {
    Base::clip_scale(sum, max_norm, scale);
    if (has(Fault::clip_lets_infinity_pass) && std::isinf(sum.values[0])) scale.values[0] = 0;
    if (has(Fault::clip_enlarges)) scale.values[0] = max_norm / std::sqrt(sum.values[0]);
  }
  void mark_not_finite(const Tensor& x, Tensor& mark) const {
    if (has(Fault::mark_overwrites)) mark.values[0] = 7;
    for (const double value : x.values) {
      if (has(Fault::mark_only_nan) && std::isinf(value)) return;
    }
    Base::mark_not_finite(x, mark);
  }
  void adam_step(const Tensor& g, const Tensor& scale, const Tensor& hyper, Tensor& p, Tensor& m, Tensor& v) const {
    Tensor settings = hyper, factor = scale;
    if (has(Fault::adam_without_correction)) settings.values[4] = settings.values[5] = 1;
    if (has(Fault::adam_forgets_scale)) factor.values[0] = 1;
    if (has(Fault::adam_moves_without_a_scale) && !std::isfinite(scale.values[0])) factor.values[0] = 0;
    const Tensor before = p;
    Tensor gradient = g;
    if (has(Fault::adam_decay_in_gradient))
      Base::axpy(std::exchange(settings.values[7], 0) / factor.values[0], p, gradient);
    Base::adam_step(gradient, factor, settings, p, m, v);
    if (!has(Fault::adam_epsilon_inside_root)) return;
    for (std::size_t i = 0; i < p.values.size(); ++i) {
      const auto& h = hyper.values;
      p.values[i] = before.values[i] -
                    h[0] * ((m.values[i] / h[4]) / std::sqrt(v.values[i] / h[5] + h[3]) + h[7] * before.values[i]);
    }
  }
};
