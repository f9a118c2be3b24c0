#pragma once

#include <cuda_runtime_api.h>

#include <functional>
#include <tuple>

namespace saccade_test::emulation {

/// Puts a kernel into the stream: `thread` is called once for each thread of the grid. Like `<<<>>>` it reports only
/// what is wrong with the launch itself, to cudaGetLastError.
void launch_grid(dim3 grid, dim3 block, cudaStream_t stream, std::function<void()> thread);

/// What `kernel<<<grid, block, 0, stream>>>(arguments...)` is under nvcc. Arguments are copied, as there.
template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, cudaStream_t stream, Arguments&&... arguments) {
  static_assert((sizeof(Parameters) + ... + 0) <= 4096, "the parameters of a kernel have 4 KiB");
  launch_grid(grid, block, stream, [kernel, values = std::tuple<Parameters...>(static_cast<Parameters>(arguments)...)] {
    std::apply(kernel, values);
  });
}

}  // namespace saccade_test::emulation
