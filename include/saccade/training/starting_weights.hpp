#pragma once

#include <saccade/core/error.hpp>
#include <saccade/training/pretrained_weights.hpp>
#include <saccade/training/run_config.hpp>
#include <saccade/training/start_from.hpp>

#include <algorithm>
#include <string>

namespace saccade::inline SACCADE_NAMESPACE {

/// Puts the weights of another's file into the encoder of a run that begins, and those of another run into all that
/// they fit. Opt-in: needs nlohmann/json, stb_image, libpng and libjpeg-turbo.
/// @returns what the other run has given
/// @throws FileError where they do not fit; ConfigError where a frozen encoder has none
template <class B, class Trainer>
StartingTensors load_starting_weights(B& b, const RunConfig& config, Trainer& trainer) {
  const BackboneConfig& backbone = config.model.encoder.backbone;
  StartingTensors tensors;
  if (!config.weights.empty()) load_pretrained(b, config.weights, backbone, trainer.parameters(), trainer.statistics());
  if (!config.start_from.empty()) {
    tensors = start_from(b, read_checkpoint(config.start_from), trainer.parameters(), trainer.statistics(),
                         config.start_from.string());
  }
  const auto is_backbone = [](const std::string& name) { return name.starts_with("encoder.backbone."); };
  const bool has_weights =
      !config.weights.empty() || std::any_of(tensors.taken.begin(), tensors.taken.end(), is_backbone);
  const auto* const encoder = trainer.model().encoder().pretrained();
  expect_config(!encoder || !encoder->backbone().freezes() || has_weights,
                "training: the encoder " + std::string(backbone_name(backbone.kind)) +
                    " is frozen, so its weights must come from a file (--weights)");
  return tensors;
}

}  // namespace saccade
