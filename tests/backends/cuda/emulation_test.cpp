#include "emulation/grid.hpp"
#include "emulation/machine.hpp"
#include "sample_kernels.hpp"
#include "support/catch.hpp"

#include <cuda_runtime_api.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <vector>

/// That the emulator is as strict as a device: the other tests of this folder lean on it.

namespace {

namespace emulation = saccade_test::emulation;

struct Stream {
  Stream() { CHECK(cudaStreamCreateWithFlags(&handle, cudaStreamNonBlocking) == cudaSuccess); }
  ~Stream() { static_cast<void>(cudaStreamDestroy(handle)); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  cudaStream_t handle = nullptr;
};

/// `count` numbers in memory of the device.
template <class Number>
struct DeviceArray {
  explicit DeviceArray(std::size_t size) : count(size) {
    CHECK(cudaMalloc(reinterpret_cast<void**>(&data), size * sizeof(Number)) == cudaSuccess);
  }
  explicit DeviceArray(const std::vector<Number>& values) : DeviceArray(values.size()) {
    CHECK(cudaMemcpy(data, values.data(), count * sizeof(Number), cudaMemcpyHostToDevice) == cudaSuccess);
  }
  ~DeviceArray() { static_cast<void>(cudaFree(data)); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  [[nodiscard]] std::vector<Number> values(cudaStream_t stream) const {
    std::vector<Number> values(count);
    CHECK(cudaMemcpyAsync(values.data(), data, count * sizeof(Number), cudaMemcpyDeviceToHost, stream) == cudaSuccess);
    return values;
  }

  Number* data = nullptr;
  std::size_t count;
};

std::vector<float> counting(std::size_t count) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), 0.0f);
  return values;
}

}  // namespace

TEST_CASE("emulation: a block's threads meet at barriers and shuffles in any order") {
  for (const std::uint32_t order : {0u, 1u, 2u}) {
    emulation::set_thread_order(order);
    const Stream stream;
    const DeviceArray<float> numbers(counting(192));
    const DeviceArray<float> sums(3);
    saccade_test::launch_sum(numbers.data, sums.data, 3, stream.handle);
    CHECK(sums.values(stream.handle) == std::vector<float>{2016, 6112, 10208});
  }
  emulation::set_thread_order(0);
}

TEST_CASE("emulation: the order of blocks and threads is another one for another seed") {
  std::vector<std::vector<unsigned>> orders;
  for (const std::uint32_t seed : {0u, 1u, 2u}) {
    emulation::set_thread_order(seed);
    const Stream stream;
    const DeviceArray<unsigned> counter(std::vector<unsigned>{0});
    const DeviceArray<unsigned> order(128);
    saccade_test::launch_order(counter.data, order.data, 2, stream.handle);
    orders.push_back(order.values(stream.handle));
  }
  emulation::set_thread_order(0);
  CHECK(std::is_sorted(orders[0].begin(), orders[0].end()));
  CHECK(orders[1] != orders[0]);
  CHECK(orders[2] != orders[0]);
  CHECK(orders[2] != orders[1]);
}

TEST_CASE("emulation: memory that nobody wrote is NaN, shared memory too, before each block") {
  const Stream stream;
  const DeviceArray<float> found(1);
  CHECK(std::isnan(found.values(stream.handle)[0]));
  for (int launch = 0; launch < 2; ++launch) {
    CHECK(cudaMemsetAsync(found.data, 0, sizeof(float), stream.handle) == cudaSuccess);
    saccade_test::launch_unwritten_shared(found.data, stream.handle);
    CHECK(std::isnan(found.values(stream.handle)[0]));
  }
}

TEST_CASE("emulation: threads that miss a barrier or a shuffle are an error, and the next kernel runs") {
  const Stream stream;
  const DeviceArray<float> y(32);
  saccade_test::launch_half_barrier(stream.handle);
  CHECK_THROWS_WITH(cudaStreamSynchronize(stream.handle), contains("thread 32 misses the barrier"));
  saccade_test::launch_early_exit(stream.handle);
  CHECK_THROWS_WITH(cudaStreamSynchronize(stream.handle), contains("thread 0 misses the barrier"));
  saccade_test::launch_half_shuffle(y.data, stream.handle);
  CHECK_THROWS_WITH(cudaStreamSynchronize(stream.handle),
                    contains("lane 0 of warp 0 misses the shuffle") && contains("sample_kernels.cpp:"));
  const DeviceArray<float> numbers(counting(64));
  saccade_test::launch_sum(numbers.data, y.data, 1, stream.handle);
  CHECK(y.values(stream.handle)[0] == 2016);
}

TEST_CASE("emulation: a launch that no device could do is refused") {
  const Stream stream;
  saccade_test::launch_sum(nullptr, nullptr, 0, stream.handle);
  CHECK(cudaGetLastError() == cudaErrorInvalidConfiguration);
  CHECK(cudaGetLastError() == cudaSuccess);
}

TEST_CASE("emulation: work waits in its stream until somebody waits for it") {
  const Stream stream;
  void* memory = nullptr;
  REQUIRE(cudaHostAlloc(&memory, sizeof(float), cudaHostAllocDefault) == cudaSuccess);
  auto* const pinned = static_cast<float*>(memory);
  const DeviceArray<float> number(std::vector<float>{7});
  *pinned = 0;
  CHECK(cudaMemcpyAsync(pinned, number.data, sizeof(float), cudaMemcpyDeviceToHost, stream.handle) == cudaSuccess);
  CHECK(*pinned == 0);
  CHECK(cudaStreamSynchronize(stream.handle) == cudaSuccess);
  CHECK(*pinned == 7);
  CHECK(cudaFreeHost(memory) == cudaSuccess);
}

TEST_CASE("emulation: an event orders two streams") {
  const Stream first, second;
  const DeviceArray<float> numbers(counting(64)), sums(1), copy(1);
  cudaEvent_t event = nullptr;
  REQUIRE(cudaEventCreateWithFlags(&event, cudaEventDisableTiming) == cudaSuccess);
  saccade_test::launch_sum(numbers.data, sums.data, 1, first.handle);
  CHECK(cudaEventRecord(event, first.handle) == cudaSuccess);
  CHECK(cudaStreamWaitEvent(second.handle, event, 0) == cudaSuccess);
  CHECK(cudaMemcpyAsync(copy.data, sums.data, sizeof(float), cudaMemcpyDeviceToDevice, second.handle) == cudaSuccess);
  CHECK(copy.values(second.handle)[0] == 2016);
  CHECK(cudaEventDestroy(event) == cudaSuccess);
}

TEST_CASE("emulation: a capture records and runs nothing; a replay runs it with the numbers of its time") {
  const Stream stream;
  const DeviceArray<float> numbers(counting(64)), sums(std::vector<float>{0});
  CHECK(cudaStreamBeginCapture(stream.handle, cudaStreamCaptureModeGlobal) == cudaSuccess);
  saccade_test::launch_sum(numbers.data, sums.data, 1, stream.handle);
  cudaGraph_t graph = nullptr;
  REQUIRE(cudaStreamEndCapture(stream.handle, &graph) == cudaSuccess);
  CHECK(sums.values(stream.handle)[0] == 0);
  cudaGraphExec_t executable = nullptr;
  REQUIRE(cudaGraphInstantiate(&executable, graph, 0) == cudaSuccess);
  CHECK(cudaGraphDestroy(graph) == cudaSuccess);
  CHECK(cudaGraphLaunch(executable, stream.handle) == cudaSuccess);
  CHECK(sums.values(stream.handle)[0] == 2016);
  CHECK(cudaMemsetAsync(numbers.data, 0, 64 * sizeof(float), stream.handle) == cudaSuccess);
  CHECK(cudaGraphLaunch(executable, stream.handle) == cudaSuccess);
  CHECK(sums.values(stream.handle)[0] == 0);
  CHECK(cudaGraphExecDestroy(executable) == cudaSuccess);
}

TEST_CASE("emulation: what may not be captured ends the capture") {
  const Stream stream;
  const DeviceArray<float> number(1);
  float host = 0;
  const auto is_refused = [&](auto call) {
    CHECK(cudaStreamBeginCapture(stream.handle, cudaStreamCaptureModeGlobal) == cudaSuccess);
    CHECK(call() == cudaErrorStreamCaptureUnsupported);
    cudaGraph_t graph = nullptr;
    CHECK(cudaStreamEndCapture(stream.handle, &graph) == cudaErrorStreamCaptureInvalidated);
    CHECK(graph == nullptr);
  };
  is_refused([&] { return cudaStreamSynchronize(stream.handle); });
  is_refused([&] {
    void* memory = nullptr;
    return cudaMalloc(&memory, 4);
  });
  is_refused([&] { return cudaMemcpyAsync(number.data, &host, sizeof host, cudaMemcpyHostToDevice, stream.handle); });
  static_cast<void>(cudaGetLastError());
}

TEST_CASE("emulation: a copy must say where its memory is") {
  const Stream stream;
  const DeviceArray<float> number(2);
  float host[3] = {};
  CHECK(cudaMemcpyAsync(host, number.data, 4, cudaMemcpyHostToDevice, stream.handle) == cudaErrorInvalidValue);
  CHECK_THROWS_WITH(cudaMemcpyAsync(host, number.data, 12, cudaMemcpyDeviceToHost, stream.handle),
                    contains("12 bytes begin 0 bytes into an allocation of 8"));
  static_cast<void>(cudaGetLastError());
}

TEST_CASE("emulation: without a device every call fails as on a machine without one") {
  emulation::set_device_count(0);
  int count = -1;
  CHECK(cudaGetDeviceCount(&count) == cudaErrorNoDevice);
  CHECK(count == 0);
  cudaStream_t stream = nullptr;
  CHECK(cudaStreamCreateWithFlags(&stream, 0) == cudaErrorNoDevice);
  CHECK(cudaSetDevice(0) == cudaErrorNoDevice);
  emulation::set_device_count(1);
  CHECK(cudaSetDevice(1) == cudaErrorInvalidDevice);
  static_cast<void>(cudaGetLastError());
}
