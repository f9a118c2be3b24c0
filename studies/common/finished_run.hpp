#pragma once

#include <saccade/core/file.hpp>
#include <saccade/training/config_history.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

/// The file of a model that a study has trained and judged: what it was, and its figures.
namespace bench {

using Json = nlohmann::ordered_json;

/// The figures of a run that is done, or nothing where there is no such file.
/// @param config  what makes the run's numbers what they are
/// @throws FileError where the file belongs to another configuration: it is not overwritten
[[nodiscard]] inline std::optional<Json> read_finished_run(const std::filesystem::path& file, const Json& config) {
  if (!std::filesystem::exists(file)) return {};
  const std::vector<std::uint8_t> bytes = saccade::read_file(file);
  const auto before = Json::parse(bytes.begin(), bytes.end(), nullptr, false);
  const auto same = [&] {
    return saccade::current_description(before.value("config", Json()), config) == saccade::current_description(config);
  };
  if (!before.is_object() || !before.contains("figures") || !same()) {
    throw saccade::FileError('"' + file.string() +
                             "\": belongs to another configuration; expected an empty folder or the same options");
  }
  return before.at("figures");
}

/// @throws FileError
inline void write_finished_run(const std::filesystem::path& file, const Json& config, const Json& figures) {
  saccade::write_file_atomically(file, Json{{"config", config}, {"figures", figures}}.dump(2) + "\n");
}

/// The figures of the file, or of `measure`, which are then written into it. @throws FileError
inline Json finished_run(const std::string& name, const std::filesystem::path& file, const Json& config,
                         const std::function<Json()>& measure) {
  if (std::optional<Json> before = read_finished_run(file, config)) {
    std::cerr << name + ": done before\n";
    return *std::move(before);
  }
  Json figures = measure();
  write_finished_run(file, config, figures);
  return figures;
}

}  // namespace bench
