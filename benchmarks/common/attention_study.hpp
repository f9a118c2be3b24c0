#pragma once

#include <saccade/metrics/pixel_fraction.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "measurement.hpp"
#include "peak.hpp"

/// What attention_benchmark measures, in order.
namespace bench {

struct StudyOptions {
  std::string preset = "paper";
  saccade::HybridAttentionConfig config;
  std::string backend = "eigen";
  int threads = 2;
  Index batch = 8;
  int repeats = 7;
  ImageSize image;
  std::vector<std::string> sweeps{"glimpses", "side", "image"};
};

/// A case that was measured, and what its batch had to compute at least.
struct Result {
  Case c;
  Measurement m;

  [[nodiscard]] double seconds(std::size_t size = 0) const { return median(m.seconds.at(size)); }
  [[nodiscard]] double seconds_per_image(std::size_t size = 0) const {
    return seconds(size) / static_cast<double>(c.network.batch);
  }
};

/// One step of a sweep: the same model with one number changed.
struct SweepPoint {
  double value = 0;  ///< glimpses, side in pixels, or pixels of the image
  std::optional<Result> training;
  std::optional<Result> inference;
};

/// On a GPU the operations are not counted one by one, and the peak is not measured: both are then empty.
struct Study {
  StudyOptions options;
  Peak peak;
  saccade::metrics::PixelFraction pixels;
  Result training, inference;
  Result latency;                         ///< of a batch of one
  Profile training_work, inference_work;  ///< of one batch, operation by operation
  std::vector<SweepPoint> whole;          ///< the network over the whole image as one glimpse; value: pixels
  std::vector<std::string> left_out;      ///< sentences: what was not measured, and why
  std::optional<Result> shrunk;           ///< over the image shrunk to one glimpse
  std::vector<SweepPoint> glimpses, sides, images;
};

/// Floor of a batch: the time in which every operation, one after the other, could do its arithmetic (3x3 convolutions
/// as Winograd's) at peak, or move each of its operands once at full bandwidth, whichever takes longer.
[[nodiscard]] inline double floor_seconds(const Profile& profile, const Peak& peak) {
  double sum = 0;
  for (const auto& [name, cost] : profile) sum += std::max(cost.winograd / peak.flops, cost.bytes / peak.bandwidth);
  return sum;
}

[[nodiscard]] inline double total_flops(const Profile& profile) {
  double sum = 0;
  for (const auto& [name, cost] : profile) sum += cost.flops;
  return sum;
}

namespace detail {

/// An image of `megapixels` million pixels, or a few more, shaped like `like`.
inline ImageSize size_of(double megapixels, const ImageSize& like) {
  const double scale = std::sqrt(1e6 * megapixels / like.pixels());
  return {static_cast<Index>(std::ceil(scale * static_cast<double>(like.width))),
          static_cast<Index>(std::ceil(scale * static_cast<double>(like.height)))};
}

class StudyRun {
 public:
  using Say = std::function<void(const std::string& line)>;

  StudyRun(const StudyOptions& options, Say say) : say_(std::move(say)) { study_.options = options; }

  Study run() {
    const StudyOptions& o = study_.options;
    if (is_on_gpu(o.backend)) {
      measure_model();
      study_.left_out.push_back("peak, floor, operations and the whole image: they are of processors");
    } else {
      say("peak of the machine");
      study_.peak = measure_peak(o.threads);
      measure_model();
      measure_operations();
      measure_whole_image();
    }
    for (const std::string& sweep : o.sweeps) {
      if (sweep == "glimpses") sweep_glimpses();
      if (sweep == "side") sweep_sides();
      if (sweep == "image") sweep_images();
    }
    return std::move(study_);
  }

 private:
  void say(const std::string& line) { say_("measuring: " + line); }

  [[nodiscard]] Case make_case(const std::string& name, bool training) const {
    const StudyOptions& o = study_.options;
    return {
        .name = name,
        .backend = o.backend,
        .threads = o.threads,
        .repeats = o.repeats,
        .network = {.config = o.config, .batch = o.batch, .sizes = {o.image}, .streamed = false, .training = training}};
  }

  Result measured(const Case& c) {
    say(c.name);
    return {c, measure(c)};
  }

  /// Nothing, and a sentence on what is left out, where such a model cannot be built: a mask too deep for its glimpse.
  std::optional<Result> measured_if_possible(const Case& c) {
    try {
      return measured(c);
    } catch (const saccade::ConfigError& error) {
      study_.left_out.push_back(c.name + ": " + error.what());
      return {};
    }
  }

  void measure_model() {
    const StudyOptions& o = study_.options;
    study_.training = measured(make_case("training", true));
    study_.inference = measured(make_case("inference", false));
    study_.pixels = saccade::metrics::pixel_fraction(study_.inference.m.windows, o.image.width, o.image.height);
    Case latency = make_case("latency of one image", false);
    latency.network.batch = 1;
    latency.repeats = std::max(o.repeats, 15 * o.repeats);
    study_.latency = measured(latency);
  }

  void measure_operations() {
    for (const bool training : {true, false}) {
      Case c = make_case(training ? "operations of training" : "operations of inference", training);
      c.backend = "profile";
      c.repeats = 1;
      (training ? study_.training_work : study_.inference_work) = measured(c).m.profile;
    }
  }

  /// One glimpse as large as the image, which is a square of as many pixels: 1/16, 1/4, all of them.
  void measure_whole_image() {
    const StudyOptions& o = study_.options;
    Case shrunk = make_case("the shrunk image", false);
    shrunk.network.config.glimpses = 1;
    shrunk.network.sizes = {{o.config.sensor.side, o.config.sensor.side}};
    study_.shrunk = measured(shrunk);
    const double glimpse = std::pow(static_cast<double>(o.config.sensor.side), 2);
    for (const double share : {1.0 / 16, 1.0 / 4, 1.0}) {
      const auto side = static_cast<Index>(std::lround(std::sqrt(share * o.image.pixels())));
      SweepPoint point{.value = static_cast<double>(side * side), .training = {}, .inference = {}};
      for (const bool training : {false, true}) {
        Case c = make_case("the whole image, " + std::to_string(side) + " x " + std::to_string(side) +
                               (training ? ", training" : ", inference"),
                           training);
        c.network.config.glimpses = 1;
        c.network.config.sensor.side = side;
        c.network.batch = 1;
        c.network.sizes = {{side, side}};
        const Result& like = training ? study_.training : study_.inference;
        const double steps = training ? static_cast<double>(o.config.glimpses) : 1.0;
        const double needed = 1.3 * like.m.bytes() / static_cast<double>(o.batch) / steps * point.value / glimpse;
        if (needed > 0.8 * available_memory()) {
          study_.left_out.push_back(c.name + ": would need about " +
                                    std::to_string(static_cast<Index>(needed / (1 << 20))) + " MiB of memory");
          continue;
        }
        (training ? point.training : point.inference) = measured_if_possible(c);
      }
      study_.whole.push_back(std::move(point));
    }
  }

  void sweep_glimpses() {
    for (Index glimpses = 1; glimpses <= 8; ++glimpses) {
      SweepPoint point{.value = static_cast<double>(glimpses), .training = {}, .inference = {}};
      for (const bool training : {false, true}) {
        Case c = make_case(std::to_string(glimpses) + " glimpses, " + (training ? "training" : "inference"), training);
        c.network.config.glimpses = glimpses;
        (training ? point.training : point.inference) = measured_if_possible(c);
      }
      study_.glimpses.push_back(std::move(point));
    }
  }

  /// A quarter to twice the preset's side, as far as the image allows.
  void sweep_sides() {
    const StudyOptions& o = study_.options;
    for (const Index quarters : {1, 2, 3, 4, 6, 8}) {
      const Index side = o.config.sensor.side * quarters / 4;
      if (side < 1 || side > std::min(o.image.width, o.image.height)) continue;
      SweepPoint point{.value = static_cast<double>(side), .training = {}, .inference = {}};
      for (const bool training : {false, true}) {
        Case c = make_case("glimpses of " + std::to_string(side) + " x " + std::to_string(side) +
                               (training ? ", training" : ", inference"),
                           training);
        c.network.config.sensor.side = side;
        (training ? point.training : point.inference) = measured_if_possible(c);
      }
      study_.sides.push_back(std::move(point));
    }
  }

  /// Images that are never materialised, to a gigapixel. Times are measured in one process, in turn; memory in one
  /// each.
  void sweep_images() {
    Case all = make_case("0.3 megapixels to 1 gigapixel, streamed", false);
    all.network.streamed = true;
    for (const double megapixels : {1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0})
      all.network.sizes.push_back(size_of(megapixels, study_.options.image));
    const Result times = measured(all);
    for (std::size_t i = 0; i < all.network.sizes.size(); ++i) {
      Case one = all;
      one.network.sizes = {all.network.sizes[i]};
      one.repeats = 1;
      one.name = "memory at " + std::to_string(one.network.sizes[0].width) + " x " +
                 std::to_string(one.network.sizes[0].height) + " pixels";
      Result result = measured(one);
      result.m.seconds = {times.m.seconds[i]};
      study_.images.push_back({.value = one.network.sizes[0].pixels(), .training = {}, .inference = std::move(result)});
    }
  }

  Study study_;
  Say say_;
};

}  // namespace detail

/// @param say  is told what is being measured, line by line
/// @throws saccade::Error where a case fails
[[nodiscard]] inline Study run_study(const StudyOptions& options, std::function<void(const std::string&)> say) {
  return detail::StudyRun(options, std::move(say)).run();
}

}  // namespace bench
