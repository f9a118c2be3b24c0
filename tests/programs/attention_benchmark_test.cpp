#include <saccade/data/image_decode.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "../../benchmarks/common/cost.hpp"
#include "../../benchmarks/common/procedural_image.hpp"
#include "../../benchmarks/common/sample.hpp"
#include "support/catch.hpp"
#include "support/scratch_folder.hpp"
#include "tiny_run.hpp"

using namespace programs;

namespace {

/// A model so small that a case takes milliseconds.
Arguments benchmark_of_a_tiny_model(const Arguments& more) {
  Arguments list{"--preset", "compact", "--threads", "1", "--batch", "2", "--repeats", "1", "--image", "48x40"};
  for (const char* field : {"sensor.side=16", "sensor.scales=1", "encoder.width=4", "fusion_width=8", "hidden=8",
                            "glimpses=2", "policy.context=0", "encoder.stem_kernel=0"}) {
    list.push_back("--set");
    list.push_back(field);
  }
  return list + more;
}

void check_refused(const Arguments& arguments, const std::string& sentence) {
  const Ending ending = run("attention_benchmark", arguments);
  INFO(ending.err);
  CHECK(ending.code == 2);
  CHECK_THAT(last_line(ending.err), contains("attention_benchmark: "));
  CHECK_THAT(last_line(ending.err), contains(sentence));
}

}  // namespace

TEST_CASE("attention_benchmark reports a tiny model as a table, JSON and a picture", "[programs][benchmark]") {
  const ScratchFolder scratch;
  const auto json_path = scratch / "report.json", figure = scratch / "report.png";
  const Ending ending =
      run("attention_benchmark", benchmark_of_a_tiny_model({"--json", json_path, "--figure", figure}));
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  CHECK_THAT(ending.out, contains("pixels processed: 26.7 % of the image"));  // 2 x 16 x 16 of 48 x 40
  CHECK_THAT(ending.out, contains("latency of one image: median"));
  CHECK_THAT(ending.err, contains("measuring: training"));

  const auto json = nlohmann::json::parse(text(json_path));
  CHECK(json.at("pixels").at("processed").get<double>() == Approx(2.0 * 16 * 16 / (48 * 40)));
  CHECK(json.at("pixels").at("unique").get<double>() <= json.at("pixels").at("processed").get<double>());
  CHECK(json.at("peak").at("flops_per_second").get<double>() > 0);
  CHECK(json.at("peak").at("bytes_per_second").get<double>() > 0);
  for (const char* purpose : {"training", "inference"}) {
    const auto& result = json.at(purpose);
    CHECK(result.at("images_per_second").get<double>() > 0);
    CHECK(result.at("glimpses_per_second").get<double>() == Approx(2 * result.at("images_per_second").get<double>()));
    CHECK(result.at("bytes").get<double>() > 0);
    CHECK(result.at("batch_seconds").size() == 1);
    CHECK(result.at("floor_seconds").get<double>() > 0);
    CHECK(result.at("operations").size() > 10);
  }
  CHECK(json.at("training").at("flops").get<double>() > 2.5 * json.at("inference").at("flops").get<double>());
  CHECK(json.at("latency").at("samples").get<int>() == 15);
  CHECK(json.at("latency").at("quantile_99_seconds").get<double>() >=
        json.at("latency").at("median_seconds").get<double>());
  CHECK(json.at("whole_image").size() == 3);

  const auto& sweeps = json.at("sweeps");
  REQUIRE(sweeps.at("glimpses").size() == 8);
  CHECK(sweeps.at("glimpses")[7].at("glimpses").get<double>() == 8);
  CHECK(sweeps.at("side").size() == 6);
  REQUIRE(sweeps.at("image").size() == 8);
  CHECK(sweeps.at("image")[7].at("pixels").get<double>() >= 1e9);
  CHECK(sweeps.at("image")[7].at("inference").at("seconds_per_image").get<double>() > 0);

  const saccade::RgbImage picture = saccade::data::decode_image(bytes(figure), "figure");
  CHECK(picture.width == 1520);
  CHECK(picture.height == 920);
}

TEST_CASE("attention_benchmark refuses bad options with a sentence", "[programs][benchmark]") {
  const ScratchFolder scratch;
  check_refused({"--preset", "tiny"}, "--preset");
  check_refused({"--backend", "abacus"}, "--backend");
  check_refused({"--threads", "0"}, "--threads");
  check_refused({"--repeats", "0"}, "--repeats");
  check_refused({"--sweeps", "weather"}, "--sweeps");
  check_refused({"--image", "700"}, "--image must be WIDTHxHEIGHT, as 700x460, but is \"700\"");
  check_refused({"--image", "0x460"}, "--image must be WIDTHxHEIGHT");
  check_refused({"--set", "encoder.widht=3"}, "has no field \"widht\"");
  check_refused({"--preset", "compact", "--image", "20x20", "--sweeps", "none"},
                "an image of 20 x 20 pixels is smaller than the glimpse of 32 x 32");

  const Ending ending = run("attention_benchmark", {"--json", scratch / "nowhere" / "report.json"});
  CHECK(ending.code == 1);
  CHECK_THAT(last_line(ending.err), contains("no such folder"));
}

TEST_CASE("attention_benchmark on a GPU says in one sentence what is missing", "[programs][benchmark]") {
  if (std::filesystem::exists("/dev/nvidia0")) SKIP_TEST("this machine has a GPU");
#if defined(SACCADE_PROGRAMS_HAVE_CUDA)
  const std::string sentence = "no CUDA device";
#else
  const std::string sentence = "this build has no CUDA backend";
#endif
  for (const char* backend : {"cuda", "cuda_fp32", "cuda_tf32", "cuda_bf16"}) {
    const Ending ending = run("attention_benchmark", benchmark_of_a_tiny_model({"--backend", backend}));
    CHECK(ending.code == 1);
    CHECK_THAT(last_line(ending.err), contains("attention_benchmark: "));
    CHECK_THAT(last_line(ending.err), contains(sentence));
  }
}

TEST_CASE("attention_benchmark has a help", "[programs][benchmark]") {
  const Ending ending = run("attention_benchmark", {"--help"});
  CHECK(ending.code == 0);
  CHECK_THAT(ending.out, contains("Usage: attention_benchmark"));
  CHECK(ending.err.empty());
}

TEST_CASE("the image that is never there has the means of its pixels", "[programs][benchmark]") {
  const bench::ProceduralImage source(1300, 1100, 3);  // longer than its pattern
  const saccade::RgbImage whole = bench::materialize(source);
  constexpr saccade::Index width = 5, height = 4;
  std::vector<std::uint8_t> region(width * height * 3);
  for (const saccade::Index reduction : {1, 2, 16}) {
    // The last squares reach beyond the image: only what lies inside counts.
    const saccade::Index left = 1300 - width * reduction + reduction / 2,
                         top = 1100 - height * reduction + reduction / 2;
    source.read_region(left, top, width, height, reduction, region);
    for (saccade::Index i = 0; i < width * height * 3; ++i) {
      const saccade::Index column = left + i / 3 % width * reduction, row = top + i / 3 / width * reduction;
      double sum = 0, count = 0;
      for (saccade::Index y = row; y < std::min<saccade::Index>(row + reduction, 1100); ++y) {
        for (saccade::Index x = column; x < std::min<saccade::Index>(column + reduction, 1300); ++x) {
          sum += whole.at(x, y)[i % 3];
          ++count;
        }
      }
      CHECK(std::abs(region[static_cast<std::size_t>(i)] - sum / count) <= 0.5);
    }
  }
  CHECK(bench::ProceduralImage(100'000, 100'000).width() == 100'000);
}

TEST_CASE("a quantile is one of the values, and a convolution counts its multiply-adds", "[programs][benchmark]") {
  CHECK(bench::median({3, 1, 2}) == 2);
  CHECK(bench::quantile({4, 1, 3, 2}, 0.99) == 4);
  CHECK(bench::quantile({4, 1, 3, 2}, 0.25) == 1);
  // 2 images of 5 x 8 outputs, 16 -> 3 channels: 2 x 2 tiles of 4 x 4 each.
  const auto count = bench::convolution_of({3, 3, 3, 16}, {2, 5, 8, 3}, {.stride = 1, .padding = 1});
  CHECK(count.flops == 2.0 * 2 * 5 * 8 * 3 * 9 * 16);
  CHECK(count.winograd == 2.0 * 2 * 4 * 36 * 3 * 16);
  const auto strided = bench::convolution_of({3, 3, 3, 16}, {2, 5, 8, 3}, {.stride = 2, .padding = 1});
  CHECK(strided.winograd == strided.flops);
}
