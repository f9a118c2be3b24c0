#pragma once

#include <chrono>
#include <csignal>
#include <filesystem>
#include <random>
#include <thread>

#include "support/catch.hpp"
#include "tiny_run.hpp"

namespace programs {

/// Whether two runs have written the same bytes.
inline void check_equal_runs(const std::filesystem::path& one, const std::filesystem::path& two) {
  for (const char* file : {"metrics.jsonl", "checkpoint.safetensors", "best.safetensors", "config.json"}) {
    INFO(file);
    CHECK(same(one / file, two / file));
  }
}

/// Starts saccade train so many times, each killed after a random pause of `least` to `most` milliseconds, and then
/// lets it come to its end.
/// @param arguments  with --resume
inline void train_through_kills(const Arguments& arguments, int kills, int least, int most) {
  std::mt19937 random(std::random_device{}());
  std::uniform_int_distribution<int> milliseconds(least, most);
  for (int attempt = 0; attempt < kills; ++attempt) {
    Process process("saccade train", arguments);
    const int pause = milliseconds(random);
    INFO("killed after " << pause << " ms");
    std::this_thread::sleep_for(std::chrono::milliseconds(pause));
    process.send(SIGKILL);
    const Ending ending = process.wait();
    INFO(ending.err);
    REQUIRE((ending.code == 128 + SIGKILL || ending.code == 0));
  }
  const Ending ending = run("saccade train", arguments);
  INFO(ending.err);
  REQUIRE(ending.code == 0);
}

}  // namespace programs
