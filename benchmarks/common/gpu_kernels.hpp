#pragma once

#include <saccade/backends/cuda/device_memory.hpp>
#include <saccade/backends/cuda/launchers.hpp>
#include <saccade/core/geometry.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <cublas_v2.h>
#include <cudnn.h>

#include "gpu_work.hpp"
#include "sample.hpp"

/// The kernels of the CUDA backend, launched by themselves on made-up operands, and a clock for them.
namespace bench {

namespace gpu = saccade::cuda;
using Launch = std::function<void()>;

/// "13.0", of the 13000 by which CUDA says it.
[[nodiscard]] inline std::string cuda_version(int number) {
  return std::to_string(number / 1000) + "." + std::to_string(number % 1000 / 10);
}

/// A device with a stream of its own and events to take times with.
class GpuDevice {
 public:
  /// @throws saccade::CudaError where there is no such device
  explicit GpuDevice(int number) : number_(number) {
    if (const auto fault = gpu::device_fault(number)) throw saccade::CudaError(*fault);
    gpu::check(cudaSetDevice(number), "gpu_benchmark", "cudaSetDevice");
    stream_ = std::make_shared<const gpu::Stream>(number);
    for (cudaEvent_t& event : events_) gpu::check(cudaEventCreate(&event), "gpu_benchmark", "cudaEventCreate");
  }
  GpuDevice(const GpuDevice&) = delete;
  GpuDevice& operator=(const GpuDevice&) = delete;
  ~GpuDevice() {
    for (cudaEvent_t event : events_) (void)cudaEventDestroy(event);
  }

  [[nodiscard]] cudaStream_t stream() const { return stream_->get(); }
  void synchronize() const { stream_->synchronize(); }

  [[nodiscard]] gpu::DeviceMemory allocate(double bytes) const {
    return {stream_, static_cast<std::size_t>(bytes), "gpu_benchmark"};
  }

  [[nodiscard]] nlohmann::ordered_json describe() const {
    cudaDeviceProp properties{};
    int driver = 0, runtime = 0;
    gpu::check(cudaGetDeviceProperties(&properties, number_), "gpu_benchmark", "cudaGetDeviceProperties");
    gpu::check(cudaDriverGetVersion(&driver), "gpu_benchmark", "cudaDriverGetVersion");
    gpu::check(cudaRuntimeGetVersion(&runtime), "gpu_benchmark", "cudaRuntimeGetVersion");
    return {{"name", properties.name},
            {"compute_capability", std::to_string(properties.major) + "." + std::to_string(properties.minor)},
            {"multiprocessors", properties.multiProcessorCount},
            {"memory_bytes", properties.totalGlobalMem},
            {"second_level_cache_bytes", properties.l2CacheSize},
            {"driver", cuda_version(driver)},
            {"runtime", cuda_version(runtime)},
            {"cudnn", cudnnGetVersion()},
            {"cublas", CUBLAS_VERSION}};
  }

  /// Median of `rounds` times of one call; a time is that of as many calls as take five milliseconds.
  [[nodiscard]] double seconds(const Launch& launch, int rounds) {
    launch();
    const double once = seconds_of(launch, 3);
    const int calls = std::clamp(static_cast<int>(5e-3 / once), 3, 1000);
    std::vector<double> times;
    for (int round = 0; round < rounds; ++round) times.push_back(seconds_of(launch, calls));
    return median(times);
  }

  /// Bytes a second of a copy from memory to memory of the device, read and written.
  [[nodiscard]] double copy_rate(int rounds) {
    constexpr double bytes = 1 << 30;
    const gpu::DeviceMemory from = allocate(bytes), to = allocate(bytes);
    gpu::check(cudaMemsetAsync(from.data(), 0, from.bytes(), stream()), "gpu_benchmark", "cudaMemsetAsync");
    const auto copy = [&] {
      gpu::check(cudaMemcpyAsync(to.data(), from.data(), from.bytes(), cudaMemcpyDeviceToDevice, stream()),
                 "gpu_benchmark", "cudaMemcpyAsync");
    };
    return 2 * bytes / seconds(copy, rounds);
  }

 private:
  /// Of one of `calls` calls, by the clock of the device.
  [[nodiscard]] double seconds_of(const Launch& launch, int calls) {
    gpu::check(cudaEventRecord(events_[0], stream()), "gpu_benchmark", "cudaEventRecord");
    for (int call = 0; call < calls; ++call) launch();
    gpu::check(cudaEventRecord(events_[1], stream()), "gpu_benchmark", "cudaEventRecord");
    gpu::check(cudaEventSynchronize(events_[1]), "gpu_benchmark", "the work measured");
    float milliseconds = 0;
    gpu::check(cudaEventElapsedTime(&milliseconds, events_[0], events_[1]), "gpu_benchmark", "cudaEventElapsedTime");
    return std::max(1e-3 * static_cast<double>(milliseconds), 1e-7) / calls;
  }

  int number_;
  std::shared_ptr<const gpu::Stream> stream_;
  cudaEvent_t events_[2] = {};
};

/// Operands for every operation of gpu_work, in one format of maps.
class GpuKernels {
 public:
  GpuKernels(GpuDevice& device, const GpuSizes& sizes, const std::string& format)
      : device_(device), sizes_(sizes), format_(format == "bf16" ? gpu::Format::bf16 : gpu::Format::single) {
    const Index map = sizes.batch * sizes.side * sizes.side * sizes.channels;
    for (gpu::DeviceMemory& memory : maps_) memory = random_map(map);
    for (gpu::DeviceMemory& memory : vectors_) {
      memory = device.allocate(4.0 * static_cast<double>(std::max(sizes.channels, sizes.batch * sizes.channels)));
      gpu::fill(0.5f, {memory.data(), gpu::Format::single}, static_cast<Index>(memory.bytes() / 4), stream());
    }
    positions_ = random_numbers(2 * sizes.batch * sizes.channels);
    workspace_ = device.allocate(4.0 * static_cast<double>(largest_workspace()));
    make_images();
    make_recurrence();
    make_optimizer();
    make_launches();
    device.synchronize();
  }
  GpuKernels(const GpuKernels&) = delete;
  GpuKernels& operator=(const GpuKernels&) = delete;

  /// Bytes of a number of a map.
  [[nodiscard]] Index number() const { return format_ == gpu::Format::bf16 ? 2 : 4; }

  /// @throws saccade::Error where gpu_work names an operation that is not launched here
  [[nodiscard]] const Launch& launch(const std::string& name) const {
    const auto found = launches_.find(name);
    if (found == launches_.end()) throw saccade::Error("gpu_benchmark: nobody launches " + name);
    return found->second;
  }

 private:
  [[nodiscard]] cudaStream_t stream() const { return device_.stream(); }
  [[nodiscard]] gpu::Map map(std::size_t i) const { return {maps_[i].data(), format_}; }
  [[nodiscard]] float* vector(std::size_t i) const { return static_cast<float*>(vectors_[i].data()); }
  [[nodiscard]] float* workspace() const { return static_cast<float*>(workspace_.data()); }

  [[nodiscard]] gpu::DeviceMemory random_numbers(Index count) {
    gpu::DeviceMemory memory = device_.allocate(4.0 * static_cast<double>(count));
    gpu::sample_uniform(-1.0f, 1.0f, {.seed = 1, .counter = counter_++}, nullptr, static_cast<float*>(memory.data()),
                        count, stream());
    return memory;
  }

  [[nodiscard]] gpu::DeviceMemory random_map(Index count) {
    gpu::DeviceMemory numbers = random_numbers(count);
    if (format_ == gpu::Format::single) return numbers;
    gpu::DeviceMemory rounded = device_.allocate(2.0 * static_cast<double>(count));
    gpu::copy({numbers.data(), gpu::Format::single}, {rounded.data(), format_}, count, stream());
    return rounded;
  }

  [[nodiscard]] gpu::DeviceMemory upload(const void* from, std::size_t bytes) {
    gpu::DeviceMemory memory = device_.allocate(static_cast<double>(bytes));
    gpu::check(cudaMemcpyAsync(memory.data(), from, bytes, cudaMemcpyHostToDevice, stream()), "gpu_benchmark",
               "cudaMemcpyAsync");
    device_.synchronize();
    return memory;
  }

  [[nodiscard]] Index largest_workspace() const {
    const Index rows = sizes_.batch * sizes_.side * sizes_.side, channels = sizes_.channels;
    const Index pixels = sizes_.side * sizes_.side, batch = sizes_.batch;
    const Index chunks = (sizes_.parameters + gpu::parameter_chunk - 1) / gpu::parameter_chunk;
    return std::max(
        {gpu::batch_norm_statistics_workspace(rows, channels), gpu::batch_norm_train_workspace(rows, channels),
         gpu::batch_norm_backward_workspace(rows, channels), gpu::group_norm_workspace(batch, pixels, channels),
         gpu::group_norm_backward_workspace(batch, pixels, channels),
         gpu::activation_backward_workspace(rows, channels), gpu::prelu_backward_workspace(rows, channels),
         gpu::global_average_pool_workspace(batch, pixels, channels),
         gpu::attention_pool_workspace(batch, pixels, channels), gpu::sum_of_squares_list_workspace(chunks), Index{1}});
  }

  /// Images of 700 x 460, at most 128 of them, that the glimpses share.
  void make_images() {
    constexpr Index width = 700, height = 460, most = 128;
    const Index count = std::min(sizes_.glimpses, most), bytes = 3 * width * height;
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(count * bytes));
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i * 2654435761u >> 24);
    pixels_ = upload(pixels.data(), pixels.size());
    std::vector<gpu::StagedImage> table;
    for (Index n = 0; n < sizes_.glimpses; ++n) {
      table.push_back({.pixels = static_cast<const std::uint8_t*>(pixels_.data()) + n % count * bytes,
                       .width = width,
                       .height = height,
                       .row_stride = 3 * width});
    }
    images_ = upload(table.data(), table.size() * sizeof table[0]);
    locations_ = random_numbers(2 * sizes_.glimpses);
    patches_ = random_map(sizes_.glimpses * cropped_side * cropped_side * 3 * 3);
    pooled_ = random_map(sizes_.batch * (sizes_.side / 2) * (sizes_.side / 2) * sizes_.channels);
    argmax_ = random_map(sizes_.batch * (sizes_.side / 2) * (sizes_.side / 2) * sizes_.channels);
  }

  void make_recurrence() {
    const Index states = sizes_.rows * sizes_.hidden;
    for (gpu::DeviceMemory& memory : gates_) memory = random_numbers(4 * states);
    for (gpu::DeviceMemory& memory : states_) memory = random_numbers(states);
  }

  void make_optimizer() {
    make_hyper();
    const Index n = sizes_.parameters;
    for (gpu::DeviceMemory& memory : parameters_) memory = random_numbers(n);
    const auto array = [&](std::size_t i) { return static_cast<float*>(parameters_[i].data()); };
    std::vector<gpu::ParameterChunk> chunks;
    for (Index first = 0; first < n; first += gpu::parameter_chunk) {
      chunks.push_back({.gradient = array(0) + first,
                        .parameter = array(1) + first,
                        .first = array(2) + first,
                        .second = array(3) + first,
                        .hyper = static_cast<const float*>(hyper_.data()),
                        .count = static_cast<std::uint32_t>(std::min(gpu::parameter_chunk, n - first))});
    }
    chunks_ = upload(chunks.data(), chunks.size() * sizeof chunks[0]);
  }

  void make_hyper() {
    using Hyper = saccade::AdamHyper;
    std::vector<float> hyper(Hyper::count, 0.0f);
    hyper[Hyper::learning_rate] = 1e-4f;
    hyper[Hyper::beta1] = 0.9f;
    hyper[Hyper::beta2] = 0.999f;
    hyper[Hyper::epsilon] = 1e-8f;
    hyper[Hyper::correction1] = 0.1f;
    hyper[Hyper::correction2] = 0.001f;
    hyper_ = upload(hyper.data(), hyper.size() * sizeof(float));
  }

  void make_launches();

  GpuDevice& device_;
  GpuSizes sizes_;
  gpu::Format format_;
  std::uint64_t counter_ = 0;
  gpu::DeviceMemory maps_[5];     ///< (batch, side, side, channels)
  gpu::DeviceMemory vectors_[8];  ///< (batch, channels) or less
  gpu::DeviceMemory positions_;   ///< (batch, 2 channels)
  gpu::DeviceMemory workspace_, pixels_, images_, locations_, patches_;
  gpu::DeviceMemory pooled_, argmax_;  ///< (batch, side / 2, side / 2, channels)
  gpu::DeviceMemory gates_[3];         ///< (rows, 4 hidden)
  gpu::DeviceMemory states_[7];        ///< (rows, hidden)
  gpu::DeviceMemory parameters_[4];    ///< gradient, parameter, moments
  gpu::DeviceMemory chunks_, hyper_;
  std::map<std::string, Launch> launches_;
};

inline void GpuKernels::make_launches() {
  using saccade::Write;
  const cudaStream_t s = stream();
  const Index batch = sizes_.batch, side = sizes_.side, channels = sizes_.channels;
  const Index pixels = side * side, rows = batch * pixels, n = rows * channels;
  const gpu::Map x = map(0), y = map(1), z = map(2), d_x = map(3), d_z = map(4);
  const gpu::Map small{pooled_.data(), format_}, argmax{argmax_.data(), format_}, patches{patches_.data(), format_};
  float *gamma = vector(0), *beta = vector(1), *mean = vector(2), *rstd = vector(3), *slope = vector(4);
  float *running_mean = vector(5), *running_variance = vector(6), *features = vector(7);
  auto* const positions = static_cast<float*>(positions_.data());
  float* const scratch = workspace();
  const gpu::Activation activation{
      .gamma = gamma, .beta = beta, .mean = mean, .rstd = rstd, .slope = slope, .slopes = channels};
  auto& list = launches_;

  list["copy"] = [=] { gpu::copy(x, y, n, s); };
  list["fill"] = [=] { gpu::fill(1.0f, y, n, s); };
  list["add"] = [=] { gpu::add(x, z, y, n, s); };
  list["axpy"] = [=] { gpu::axpy(0.5f, x, y, n, s); };
  list["relu"] = [=] { gpu::relu(x, y, n, s); };
  list["prelu"] = [=] { gpu::prelu(x, slope, y, rows, channels, channels, s); };
  list["prelu_backward"] = [=] {
    gpu::prelu_backward(x, slope, z, d_x, Write::overwrite, gamma, Write::overwrite, rows, channels, channels, scratch,
                        s);
  };

  const auto* const images = static_cast<const gpu::StagedImage*>(images_.data());
  const auto* const locations = static_cast<const float*>(locations_.data());
  for (const Index scales : {1, 3}) {
    list[scales == 1 ? "crop_glimpses" : "crop_glimpses, 3 scales"] = [=, glimpses = sizes_.glimpses] {
      gpu::crop_glimpses(images, locations, {.side = cropped_side, .scales = scales}, patches, glimpses, s);
    };
  }
  const gpu::UpsampleSizes up{
      .batch = batch, .height = side / 2, .width = side / 2, .y_height = side, .y_width = side, .channels = channels};
  list["upsample_bilinear"] = [=] { gpu::upsample_bilinear(small, saccade::Corners::aligned, y, up, s); };
  list["upsample_bilinear_backward"] = [=] {
    gpu::upsample_bilinear_backward(y, saccade::Corners::aligned, small, Write::overwrite, up, s);
  };
  const saccade::PoolingGeometry window{.window = 3, .stride = 2, .padding = 1};
  list["max_pool"] = [=] { gpu::max_pool(x, window, small, argmax, batch, side, side, channels, s); };
  list["max_pool_backward"] = [=] {
    gpu::max_pool_backward(small, argmax, window, d_x, Write::overwrite, batch, side, side, channels, s);
  };
  list["global_average_pool"] = [=] { gpu::global_average_pool(x, features, batch, pixels, channels, scratch, s); };
  list["global_average_pool_backward"] = [=] {
    gpu::global_average_pool_backward(features, d_x, Write::overwrite, batch, pixels, channels, s);
  };
  list["spatial_softmax"] = [=] { gpu::spatial_softmax(x, features, positions, batch, side, side, channels, s); };
  list["spatial_softmax_backward"] = [=] {
    gpu::spatial_softmax_backward(x, features, positions, positions, d_x, Write::overwrite, batch, side, side, channels,
                                  s);
  };

  list["apply_mask"] = [=] { gpu::apply_mask(x, z, y, n, s); };
  list["apply_mask_backward"] = [=] {
    gpu::apply_mask_backward(x, z, y, d_x, Write::overwrite, d_z, Write::overwrite, n, s);
  };
  list["attention_pool"] = [=] { gpu::attention_pool(x, z, features, batch, pixels, channels, scratch, s); };
  list["attention_pool_backward"] = [=] {
    gpu::attention_pool_backward(x, z, features, d_x, Write::overwrite, d_z, Write::overwrite, batch, pixels, channels,
                                 s);
  };

  const Launch statistics = [=] {
    gpu::batch_norm_statistics(x, {}, running_mean, running_variance, mean, rstd, rows, channels, scratch, s);
  };
  const Launch activate = [=] { gpu::activate(x, activation, y, rows, channels, s); };
  list["batch_norm_statistics"] = statistics;
  list["activate"] = activate;
  list["batch_norm_statistics and activate"] = [=] {
    statistics();
    activate();
  };
  list["activation_backward"] = [=] {
    gpu::activation_backward(z, x, activation, {}, d_x, Write::overwrite, running_mean, running_variance, features,
                             Write::overwrite, rows, channels, scratch, s);
  };
  list["batch_norm_train"] = [=] {
    gpu::batch_norm_train(x, gamma, beta, {}, running_mean, running_variance, y, mean, rstd, rows, channels, scratch,
                          s);
  };
  list["batch_norm_backward"] = [=] {
    gpu::batch_norm_backward(z, x, gamma, mean, rstd, d_x, Write::overwrite, running_mean, running_variance,
                             Write::overwrite, rows, channels, scratch, s);
  };
  const Index groups = channels % 8 == 0 ? 8 : 1;
  list["group_norm"] = [=] {
    gpu::group_norm(x, gamma, beta, groups, 1e-5, y, mean, rstd, batch, pixels, channels, scratch, s);
  };
  list["group_norm_backward"] = [=] {
    gpu::group_norm_backward(z, x, gamma, groups, mean, rstd, d_x, Write::overwrite, running_mean, running_variance,
                             Write::overwrite, batch, pixels, channels, scratch, s);
  };

  const auto gate = [&](std::size_t i) { return static_cast<float*>(gates_[i].data()); };
  const auto state = [&](std::size_t i) { return static_cast<float*>(states_[i].data()); };
  list["lstm_cell"] = [=, pre = gate(0), gates = gate(1), c = state(0), c_next = state(1), tanh_c = state(2),
                       h_next = state(3), rows = sizes_.rows, hidden = sizes_.hidden] {
    gpu::lstm_cell(pre, c, gates, c_next, tanh_c, h_next, rows, hidden, s);
  };
  list["lstm_cell_backward"] = [=, d_pre = gate(2), gates = gate(1), c = state(0), tanh_c = state(2), d_h = state(4),
                                d_c_next = state(5), d_c = state(6), rows = sizes_.rows, hidden = sizes_.hidden] {
    gpu::lstm_cell_backward(gates, c, tanh_c, d_h, d_c_next, d_pre, d_c, rows, hidden, s);
  };

  const auto* const chunks = static_cast<const gpu::ParameterChunk*>(chunks_.data());
  const auto count = static_cast<Index>(chunks_.bytes() / sizeof(gpu::ParameterChunk));
  list["sample_uniform"] = [=, sample = static_cast<float*>(parameters_[0].data()), all = sizes_.parameters] {
    gpu::sample_uniform(-1.0f, 1.0f, {.seed = 2}, nullptr, sample, all, s);
  };
  list["zero_gradients"] = [=] { gpu::zero_gradients(chunks, count, s); };
  list["sum_of_squares"] = [=] { gpu::sum_of_squares(chunks, count, features, scratch, s); };
  list["adam_step"] = [=] { gpu::adam_step(chunks, count, gamma, s); };
}

}  // namespace bench
