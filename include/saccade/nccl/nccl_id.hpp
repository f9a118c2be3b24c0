#pragma once

#include <saccade/core/communicator.hpp>
#include <saccade/core/error.hpp>
#include <saccade/core/file.hpp>
#include <saccade/core/shape.hpp>

#include <cuda_runtime.h>
#include <nccl.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <thread>

/// Opt-in: needs CUDA and NCCL; link saccade::nccl.
namespace saccade::inline SACCADE_NAMESPACE {

namespace detail {
inline void check_nccl(ncclResult_t code, const std::string& what) {
  if (code != ncclSuccess) throw Error("nccl: " + what + ": " + ncclGetErrorString(code));
}

inline void check_nccl_cuda(cudaError_t code, const std::string& what) {
  if (code != cudaSuccess) throw Error("nccl: " + what + ": " + cudaGetErrorString(code));
}
}  // namespace detail

/// What the processes of an NcclCommunicator find each other by. Rank 0 makes it, and hands it round.
using NcclId = ncclUniqueId;

/// @throws Error where there is no GPU to speak for, or NCCL cannot start
[[nodiscard]] inline NcclId make_nccl_id() {
  int devices = 0;
  const cudaError_t found = cudaGetDeviceCount(&devices);
  if (found != cudaSuccess || devices == 0) {
    throw Error("nccl: cannot start: no GPU is there that CUDA can use (" +
                std::string(found != cudaSuccess ? cudaGetErrorString(found) : "none is found") + ")");
  }
  NcclId id{};
  detail::check_nccl(ncclGetUniqueId(&id), "cannot make an id");
  return id;
}

/// The id of rank 0, handed round by processes that can speak to each other already, by MPI say.
/// @throws Error in rank 0 where NCCL cannot start; call it within ProcessGroup::together
template <Communicator C>
[[nodiscard]] NcclId share_nccl_id(C& communicator) {
  NcclId id{};
  if (communicator.rank() == 0) id = make_nccl_id();
  communicator.broadcast(std::as_writable_bytes(std::span(&id, 1)), 0);
  return id;
}

/// The id of rank 0, handed round by a file that all of them see, and that was not there before.
/// @throws FileError where the others wait longer than `patience` for it
[[nodiscard]] inline NcclId share_nccl_id(const std::filesystem::path& path, Index rank,
                                          std::chrono::seconds patience = std::chrono::seconds(60)) {
  if (rank == 0) {
    const NcclId id = make_nccl_id();
    std::array<std::uint8_t, sizeof(NcclId)> bytes{};
    std::memcpy(bytes.data(), &id, sizeof id);
    write_file_atomically(path, bytes);
    return id;
  }
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!file_exists(path)) {
    if (std::chrono::steady_clock::now() > end) {
      throw FileError('"' + path.string() + "\": process 0 has not written the id of NCCL within " +
                      std::to_string(patience.count()) + " s");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  const auto bytes = read_file(path);
  if (bytes.size() != sizeof(NcclId)) {
    throw FileError('"' + path.string() + "\": an id of NCCL has " + std::to_string(sizeof(NcclId)) +
                    " bytes, but this has " + std::to_string(bytes.size()));
  }
  NcclId id{};
  std::memcpy(&id, bytes.data(), sizeof id);
  return id;
}

}  // namespace saccade
