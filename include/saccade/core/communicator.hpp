#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/shape.hpp>

#include <concepts>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>

namespace saccade::inline SACCADE_NAMESPACE {

/// Processes, or threads of one, that work on one task together: what one of them, of number `rank()` from 0 to
/// `size()` - 1, says to the others. All of them make the same calls in the same order, and each call returns when what
/// it hands over is there. Buffers of bytes do not overlap.
///
/// * `broadcast(bytes, root)`: everybody's bytes become those of `root`.
/// * `all_gather(mine, all, sizes)`: `all` becomes everybody's `mine` by rank; `sizes` says how many bytes each has.
/// * `exchange(out, out_sizes, in, in_sizes)`: `out` holds what goes to each rank, one after another, and `in` becomes
///   what comes from each.
/// * `barrier()`: returns when everybody has come.
/// * `abort(sentence)`: ends the others, wherever they wait. A process may end with it.
///
/// Sums are made of these, in an order of their own (all_reduce_sum): no communicator adds.
template <class C>
concept Communicator = requires(C& c, std::span<const std::byte> out, std::span<std::byte> in,
                                std::span<const std::size_t> sizes, Index root, const std::string& sentence) {
  { c.rank() } -> std::convertible_to<Index>;
  { c.size() } -> std::convertible_to<Index>;
  { c.broadcast(in, root) } -> std::same_as<void>;
  { c.all_gather(out, in, sizes) } -> std::same_as<void>;
  { c.exchange(out, sizes, in, sizes) } -> std::same_as<void>;
  { c.barrier() } -> std::same_as<void>;
  c.abort(sentence);
};

/// One process by itself.
struct SelfCommunicator {
  [[nodiscard]] Index rank() const { return 0; }
  [[nodiscard]] Index size() const { return 1; }
  void broadcast(std::span<std::byte>, Index) const {}
  void all_gather(std::span<const std::byte> mine, std::span<std::byte> all, std::span<const std::size_t>) const {
    if (!mine.empty()) std::memcpy(all.data(), mine.data(), mine.size());
  }
  void exchange(std::span<const std::byte> out, std::span<const std::size_t> sizes, std::span<std::byte> in,
                std::span<const std::size_t>) const {
    all_gather(out, in, sizes);
  }
  void barrier() const {}
  void abort(const std::string& sentence) const { throw Error(sentence); }
};
static_assert(Communicator<SelfCommunicator>);

}  // namespace saccade
