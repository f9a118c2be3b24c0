#pragma once

#include <saccade/core/box.hpp>
#include <saccade/model/config_json.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "machine.hpp"
#include "network.hpp"
#include "sample.hpp"
#include "subprocess.hpp"

/// A case of attention_benchmark: measured in a process of its own, so that no other case's memory shows in its peak.
namespace bench {

using Json = nlohmann::ordered_json;

struct Case {
  std::string name;  ///< for people: "training"
  std::string backend = "eigen";
  int threads = 0;
  int repeats = 7;
  NetworkSpec network;
};

/// What came out of a case.
struct Measurement {
  std::vector<std::vector<double>> seconds;  ///< of each batch, by size of the images
  double peak_bytes = 0;                     ///< resident at most; on a GPU, taken of its memory
  double start_bytes = 0;                    ///< resident before the network was made; on a GPU, 0
  std::vector<saccade::Box> windows;         ///< what was read of the first image, in inference
  Profile profile;                           ///< of one batch, with the backend "profile"

  /// What the network, its images and its scratch needed.
  [[nodiscard]] double bytes() const { return peak_bytes - start_bytes; }
};

[[nodiscard]] inline Json to_json(const Case& c) {
  Json json{{"name", c.name},
            {"backend", c.backend},
            {"threads", c.threads},
            {"repeats", c.repeats},
            {"batch", c.network.batch},
            {"streamed", c.network.streamed},
            {"training", c.network.training},
            {"model", saccade::to_json(c.network.config)}};
  for (const ImageSize& size : c.network.sizes) json["sizes"].push_back({size.width, size.height});
  return json;
}

[[nodiscard]] inline Case case_from_json(const Json& json) {
  Case c{.name = json.at("name"),
         .backend = json.at("backend"),
         .threads = json.at("threads"),
         .repeats = json.at("repeats"),
         .network = {}};
  saccade::update_from_json(json.at("model"), c.network.config, "model");
  c.network.config = saccade::validated(c.network.config);
  c.network.batch = json.at("batch");
  c.network.streamed = json.at("streamed");
  c.network.training = json.at("training");
  for (const Json& size : json.at("sizes")) c.network.sizes.push_back({size.at(0), size.at(1)});
  return c;
}

[[nodiscard]] inline Json to_json(const Profile& profile) {
  Json list = Json::array();
  for (const auto& [name, cost] : profile)
    list.push_back({{"operation", name},
                    {"calls", cost.calls},
                    {"seconds", cost.seconds},
                    {"flops", cost.flops},
                    {"winograd_flops", cost.winograd},
                    {"bytes", cost.bytes}});
  return list;
}

[[nodiscard]] inline Json to_json(const Measurement& m) {
  Json json{{"seconds", m.seconds},
            {"peak_bytes", m.peak_bytes},
            {"start_bytes", m.start_bytes},
            {"windows", Json::array()},
            {"profile", to_json(m.profile)}};
  for (const saccade::Box& box : m.windows) json["windows"].push_back({box.x, box.y, box.width, box.height});
  return json;
}

[[nodiscard]] inline Measurement measurement_from_json(const Json& json) {
  Measurement m{.seconds = json.at("seconds"),
                .peak_bytes = json.at("peak_bytes"),
                .start_bytes = json.at("start_bytes"),
                .windows = {},
                .profile = {}};
  for (const Json& box : json.at("windows")) m.windows.push_back({box.at(0), box.at(1), box.at(2), box.at(3)});
  for (const Json& cost : json.at("profile"))
    m.profile[cost.at("operation")] = {cost.at("calls"), cost.at("flops"), cost.at("winograd_flops"), cost.at("bytes"),
                                       cost.at("seconds")};
  return m;
}

/// Measures in this process: two batches to warm up, then `repeats` rounds over the sizes in turn, so that a machine
/// that changes its speed changes it for all of them.
[[nodiscard]] inline Measurement measure_here(const Case& c, MakeNetwork make) {
  Measurement m;
  m.start_bytes = resident_memory();
  const auto network = make(c.network, c.threads);
  const std::size_t sizes = c.network.sizes.size();
  const auto batch = [&](std::size_t size) {
    if (c.network.training) return network->train();
    network->infer(size);
  };
  for (std::size_t size = 0; size < sizes; ++size) batch(size);
  batch(0);
  static_cast<void>(network->take_profile());
  m.seconds.resize(sizes);
  for (int repeat = 0; repeat < c.repeats; ++repeat) {
    for (std::size_t size = 0; size < sizes; ++size) m.seconds[size].push_back(seconds_of([&] { batch(size); }));
  }
  m.profile = network->take_profile();
  if (!c.network.training) m.windows = network->windows();
  m.peak_bytes = peak_memory();
  if (const double bytes = network->device_bytes(); bytes > 0) {
    m.peak_bytes = bytes;
    m.start_bytes = 0;
  }
  return m;
}

/// What a program answers to `--measure CASE`: measure_here as JSON, {"error": the sentence} of a case that cannot be,
/// or {"failure": the sentence} of one that went wrong.
[[nodiscard]] inline Json answer_measure(const std::string& text, const std::map<std::string, MakeNetwork>& makers) {
  try {
    const Case c = case_from_json(Json::parse(text));
    return to_json(measure_here(c, makers.at(c.backend)));
  } catch (const saccade::ConfigError& error) {
    return {{"error", error.what()}};
  } catch (const saccade::Error& error) {
    return {{"failure", error.what()}};
  }
}

/// The same in a process of its own: this program again, or torch_measure beside it.
/// @throws saccade::ConfigError where the case cannot be built, saccade::Error where its process fails
[[nodiscard]] inline Measurement measure(const Case& c) {
  const std::filesystem::path self = this_program();
  const auto program = c.backend == "torch" ? self.parent_path() / "torch_measure" : self;
  const Json answer = Json::parse(output_of(program, {"--measure", to_json(c).dump()}, c.name));
  if (answer.contains("error")) throw saccade::ConfigError(answer["error"].get<std::string>());
  if (answer.contains("failure")) throw saccade::Error(answer["failure"].get<std::string>());
  return measurement_from_json(answer);
}

}  // namespace bench
