#pragma once

#include <saccade/core/file.hpp>
#include <saccade/core/shape.hpp>
#include <saccade/model/json.hpp>
#include <saccade/training/safetensors.hpp>
#include <saccade/training/safetensors_header.hpp>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Opt-in: needs nlohmann/json.
namespace saccade::inline SACCADE_NAMESPACE {

/// What tells checkpoints apart: read from the front of a file, without its tensors and unchecked.
struct CheckpointLabel {
  std::string checksum{};        ///< empty: not written by Saccade
  std::optional<Index> epoch{};  ///< complete ones; nothing where it does not say
};

/// Complete epochs that a checkpoint's metadata "saccade.run" tell; nothing where they do not.
[[nodiscard]] inline std::optional<Index> trained_epochs(const Json& run) {
  if (!run.is_object() || !run.contains("state") || !run.at("state").is_object()) return {};
  const Json& state = run.at("state");
  if (!state.contains("epochs") || !state.at("epochs").is_number_integer()) return {};
  return state.at("epochs").get<Index>();
}

/// @throws FileError where the file cannot be read or begins as no safetensors file does
[[nodiscard]] inline CheckpointLabel read_checkpoint_label(const std::filesystem::path& path) {
  std::uint64_t header_size = 0;
  std::vector<std::uint8_t> bytes = read_file(path, sizeof header_size);
  if (bytes.size() == sizeof header_size) std::memcpy(&header_size, bytes.data(), sizeof header_size);
  if (bytes.size() < sizeof header_size || header_size > detail::safetensors_header_limit)
    detail::throw_bad_safetensors(path.string(), "it does not begin with the size of its header");
  bytes = read_file(path, sizeof header_size + header_size);
  if (bytes.size() < sizeof header_size + header_size)
    detail::throw_bad_safetensors(path.string(), "it ends within its header");
  const std::string_view json(reinterpret_cast<const char*>(bytes.data()) + sizeof header_size, header_size);
  const detail::SafetensorsHeader header = detail::parse_safetensors_header(json, path.string());
  CheckpointLabel label;
  if (const auto found = header.metadata.find(safetensors_checksum_key); found != header.metadata.end())
    label.checksum = found->second;
  if (const auto found = header.metadata.find("saccade.run"); found != header.metadata.end())
    if (const auto run = parse_json(found->second)) label.epoch = trained_epochs(*run);
  return label;
}

}  // namespace saccade
