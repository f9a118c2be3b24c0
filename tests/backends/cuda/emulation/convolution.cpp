#include "convolution.hpp"

#include <vector>

namespace saccade_test::emulation {
namespace {

/// The numbers of a tensor in the order of `axes`, without gaps.
struct Dense {
  Four axes;
  Four extents{};
  std::vector<double> values;

  Dense(const StridedTensor& tensor, const Four& order) : axes(order) {
    std::size_t count = 1;
    for (std::size_t i = 0; i < 4; ++i) {
      extents[i] = tensor.extents[static_cast<std::size_t>(axes[i])];
      count *= static_cast<std::size_t>(extents[i]);
    }
    values.resize(count);
  }

  double* at(std::int64_t i, std::int64_t j, std::int64_t k) {
    return values.data() + ((i * extents[1] + j) * extents[2] + k) * extents[3];
  }

  /// visit(offset in memory, number) for each element.
  template <class Visit>
  void each(const StridedTensor& tensor, Visit visit) {
    const auto stride = [&](std::size_t i) { return tensor.strides[static_cast<std::size_t>(axes[i])]; };
    double* value = values.data();
    for (std::int64_t i = 0; i < extents[0]; ++i)
      for (std::int64_t j = 0; j < extents[1]; ++j)
        for (std::int64_t k = 0; k < extents[2]; ++k)
          for (std::int64_t l = 0; l < extents[3]; ++l)
            visit(i * stride(0) + j * stride(1) + k * stride(2) + l * stride(3), *value++);
  }

  void read(const StridedTensor& tensor, const void* data, bool tf32) {
    each(tensor, [&](std::int64_t offset, double& value) {
      value = read_number(data, tensor.number, offset);
      if (tf32 && tensor.number == Number::single) value = as_tf32(static_cast<float>(value));
    });
  }

  void write(const StridedTensor& tensor, void* data) {
    each(tensor, [&](std::int64_t offset, double value) { write_number(data, tensor.number, offset, value); });
  }
};

}  // namespace

std::size_t StridedTensor::bytes() const {
  std::int64_t last = 0;
  for (std::size_t i = 0; i < 4; ++i) last += (extents[i] - 1) * strides[i];
  return static_cast<std::size_t>(last + 1) * bytes_of(number);
}

bool Convolution::is_consistent() const {
  bool consistent = x.extents[0] == y.extents[0] && y.extents[1] == w.extents[0];
  for (const StridedTensor* tensor : {&x, &w, &y})
    for (const std::int64_t extent : tensor->extents) consistent &= extent > 0;
  if (!consistent || x.extents[1] % w.extents[1] != 0) return false;
  consistent &= y.extents[1] % (x.extents[1] / w.extents[1]) == 0;
  for (std::size_t i = 0; i < 2; ++i)
    consistent &= y.extents[i + 2] == (x.extents[i + 2] + before[i] + after[i] - w.extents[i + 2]) / stride[i] + 1;
  return consistent;
}

void Convolution::run(void* x_data, void* w_data, void* y_data) const {
  const Four channels_last{0, 2, 3, 1};
  Dense in(x, channels_last), out(y, channels_last);
  // The axis that the innermost loop goes along stands last.
  Dense weights(w, product == Product::forward ? Four{2, 3, 1, 0} : Four{2, 3, 0, 1});
  if (product != Product::backward_data) in.read(x, x_data, tf32);
  if (product != Product::backward_filter) weights.read(w, w_data, tf32);
  if (product != Product::forward) out.read(y, y_data, tf32);

  const std::int64_t inputs = w.extents[1], groups = x.extents[1] / inputs, outputs = y.extents[1] / groups;
  const auto add_scaled = [](double factor, const double* terms, double* sums, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) sums[i] += factor * terms[i];
  };
  for (std::int64_t image = 0; image < x.extents[0]; ++image) {
    for (std::int64_t row = 0; row < y.extents[2]; ++row) {
      for (std::int64_t column = 0; column < y.extents[3]; ++column) {
        double* const target = out.at(image, row, column);
        for (std::int64_t i = 0; i < w.extents[2]; ++i) {
          for (std::int64_t j = 0; j < w.extents[3]; ++j) {
            const std::int64_t source_row = row * stride[0] + i - before[0];
            const std::int64_t source_column = column * stride[1] + j - before[1];
            if (source_row < 0 || source_row >= x.extents[2] || source_column < 0 || source_column >= x.extents[3])
              continue;
            for (std::int64_t group = 0; group < groups; ++group) {
              double* const source = in.at(image, source_row, source_column) + group * inputs;
              const std::int64_t first = group * outputs;
              if (product == Product::forward) {
                for (std::int64_t c = 0; c < inputs; ++c)
                  add_scaled(source[c], weights.at(i, j, c) + first, target + first, outputs);
              } else if (product == Product::backward_data) {
                for (std::int64_t o = first; o < first + outputs; ++o)
                  add_scaled(target[o], weights.at(i, j, o), source, inputs);
              } else {
                for (std::int64_t o = first; o < first + outputs; ++o)
                  add_scaled(target[o], source, weights.at(i, j, o), inputs);
              }
            }
          }
        }
      }
    }
  }
  if (product == Product::forward) out.write(y, y_data);
  if (product == Product::backward_data) in.write(x, x_data);
  if (product == Product::backward_filter) weights.write(w, w_data);
}

}  // namespace saccade_test::emulation
