#pragma once

#include <saccade/core/communicator.hpp>
#include <saccade/core/error.hpp>

#include <mpi.h>

#include <cstddef>
#include <cstdio>
#include <limits>
#include <span>
#include <string>
#include <vector>

/// Opt-in: needs an MPI library; link saccade::mpi.
namespace saccade::inline SACCADE_NAMESPACE {

/// MPI itself, from this object's beginning to its end: one in a program. The thread that made it alone may speak to
/// other processes.
class MpiSession {
 public:
  /// @throws Error where MPI cannot start, or knows no threads beside the one that speaks
  MpiSession() {
    int provided = MPI_THREAD_SINGLE;
    if (MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS)
      throw Error("mpi: cannot start");
    if (provided < MPI_THREAD_FUNNELED)
      throw Error("mpi: this library was built for programs of one thread; expected MPI_THREAD_FUNNELED");
  }
  MpiSession(const MpiSession&) = delete;
  MpiSession& operator=(const MpiSession&) = delete;
  ~MpiSession() { MPI_Finalize(); }
};

/// The processes of an MPI communicator, of which it makes a copy: messages of others do not mix with its own. Lives
/// within an MpiSession, or wherever else MPI has been initialised.
class MpiCommunicator {
 public:
  explicit MpiCommunicator(MPI_Comm all = MPI_COMM_WORLD) {
    check(MPI_Comm_dup(all, &communicator_), "cannot make a communicator");
    // What goes wrong becomes an error of ours; MPI would end the program.
    MPI_Comm_set_errhandler(communicator_, MPI_ERRORS_RETURN);
    int number = 0;
    MPI_Comm_rank(communicator_, &number);
    rank_ = number;
    MPI_Comm_size(communicator_, &number);
    size_ = number;
  }
  MpiCommunicator(const MpiCommunicator&) = delete;
  MpiCommunicator& operator=(const MpiCommunicator&) = delete;
  ~MpiCommunicator() {
    int ended = 0;
    MPI_Finalized(&ended);
    if (!ended) MPI_Comm_free(&communicator_);
  }

  [[nodiscard]] Index rank() const { return rank_; }
  [[nodiscard]] Index size() const { return size_; }

  void broadcast(std::span<std::byte> bytes, Index root) {
    check(MPI_Bcast(bytes.data(), count(bytes.size()), MPI_BYTE, static_cast<int>(root), communicator_), "MPI_Bcast");
  }

  void all_gather(std::span<const std::byte> mine, std::span<std::byte> all, std::span<const std::size_t> sizes) {
    in_.set(sizes);
    check(MPI_Allgatherv(mine.data(), count(mine.size()), MPI_BYTE, all.data(), in_.counts.data(), in_.begins.data(),
                         MPI_BYTE, communicator_),
          "MPI_Allgatherv");
  }

  void exchange(std::span<const std::byte> out, std::span<const std::size_t> out_sizes, std::span<std::byte> in,
                std::span<const std::size_t> in_sizes) {
    out_.set(out_sizes);
    in_.set(in_sizes);
    check(MPI_Alltoallv(out.data(), out_.counts.data(), out_.begins.data(), MPI_BYTE, in.data(), in_.counts.data(),
                        in_.begins.data(), MPI_BYTE, communicator_),
          "MPI_Alltoallv");
  }

  void barrier() { check(MPI_Barrier(communicator_), "MPI_Barrier"); }

  /// Says the sentence on stderr, and ends all processes, this one too.
  [[noreturn]] void abort(const std::string& sentence) {
    std::fprintf(stderr, "%s\n", sentence.c_str());
    MPI_Abort(communicator_, 1);
    throw Error(sentence);  // MPI promises to do what it can
  }

 private:
  /// Where the bytes of each rank lie, as MPI counts them.
  struct Layout {
    std::vector<int> counts, begins;

    void set(std::span<const std::size_t> sizes) {
      counts.clear();
      begins.clear();
      std::size_t begin = 0;
      for (const std::size_t size : sizes) {
        counts.push_back(count(size));
        begins.push_back(count(begin));
        begin += size;
      }
    }
  };

  [[nodiscard]] static int count(std::size_t bytes) {
    if (bytes > static_cast<std::size_t>(std::numeric_limits<int>::max()))
      throw Error("mpi: a message must be shorter than 2 GiB, but has " + std::to_string(bytes) + " bytes");
    return static_cast<int>(bytes);
  }

  static void check(int code, const std::string& what) {
    if (code == MPI_SUCCESS) return;
    std::string text(MPI_MAX_ERROR_STRING, '\0');
    int length = 0;
    MPI_Error_string(code, text.data(), &length);
    text.resize(static_cast<std::size_t>(length));
    throw Error("mpi: " + what + ": " + text);
  }

  MPI_Comm communicator_ = MPI_COMM_NULL;
  Index rank_ = 0;
  Index size_ = 1;
  Layout out_, in_;
};
static_assert(Communicator<MpiCommunicator>);

}  // namespace saccade
