#include <saccade/core/process_group.hpp>
#include <saccade/core/sum_tree.hpp>
#include <saccade/mpi.hpp>

#include <array>
#include <cstddef>
#include <iostream>
#include <span>
#include <string>
#include <vector>

/// What MpiCommunicator must do, done by as many processes as mpirun starts; "all right" from rank 0. `speaker abort`
/// has the last one abort while the others wait, `speaker fail` has it throw.

namespace {

using namespace saccade;

void expect(bool condition, const std::string& what) {
  if (!condition) throw Error("not so: " + what);
}

void speak(MpiCommunicator& c) {
  const auto rank = static_cast<std::size_t>(c.rank()), size = static_cast<std::size_t>(c.size());
  std::array<std::byte, 2> bytes{std::byte(rank), std::byte(rank + 10)};
  const Index root = c.size() - 1;
  c.broadcast(bytes, root);
  expect(bytes == std::array{std::byte(root), std::byte(root + 10)}, "everybody has the last one's bytes");
  c.barrier();
  // Rank r has r bytes; all of them together are 0 1 1 2 2 2 without the first.
  std::vector<std::size_t> sizes(size);
  std::vector<std::byte> expected;
  for (std::size_t r = 0; r < size; ++r) {
    sizes[r] = r;
    expected.insert(expected.end(), r, std::byte(r));
  }
  std::vector<std::byte> all(expected.size());
  c.all_gather(std::vector<std::byte>(rank, std::byte(rank)), all, sizes);
  expect(all == expected, "the bytes of all, by rank");
  // To rank r go r bytes from everybody, each the sender's number.
  std::vector<std::byte> out(expected.size(), std::byte(rank)), in(rank * size), from_all;
  c.exchange(out, sizes, in, std::vector<std::size_t>(size, rank));
  for (std::size_t r = 0; r < size; ++r) from_all.insert(from_all.end(), rank, std::byte(r));
  expect(in == from_all, "the bytes that came from each");

  const ProcessGroup group(c);
  std::vector<float> values{static_cast<float>(rank + 1), 0.5f};
  all_reduce_sum(group, std::span<float>(values));
  const auto n = static_cast<float>(size);
  expect(values == std::vector<float>{n * (n + 1) / 2, n / 2}, "the sums over all");
  // A long list, so that a message is sent in pieces.
  std::vector<double> many(300001, 1.0);
  all_reduce_sum(group, std::span<double>(many));
  expect(many == std::vector<double>(300001, static_cast<double>(size)), "a long sum");
}

}  // namespace

int main(int count, char** arguments) try {
  static const MpiSession session;  // ends when everything has been said
  MpiCommunicator communicator;
  const ProcessGroup group(communicator);
  const std::string what = count > 1 ? arguments[1] : "";
  const bool last = group.rank() + 1 == group.size();
  if (what == "abort" && last) communicator.abort("the last one gives up");
  group.together([&] {
    if (what == "fail" && last) throw FileError("the last one fails");
  });
  speak(communicator);
  if (group.leads()) std::cout << "all right\n";
} catch (const saccade::PeerError&) {
  return 3;
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
