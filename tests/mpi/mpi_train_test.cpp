#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "mpirun.hpp"
#include "programs/killed_run.hpp"
#include "programs/tiny_run.hpp"
#include "support/catch.hpp"

using namespace programs;

namespace {

const Arguments in_parts{"--set", "training.parts=4", "--threads", "1"};

Arguments train(const std::filesystem::path& out, int epochs, const Arguments& more = {},
                const std::filesystem::path& data = tiny_data()) {
  return Arguments{path_of("saccade"), "train"} + training(out, epochs, in_parts + more, data);
}

/// What one process makes of it, once.
const std::filesystem::path& alone() {
  static const ScratchFolder folder;
  static const std::filesystem::path out = [] {
    const Ending ending = run("saccade train", training(folder / "run", 8, in_parts));
    if (ending.code != 0) throw std::runtime_error("saccade train failed: " + ending.err);
    return folder / "run";
  }();
  return out;
}

/// The first line of an error that begins so, which must be there once.
std::string only_line(const std::string& begin, const std::string& text) {
  CHECK(times(begin, text) == 1);
  const std::size_t at = text.find(begin);
  return at == std::string::npos ? "" : text.substr(at, text.find('\n', at) - at);
}

}  // namespace

TEST_CASE("a run of 4 parts writes the same bytes by 1, 2, 3 and 4 processes", "[mpi]") {
  for (const int count : {2, 3, 4}) {
    const ScratchFolder scratch;
    const Ending ending = mpirun(count, train(scratch / "run", 8));
    INFO(count << " processes: " << ending.err);
    REQUIRE(ending.code == 0);
    CHECK(times("batches of 4 in 4 parts, by " + std::to_string(count) +
                    " processes; normalisation: batch, by the statistics of each part",
                ending.out) == 1);
    CHECK(times("epoch 8/8  loss ", ending.err) == 1);
    check_equal_runs(scratch / "run", alone());
  }
}

TEST_CASE("processes synchronize their batches, if there is one for each part", "[mpi]") {
  const ScratchFolder scratch;
  const Arguments synchronized{"--set", "training.batch_statistics=synchronized"};
  const Ending ending = mpirun(4, train(scratch / "run", 4, synchronized));
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  CHECK(times("4 processes; normalisation: batch, by the statistics of the whole batch", ending.out) == 1);
  REQUIRE(mpirun(4, train(scratch / "again", 4, synchronized)).code == 0);
  check_equal_runs(scratch / "run", scratch / "again");
  CHECK_FALSE(same(scratch / "run" / "metrics.jsonl", alone() / "metrics.jsonl"));
  const Ending refused = mpirun(2, train(scratch / "refused", 4, synchronized));
  CHECK(refused.code != 0);
  only_line(
      "saccade train: training: with batch_statistics synchronized each of the 4 parts needs a process of its own, "
      "but there are 2",
      refused.err);
}

TEST_CASE("a killed process ends the others, and --resume goes on with another number of them", "[mpi]") {
  const ScratchFolder scratch;
  const auto out = scratch / "run";
  const Arguments options{"--checkpoint-every", "1", "--resume"};
  for (const int signal : {SIGKILL, SIGINT}) {
    const auto before = std::filesystem::exists(out / "checkpoint.safetensors")
                            ? std::filesystem::last_write_time(out / "checkpoint.safetensors")
                            : std::filesystem::file_time_type::min();
    const auto has_written = [&](const std::filesystem::path& path) {
      return std::filesystem::exists(path) && std::filesystem::last_write_time(path) > before;
    };
    Process process(SACCADE_MPIRUN, anywhere + ranks(2) + train(out, 8, options));
    std::vector<pid_t> children;
    REQUIRE(process.runs_until([&] {
      children = children_of(process.id());
      return children.size() == 2 && has_written(out / "checkpoint.safetensors");
    }));
    const auto start = std::chrono::steady_clock::now();
    ::kill(children[1], signal);
    const Ending ending = process.wait();
    const auto seconds = [&] {
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    INFO(ending.err);
    for (const pid_t child : children) {
      while (is_running(child) && seconds() < 30) std::this_thread::sleep_for(std::chrono::milliseconds(20));
      CHECK_FALSE(is_running(child));  // docs/distributed.md
    }
    INFO("after " << seconds() << " s");
    if (signal == SIGINT && ending.code != 0) {
      CHECK(ending.code == 130);
      CHECK(times("saccade train: interrupted in epoch ", ending.err) == 1);
    }
  }
  const Ending ending = mpirun(4, train(out, 8, options));
  INFO(ending.err);
  REQUIRE(ending.code == 0);
  check_equal_runs(out, alone());
}

TEST_CASE("processes that do not belong together are refused by name", "[mpi]") {
  const ScratchFolder scratch;
  const auto with = [&](const Arguments& other) {
    return run(SACCADE_MPIRUN, anywhere + ranks(1) + train(scratch / "run", 1) + Arguments{":"} + ranks(1) + other);
  };
  const Ending config = with(train(scratch / "run", 1, {"--set", "training.decay=0.5"}));
  CHECK(config.code == 2);
  CHECK_THAT(only_line("saccade train: ", config.err),
             contains("process 1 of 2 has another configuration than process 0: training.decay is 0.5, not 0.95"));
  copy_data(scratch / "data");
  std::filesystem::copy_file(images_below(scratch / "data")[0], images_below(scratch / "data")[1],
                             std::filesystem::copy_options::overwrite_existing);
  const Ending data = with(train(scratch / "run", 1, {}, scratch / "data"));
  CHECK(data.code == 2);
  CHECK_THAT(only_line("saccade train: ", data.err),
             contains("has another data set than process 0: data.fingerprint.train is "));
  // A program with one byte behind its end does the same, and is another one.
  std::filesystem::copy_file(path_of("saccade"), scratch / "saccade");
  std::ofstream(scratch / "saccade", std::ios::app) << '.';
  Arguments other = train(scratch / "run", 1);
  other[0] = (scratch / "saccade").string();
  const Ending binary = with(other);
  CHECK(binary.code == 2);
  CHECK_THAT(only_line("saccade train: ", binary.err),
             contains("process 1 of 2 has another program than process 0 (CRC-32C "));
  const Ending many = mpirun(3, Arguments{path_of("saccade"), "train"} +
                                    training(scratch / "run", 1, {"--set", "training.parts=2", "--threads", "1"}));
  CHECK(many.code == 2);
  CHECK_THAT(only_line("saccade train: ", many.err),
             contains("training: 3 processes cannot share a batch in 2 parts; set training.parts to 3"));
  CHECK_FALSE(std::filesystem::exists(scratch / "run/checkpoint.safetensors"));
}

TEST_CASE("a bad image and a full disk of one process end all with one sentence", "[mpi]") {
  const ScratchFolder scratch;
  copy_data(scratch / "data");
  std::ofstream(images_below(scratch / "data")[5], std::ios::trunc) << "no image";
  const Ending bad = mpirun(4, train(scratch / "bad", 2, {"--split", "all"}, scratch / "data"));
  CHECK(bad.code == 1);
  CHECK_THAT(only_line("saccade train: \"", bad.err), contains("not a PNG or JPEG image"));
  // What cannot be written over, as on a full disk.
  std::filesystem::create_directories(scratch / "full/best.safetensors");
  const Ending full = mpirun(2, train(scratch / "full", 2));
  CHECK(full.code == 1);
  CHECK_THAT(only_line("saccade train: \"", full.err), contains("best.safetensors"));
}

TEST_CASE("other launchers, and subcommands that work in one process, are told apart", "[mpi]") {
  const auto with = [](const Arguments& variables, const Arguments& command) {
    return run("/usr/bin/env", variables + Arguments{no_leaks, path_of("saccade")} + command);
  };
  const Arguments evaluate{"evaluate", "--data", tiny_data(), "--checkpoint", "x", "--out", "y"};
  const Ending torchrun = with({"RANK=0", "WORLD_SIZE=4", "LOCAL_RANK=0"}, evaluate);
  CHECK(torchrun.code == 2);
  CHECK_THAT(torchrun.err,
             contains("torchrun (WORLD_SIZE) has started 4 processes, but saccade speaks to others by MPI "
                      "alone: start it with mpirun -np 4, or with srun --mpi=pmix"));
  const Ending slurm = with({"SLURM_PROCID=0", "SLURM_STEP_NUM_TASKS=2"}, evaluate);
  CHECK(slurm.code == 2);
  CHECK_THAT(slurm.err, contains("srun (SLURM_STEP_NUM_TASKS) has started 2 processes, but MPI knows of 1"));
  const Ending one = with({"RANK=0", "WORLD_SIZE=1"}, {"data", "--data", tiny_data()});
  CHECK(one.code == 0);
  const Ending two = mpirun(2, {path_of("saccade"), "data", "--data", tiny_data()});
  CHECK(two.code == 2);
  CHECK_THAT(two.err, contains("saccade data: mpirun (OMPI_COMM_WORLD_SIZE) has started 2 processes, but saccade data "
                               "works in one"));
}
