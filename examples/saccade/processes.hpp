#pragma once

#include <saccade/core/process_group.hpp>

#include <streambuf>
#include <string>

namespace program {

/// Who started this process, and as one of how many.
struct Launch {
  std::string by;            ///< "mpirun (OMPI_COMM_WORLD_SIZE)"; empty where nobody started several
  saccade::Index count = 1;  ///< 0: it does not say
  bool speaks_mpi = true;
};

/// What the environment says: Open MPI's mpirun, MPICH's, Slurm's srun, torchrun.
/// @param value  of an environment variable; null where it is not set
template <class Environment>
[[nodiscard]] Launch find_launch(const Environment& value) {
  const auto number = [&](const char* name) -> saccade::Index {
    const char* const text = value(name);
    saccade::Index count = 0;
    for (const char* digit = text; digit && *digit; ++digit) {
      if (*digit < '0' || *digit > '9' || count > 1000000) return 0;
      count = 10 * count + (*digit - '0');
    }
    return count;
  };
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"})
    if (value(name)) return {"mpirun (" + std::string(name) + ")", number(name)};
  if (value("SLURM_STEP_NUM_TASKS") && value("SLURM_PROCID"))
    return {"srun (SLURM_STEP_NUM_TASKS)", number("SLURM_STEP_NUM_TASKS")};
  if (value("PMIX_RANK")) return {"a launcher by PMIx (PMIX_RANK)", 0};
  if (value("WORLD_SIZE") && value("RANK")) return {"torchrun (WORLD_SIZE)", number("WORLD_SIZE"), false};
  return {};
}

/// This process among those that a launcher has started to do one task together. One by itself has nothing to do with
/// MPI. Only the leader has a standard output, and an error output, while this lives.
class Processes {
 public:
  /// @throws saccade::Error where several were started that cannot speak to each other, or not by the same program
  Processes();
  ~Processes();
  Processes(const Processes&) = delete;
  Processes& operator=(const Processes&) = delete;

  [[nodiscard]] const saccade::ProcessGroup& group() const { return group_; }

  /// Calls work(group), which returns the exit code. What one process throws ends all of them.
  template <class Work>
  int run(const Work& work) const {
    int code = 0;
    group_.together([&] { code = work(group_); });
    return code;
  }

 private:
  /// Takes what is written to it, and keeps nothing.
  struct Nowhere : std::streambuf {
    int overflow(int c) override { return traits_type::not_eof(c); }
    std::streamsize xsputn(const char*, std::streamsize count) override { return count; }
  };

  saccade::ProcessGroup group_;
  Nowhere nowhere_;
  std::streambuf* out_ = nullptr;  ///< where they were, where they go nowhere
  std::streambuf* err_ = nullptr;
};

/// @throws saccade::ConfigError where a launcher has started several processes of a subcommand that works in one
void expect_one_process(const std::string& name);

}  // namespace program
