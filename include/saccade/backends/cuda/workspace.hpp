#pragma once

#include <saccade/backends/cuda/device_memory.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace saccade::inline SACCADE_VERSION_NAMESPACE::cuda {

/// What an operation keeps for as long as it is queued. No operation uses a purpose for two things.
enum class Purpose {
  activated,  ///< an input, normalised and activated
  converted,  ///< weights or gradients in the format of the maps
  product,    ///< a result before it is added to what is there
  library,    ///< what cuDNN asks for
  sums,       ///< partial sums of a kernel of ours
  count
};

/// Scratch memory of a backend: one block for each purpose, which grows to the most that was asked for and is kept. All
/// work goes to one stream, so the next operation may have the same bytes.
class Workspace {
 public:
  explicit Workspace(std::shared_ptr<const Stream> stream) : stream_(std::move(stream)) {}

  /// At least `bytes` bytes, aligned for every number; what they hold is undefined.
  /// @throws CudaError if the block has to grow while it is `frozen`
  [[nodiscard]] void* take(Purpose purpose, std::size_t bytes, std::string_view operation) {
    DeviceMemory& block = blocks_[static_cast<std::size_t>(purpose)];
    if (bytes > block.bytes()) {
      if (frozen_)
        throw CudaError(std::string(operation) + ": its workspace would have to grow to " + std::to_string(bytes) +
                        " bytes inside a captured step; expected the sizes of the step's first run");
      block = DeviceMemory();
      ++generation_;
      block = DeviceMemory(stream_, bytes, operation);
    }
    return block.data();
  }

  /// Changes whenever a block moved: what was captured before then must be captured again.
  [[nodiscard]] std::size_t generation() const { return generation_; }

  void freeze(bool frozen) { frozen_ = frozen; }

 private:
  std::shared_ptr<const Stream> stream_;
  std::array<DeviceMemory, static_cast<std::size_t>(Purpose::count)> blocks_;
  std::size_t generation_ = 0;
  bool frozen_ = false;
};

}  // namespace saccade::cuda
