#include <saccade/core/process_group.hpp>
#include <saccade/core/sum_tree.hpp>
#include <saccade/nccl.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

using namespace saccade;

namespace {

/// Nothing where there is no GPU.
std::optional<NcclId> id() {
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) return {};
  return make_nccl_id();
}

}  // namespace

TEST_CASE("without a GPU NCCL says why it cannot start", "[nccl]") {
  if (id()) SKIP_TEST("there is a GPU");
  CHECK_THROWS_WITH(make_nccl_id(), contains("nccl: cannot start: no GPU is there that CUDA can use ("));
  SelfCommunicator self;
  CHECK_THROWS_WITH(share_nccl_id(self), contains("nccl: cannot start"));
}

TEST_CASE("an id that does not come is missed by name, and so is a file that is none", "[nccl]") {
  const ScratchFolder scratch;
  CHECK_THROWS_WITH(share_nccl_id(scratch / "id", 1, std::chrono::seconds(0)),
                    contains("process 0 has not written the id of NCCL within 0 s"));
  write_file_atomically(scratch / "id", std::string("short"));
  CHECK_THROWS_WITH(share_nccl_id(scratch / "id", 1), contains("an id of NCCL has 128 bytes, but this has 5"));
}

TEST_CASE("one GPU by itself is a group of one", "[nccl]") {
  const std::optional<NcclId> shared = id();
  if (!shared) SKIP_TEST("no GPU");
  NcclCommunicator communicator(0, 1, *shared, 0);
  std::array<std::byte, 3> bytes{std::byte(1), std::byte(2), std::byte(3)}, other{};
  const std::array<std::size_t, 1> sizes{3};
  communicator.broadcast(bytes, 0);
  communicator.all_gather(bytes, other, sizes);
  CHECK(other == bytes);
  other = {};
  communicator.exchange(bytes, sizes, other, sizes);
  CHECK(other == bytes);
  communicator.barrier();
  const ProcessGroup group(communicator);
  std::vector<float> values{1.5f, -2.0f};
  all_reduce_sum(group, std::span<float>(values));
  CHECK(values == std::vector<float>{1.5f, -2.0f});
}
