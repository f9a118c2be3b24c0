#pragma once

#include <saccade/core/communicator.hpp>
#include <saccade/core/error.hpp>
#include <saccade/core/peer_error.hpp>
#include <saccade/nccl/nccl_id.hpp>

#include <cuda_runtime.h>
#include <nccl.h>

#include <cstddef>
#include <span>
#include <string>
#include <thread>
#include <utility>

/// Opt-in: needs CUDA and NCCL; link saccade::nccl.
namespace saccade::inline SACCADE_NAMESPACE {

/// Processes of one GPU each, no two of the same, that speak by NCCL: over NVLink, PCIe or a network. It passes what is
/// in the memory of the host: bytes go through a buffer on the GPU, on a stream of their own.
class NcclCommunicator {
 public:
  /// Returns when all processes have come with the same id.
  /// @param device  of this process
  /// @throws Error where NCCL cannot start
  NcclCommunicator(Index rank, Index size, const NcclId& id, int device) : rank_(rank), size_(size) {
    expect_config(rank >= 0 && rank < size, "NcclCommunicator: the rank must be from 0 to " + std::to_string(size - 1) +
                                                ", but is " + std::to_string(rank));
    detail::check_nccl_cuda(cudaSetDevice(device), "GPU " + std::to_string(device));
    detail::check_nccl(ncclCommInitRank(&communicator_, static_cast<int>(size), id, static_cast<int>(rank)),
                       "cannot start process " + std::to_string(rank) + " of " + std::to_string(size));
    try {
      detail::check_nccl_cuda(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cannot make a stream");
    } catch (...) {
      ncclCommAbort(communicator_);
      throw;
    }
  }
  NcclCommunicator(const NcclCommunicator&) = delete;
  NcclCommunicator& operator=(const NcclCommunicator&) = delete;
  ~NcclCommunicator() {
    if (communicator_) ncclCommDestroy(communicator_);
    cudaStreamDestroy(stream_);
  }

  [[nodiscard]] Index rank() const { return rank_; }
  [[nodiscard]] Index size() const { return size_; }

  void broadcast(std::span<std::byte> bytes, Index root) {
    if (bytes.empty()) return;
    std::byte* const on_device = out_.room_for(bytes.size());
    if (rank_ == root) send_up(bytes, on_device);
    detail::check_nccl(
        ncclBroadcast(on_device, on_device, bytes.size(), ncclInt8, static_cast<int>(root), communicator_, stream_),
        "ncclBroadcast");
    bring_down(on_device, bytes);
  }

  void all_gather(std::span<const std::byte> mine, std::span<std::byte> all, std::span<const std::size_t> sizes) {
    std::byte* const out = out_.room_for(mine.size());
    std::byte* const in = in_.room_for(all.size());
    send_up(mine, out);
    detail::check_nccl(ncclGroupStart(), "ncclGroupStart");
    std::size_t begin = 0;
    for (std::size_t r = 0; r < sizes.size(); begin += sizes[r++]) {
      if (sizes[r] == 0) continue;
      detail::check_nccl(
          ncclBroadcast(out, in + begin, sizes[r], ncclInt8, static_cast<int>(r), communicator_, stream_),
          "ncclBroadcast");
    }
    detail::check_nccl(ncclGroupEnd(), "ncclGroupEnd");
    bring_down(in, all);
  }

  void exchange(std::span<const std::byte> out, std::span<const std::size_t> out_sizes, std::span<std::byte> in,
                std::span<const std::size_t> in_sizes) {
    std::byte* const from = out_.room_for(out.size());
    std::byte* const to = in_.room_for(in.size());
    send_up(out, from);
    detail::check_nccl(ncclGroupStart(), "ncclGroupStart");
    std::size_t sent = 0, received = 0;
    for (std::size_t r = 0; r < out_sizes.size(); ++r) {
      const int peer = static_cast<int>(r);
      if (out_sizes[r] > 0)
        detail::check_nccl(ncclSend(from + sent, out_sizes[r], ncclInt8, peer, communicator_, stream_), "ncclSend");
      if (in_sizes[r] > 0)
        detail::check_nccl(ncclRecv(to + received, in_sizes[r], ncclInt8, peer, communicator_, stream_), "ncclRecv");
      sent += out_sizes[r];
      received += in_sizes[r];
    }
    detail::check_nccl(ncclGroupEnd(), "ncclGroupEnd");
    bring_down(to, in);
  }

  void barrier() {
    std::byte* const token = in_.room_for(1);  // a sum waits for every term
    std::byte any{};
    detail::check_nccl(ncclAllReduce(token, token, 1, ncclInt8, ncclMax, communicator_, stream_), "ncclAllReduce");
    bring_down(token, std::span(&any, 1));
  }

  /// Leaves the others: what they wait for fails. @throws Error with the sentence
  [[noreturn]] void abort(const std::string& sentence) {
    if (communicator_) ncclCommAbort(std::exchange(communicator_, nullptr));
    throw Error(sentence);
  }

 private:
  /// Memory of a GPU that grows.
  class Buffer {
   public:
    Buffer() = default;
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    ~Buffer() { cudaFree(bytes_); }

    std::byte* room_for(std::size_t count) {
      if (count <= size_) return bytes_;
      cudaFree(std::exchange(bytes_, nullptr));
      size_ = 0;
      void* bytes = nullptr;
      detail::check_nccl_cuda(cudaMalloc(&bytes, count),
                              "no room on the GPU for a message of " + std::to_string(count) + " bytes");
      bytes_ = static_cast<std::byte*>(bytes);
      size_ = count;
      return bytes_;
    }

   private:
    std::byte* bytes_ = nullptr;
    std::size_t size_ = 0;
  };

  void send_up(std::span<const std::byte> bytes, std::byte* on_device) {
    detail::check_nccl_cuda(cudaMemcpyAsync(on_device, bytes.data(), bytes.size(), cudaMemcpyHostToDevice, stream_),
                            "cudaMemcpyAsync");
  }

  /// Waits for what is on the stream. @throws PeerError where another process has gone
  void bring_down(const std::byte* on_device, std::span<std::byte> bytes) {
    detail::check_nccl_cuda(cudaMemcpyAsync(bytes.data(), on_device, bytes.size(), cudaMemcpyDeviceToHost, stream_),
                            "cudaMemcpyAsync");
    while (true) {
      const cudaError_t done = cudaStreamQuery(stream_);
      if (done == cudaSuccess) return;
      if (done != cudaErrorNotReady) detail::check_nccl_cuda(done, "cudaStreamQuery");
      ncclResult_t state = ncclSuccess;
      detail::check_nccl(ncclCommGetAsyncError(communicator_, &state), "ncclCommGetAsyncError");
      if (state != ncclSuccess && state != ncclInProgress) {
        ncclCommAbort(std::exchange(communicator_, nullptr));
        throw PeerError(PeerError::Kind::other,
                        "nccl: another process is gone: " + std::string(ncclGetErrorString(state)));
      }
      std::this_thread::yield();
    }
  }

  Index rank_;
  Index size_;
  ncclComm_t communicator_ = nullptr;
  cudaStream_t stream_ = nullptr;
  Buffer out_, in_;
};
static_assert(Communicator<NcclCommunicator>);

}  // namespace saccade
