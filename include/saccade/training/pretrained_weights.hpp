#pragma once

#include <saccade/components/backbone.hpp>
#include <saccade/model/config.hpp>
#include <saccade/training/load_tensors.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

/// Weights of a pretrained encoder from a file made elsewhere. Opt-in: needs nlohmann/json.
namespace saccade::inline SACCADE_NAMESPACE {

/// Whose names a file of weights has. @throws FileError where it is none that is known for this network
[[nodiscard]] inline WeightNames weight_names(const SafetensorsFile& file, BackboneKind kind, std::string_view name) {
  if (!is_efficientnet_lite(kind)) {
    if (file.find("conv1.weight")) return WeightNames::torchvision;
    throw FileError('"' + std::string(name) + "\": no weights of " + std::string(backbone_name(kind)) +
                    ": there is no tensor conv1.weight");
  }
  if (file.find("_conv_stem.weight")) return WeightNames::efficientnet_lite_pytorch;
  if (file.find("conv_stem.weight")) return WeightNames::timm;
  throw FileError('"' + std::string(name) + "\": no weights of " + std::string(backbone_name(kind)) +
                  ": there is neither a tensor _conv_stem.weight nor conv_stem.weight");
}

/// Puts the weights of a file into a model's encoder, and its running statistics into every set of them. The soft
/// attention on top keeps its own.
/// @param name  what the error sentences call the file
/// @throws FileError where they do not fit, before anything has changed; ConfigError where the encoder is SA-Net
template <class B, class Parameters, class Statistics>
void load_pretrained(B& b, const SafetensorsFile& file, const BackboneConfig& config, Parameters& parameters,
                     Statistics& statistics, std::string_view name) {
  expect_config(config.kind != BackboneKind::none,
                "pretrained weights need encoder.backbone.kind, but that is none: SA-Net is not pretrained");
  const TensorMap map = backbone_map(config, weight_names(file, config.kind, name));
  for (auto& set : statistics.sets) {
    auto tensors = named_tensors<B>(parameters.encoder.pretrained().backbone);
    for (const auto& named : named_tensors<B>(set.encoder.pretrained().backbone)) tensors.push_back(named);
    load_tensors(b, file, tensors, map, name);
  }
}

/// The same from a file on disk. @throws FileError also where it cannot be read or is damaged
template <class B, class Parameters, class Statistics>
void load_pretrained(B& b, const std::filesystem::path& path, const BackboneConfig& config, Parameters& parameters,
                     Statistics& statistics) {
  load_pretrained(b, read_safetensors(path), config, parameters, statistics, path.string());
}

}  // namespace saccade
