#pragma once

#include <saccade/core/shape.hpp>

#include <nlohmann/json.hpp>

#include <optional>
#include <string>

/// What a file of results is of. Opt-in: needs nlohmann/json.
namespace saccade::inline SACCADE_NAMESPACE::report {

/// Which weights answered about which images. Every file of an evaluation says it, so that none is taken for another's.
struct Provenance {
  std::string weights{};         ///< checksum of the checkpoint; empty: not known
  std::optional<Index> epoch{};  ///< complete ones of its training
  std::string data{};            ///< identity of the images, see data::Inventory; empty: of one image, which is named

  [[nodiscard]] bool known() const { return !weights.empty(); }

  friend bool operator==(const Provenance&, const Provenance&) = default;
};

/// "weights 1a2b3c4d after epoch 3".
[[nodiscard]] inline std::string weights_text(const Provenance& of) {
  if (!of.known()) return "weights that are not told";
  return "weights " + of.weights + (of.epoch ? " after epoch " + std::to_string(*of.epoch) : "");
}

/// {"weights": "1a2b3c4d", "epoch": 3, "data": "00112233aabbccdd"}; the epoch is null where it is not known, and "data"
/// is there only where it is.
[[nodiscard]] inline nlohmann::ordered_json to_json(const Provenance& of) {
  nlohmann::ordered_json json{{"weights", of.weights}, {"epoch", nullptr}};
  if (of.epoch) json["epoch"] = *of.epoch;
  if (!of.data.empty()) json["data"] = of.data;
  return json;
}

/// The member "provenance" of an object; files of before have none.
/// @throws nlohmann::json::exception where it holds something else
[[nodiscard]] inline Provenance provenance_of(const nlohmann::ordered_json& json) {
  if (!json.contains("provenance")) return {};
  const nlohmann::ordered_json& of = json.at("provenance");
  Provenance provenance{.weights = of.at("weights").get<std::string>(), .data = of.value("data", "")};
  if (!of.at("epoch").is_null()) provenance.epoch = of.at("epoch").get<Index>();
  return provenance;
}

}  // namespace saccade::report
