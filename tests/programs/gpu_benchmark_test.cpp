#include <map>
#include <string>

#include "../../benchmarks/common/gpu_work.hpp"
#include "process.hpp"
#include "support/catch.hpp"

using namespace programs;

namespace {

/// 2 maps of 6 x 6 pixels and 5 channels: 360 numbers, 90 of a map of half the height and width.
constexpr bench::GpuSizes sizes{
    .batch = 2, .side = 6, .channels = 5, .glimpses = 3, .parameters = 1000, .rows = 7, .hidden = 11};

std::map<std::string, double> bytes_of(saccade::Index number) {
  std::map<std::string, double> bytes;
  for (const bench::GpuWork& work : bench::gpu_work(sizes, number)) bytes[work.name] = work.bytes;
  return bytes;
}

}  // namespace

TEST_CASE("the bytes that kernels must move, by hand", "[programs][benchmark]") {
  const auto single = bytes_of(4), bf16 = bytes_of(2);
  CHECK(single.at("copy") == 4 * 2 * 360);
  CHECK(bf16.at("copy") == 2 * 2 * 360);
  CHECK(single.at("upsample_bilinear") == 4 * (90 + 360));
  CHECK(single.at("attention_pool") == 4 * 2 * 360);
  CHECK(bf16.at("attention_pool_backward") == 2 * 4 * 360);
  CHECK(single.at("batch_norm_statistics and activate") == 4 * 3 * 360);
  CHECK(single.at("activation_backward") == 4 * 5 * 360);
  CHECK(bf16.at("max_pool") == 2 * (360 + 90 + 90));
  // Three crops of 112 x 112 pixels: bytes in, numbers out; at three scales 1 + 4 + 16 times the pixels are read.
  CHECK(single.at("crop_glimpses") == 3 * 112 * 112 * 3 * (1 + 4));
  CHECK(bf16.at("crop_glimpses") == 3 * 112 * 112 * 3 * (1 + 2));
  CHECK(single.at("crop_glimpses, 3 scales") == 3 * 112 * 112 * 3 * (21 + 3 * 4));
  // The optimiser and the LSTM are in single precision always.
  CHECK(single.at("adam_step") == 4 * 7 * 1000);
  CHECK(bf16.at("adam_step") == 4 * 7 * 1000);
  CHECK(bf16.at("lstm_cell") == 4 * 12 * 7 * 11);
}

TEST_CASE("a share is of the bandwidth of a copy, and is compared with its target", "[programs][benchmark]") {
  const bench::GpuResult result{{"a kernel", 3e9, 0.75}, "fp32", 2e-3};
  CHECK(result.rate() == Approx(1.5e12));
  CHECK(result.share(2e12) == Approx(0.75));
  CHECK(result.met(1.9e12));
  CHECK_FALSE(result.met(2.1e12));
}

#if defined(SACCADE_PROGRAMS_HAVE_CUDA)
TEST_CASE("gpu_benchmark lists what it measures without a GPU, and measures nothing there", "[programs][benchmark]") {
  const Ending list = run("gpu_benchmark", {"--list", "--batch", "2", "--side", "6", "--channels", "5"});
  INFO(list.err);
  REQUIRE(list.code == 0);
  CHECK_THAT(list.out, contains("upsample_bilinear_backward"));
  CHECK_THAT(list.out, contains("1800"));  // 4 (90 + 360) bytes of it
  CHECK_THAT(list.out, contains("60.0 %"));

  const Ending ending = run("gpu_benchmark", {"--device", "1023"});  // which no machine has
  CHECK(ending.code == 1);
  CHECK_THAT(ending.err, contains("gpu_benchmark: "));
  CHECK_THAT(ending.err, contains("no CUDA device"));
  CHECK(run("gpu_benchmark", {"--side", "7"}).code == 2);
  CHECK(run("gpu_benchmark", {"--formats", "fp8"}).code == 2);
}
#endif
