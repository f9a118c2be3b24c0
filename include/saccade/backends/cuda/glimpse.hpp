#pragma once

#include <saccade/backends/cuda/engine.hpp>
#include <saccade/core/geometry.hpp>

namespace saccade::inline SACCADE_VERSION_NAMESPACE::cuda {

[[nodiscard]] inline DeviceImage make_image(const Call& call, const ImageView& view) {
  call.expect_outside_capture();
  return DeviceImage(call.engine().stream(), view, call.engine().budget(), call.engine().staging());
}

/// Makes the images of a batch those that crops of a captured step look at. Does not wait.
template <class Batch>
void stage_images(const Call& call, const Batch& images) {
  call.expect_outside_capture();
  if (images.empty()) return;
  Engine& engine = call.engine();
  const auto [table, current] = engine.tables().find(images);
  if (!current) engine.tables().renew(table, engine.stream(), engine.staging(), call.operation());
}

/// Stages the images first, unless they are those staged last.
template <class Batch>
void crop_glimpses(const Call& call, const Batch& images, const DeviceTensor& location, const GlimpseGeometry& geometry,
                   DeviceTensor& patches) {
  if (images.empty()) return;
  Engine& engine = call.engine();
  const auto [table, current] = engine.tables().find(images);
  if (!current) {
    if (engine.capturing())
      throw CudaError(
          "crop_glimpses: its images are not those staged for the captured step; expected a call of "
          "stage_images with them before the step");
    engine.tables().renew(table, engine.stream(), engine.staging(), call.operation());
  }
  crop_glimpses(static_cast<const StagedImage*>(table.memory.data()), call.single(location, "location"), geometry,
                patches.map(), location.shape()[0], call.stream());
}

}  // namespace saccade::cuda
