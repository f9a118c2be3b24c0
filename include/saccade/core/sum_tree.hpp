#pragma once

#include <saccade/core/process_group.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// Numbers `first` to `end` - 1.
struct IndexRange {
  Index first = 0;
  Index end = 0;

  [[nodiscard]] Index size() const { return end - first; }
  friend bool operator==(const IndexRange&, const IndexRange&) = default;
};

/// Share number `part` of `parts` of `count` things: as equal as can be, one after another.
[[nodiscard]] constexpr IndexRange share_of(Index count, Index part, Index parts) {
  return {count * part / parts, count * (part + 1) / parts};
}

/// Adds lists of numbers, one for each of `leaves` parts of a task, in one order whoever has them: as a binary tree,
///     sum[first, end) = sum[first, middle) + sum[middle, end),  middle = (first + end) / 2
/// so that the result has the same bits for any number of processes. Each has a share of neighbouring leaves and adds
/// what it can of them alone; then everybody adds a share of the numbers. A process sends and receives about
/// 2 (R - 1) / R of a list, for R processes that divide the leaves, as the best all-reduces do.
template <class T>
class SumTree {
 public:
  /// @param mine  the leaves of this process: share_of(leaves, rank, size)
  SumTree(Index leaves, ProcessGroup group)
      : leaves_(leaves), group_(std::move(group)), mine_(share_of(leaves, group_.rank(), group_.size())) {}

  [[nodiscard]] Index leaves() const { return leaves_; }
  [[nodiscard]] IndexRange mine() const { return mine_; }
  [[nodiscard]] const ProcessGroup& group() const { return group_; }

  /// Begins a sum of lists of `count` numbers.
  void start(std::size_t count) {
    count_ = count;
    while (!nodes_.empty()) recycle();
  }

  /// The next leaf of this process, to be filled in; 0 everywhere. Leaves before it are complete.
  [[nodiscard]] std::span<T> next_leaf() {
    merge();
    const Index leaf = nodes_.empty() ? mine_.first : nodes_.back().range.end;
    std::vector<T> values;
    if (!free_.empty()) {
      values = std::move(free_.back());
      free_.pop_back();
    }
    values.assign(count_, T(0));
    nodes_.push_back({{leaf, leaf + 1}, std::move(values)});
    return nodes_.back().values;
  }

  /// The sum of all leaves of all processes, once each has filled in its own; until the next `start`.
  [[nodiscard]] std::span<const T> sum() {
    merge();
    if (group_.size() == 1) return nodes_.front().values;
    group_.or_abort([&] { add_all(); });
    return sum_;
  }

 private:
  struct Node {
    IndexRange range;
    std::vector<T> values;
  };

  /// Adds the nodes of all processes, with them.
  void add_all() {
    const Index ranks = group_.size(), me = group_.rank();
    const auto chunk = [&](Index rank) { return share_of(static_cast<Index>(count_), rank, ranks); };
    const auto bytes = [](std::size_t numbers) { return numbers * sizeof(T); };
    out_.clear();
    out_sizes_.clear();
    in_sizes_.clear();
    in_nodes_.clear();
    std::size_t received = 0;
    const auto my_chunk = static_cast<std::size_t>(chunk(me).size());
    for (Index rank = 0; rank < ranks; ++rank) {
      const IndexRange theirs = chunk(rank);
      for (const Node& node : nodes_)
        out_.insert(out_.end(), node.values.begin() + theirs.first, node.values.begin() + theirs.end);
      out_sizes_.push_back(bytes(nodes_.size() * static_cast<std::size_t>(theirs.size())));
      const std::size_t before = in_nodes_.size();
      add_roots({0, leaves_}, share_of(leaves_, rank, ranks), in_nodes_);
      in_sizes_.push_back(bytes((in_nodes_.size() - before) * my_chunk));
      received += (in_nodes_.size() - before) * my_chunk;
    }
    in_.resize(received);
    group_.exchange(std::as_bytes(std::span(out_)), out_sizes_, std::as_writable_bytes(std::span(in_)), in_sizes_);
    const std::span<const T> mine = combine({0, leaves_}, my_chunk);
    for (Index rank = 0; rank < ranks; ++rank)
      in_sizes_[static_cast<std::size_t>(rank)] = bytes(static_cast<std::size_t>(chunk(rank).size()));
    sum_.resize(count_);
    group_.all_gather(std::as_bytes(mine), std::as_writable_bytes(std::span(sum_)), in_sizes_);
  }

  [[nodiscard]] static Index middle(IndexRange range) { return (range.first + range.end) / 2; }

  /// Appends the largest nodes of the tree below `node` that lie in `range`.
  static void add_roots(IndexRange node, IndexRange range, std::vector<IndexRange>& roots) {
    if (node.end <= range.first || node.first >= range.end) return;
    if (node.first >= range.first && node.end <= range.end) return roots.push_back(node);
    add_roots({node.first, middle(node)}, range, roots);
    add_roots({middle(node), node.end}, range, roots);
  }

  /// Whether the tree has a node of this range.
  [[nodiscard]] bool has_node(IndexRange range) const {
    IndexRange at{0, leaves_};
    while (at != range) {
      if (at.size() <= 1) return false;
      const Index half = middle(at);
      if (range.end <= half) {
        at.end = half;
      } else if (range.first >= half) {
        at.first = half;
      } else {
        return false;
      }
    }
    return true;
  }

  void recycle() {
    free_.push_back(std::move(nodes_.back().values));
    nodes_.pop_back();
  }

  static void add(std::span<T> left, std::span<const T> right) {
    for (std::size_t i = 0; i < left.size(); ++i) left[i] += right[i];
  }

  /// Adds neighbours at the end of the list that make up a node.
  void merge() {
    while (nodes_.size() >= 2) {
      Node& left = nodes_[nodes_.size() - 2];
      const IndexRange both{left.range.first, nodes_.back().range.end};
      if (middle(both) != left.range.end || !has_node(both)) return;
      add(left.values, nodes_.back().values);
      left.range = both;
      recycle();
    }
  }

  /// The sum of a node's leaves over this process's share of the numbers, in place of its first one's.
  [[nodiscard]] std::span<T> combine(IndexRange node, std::size_t count) {
    const auto found = std::find(in_nodes_.begin(), in_nodes_.end(), node);
    if (found != in_nodes_.end())
      return std::span(in_).subspan(static_cast<std::size_t>(found - in_nodes_.begin()) * count, count);
    const std::span<T> left = combine({node.first, middle(node)}, count);
    add(left, combine({middle(node), node.end}, count));
    return left;
  }

  Index leaves_;
  ProcessGroup group_;
  IndexRange mine_;
  std::size_t count_ = 0;
  std::vector<Node> nodes_;  ///< of this process, from left to right
  std::vector<std::vector<T>> free_;
  std::vector<T> out_, in_, sum_;
  std::vector<std::size_t> out_sizes_, in_sizes_;
  std::vector<IndexRange> in_nodes_;  ///< that lie in `in_` one after another
};

/// Everybody's values become their sum over all processes of `group`, added as a SumTree of one leaf each.
template <class T>
void all_reduce_sum(const ProcessGroup& group, std::span<T> values) {
  SumTree<T> tree(group.size(), group);
  tree.start(values.size());
  std::copy(values.begin(), values.end(), tree.next_leaf().begin());
  const std::span<const T> sum = tree.sum();
  std::copy(sum.begin(), sum.end(), values.begin());
}

}  // namespace saccade
