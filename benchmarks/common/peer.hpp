#pragma once

#include <nlohmann/json.hpp>

#include <algorithm>
#include <ctime>
#include <functional>
#include <iostream>
#include <string>

#include "machine.hpp"
#include "sample.hpp"

/// The protocol of benchmarks/compare.py: one process for one case of one peer, so that peaks of memory do not
/// mix, and measured line by line, so that peers take turns.
namespace bench {

/// Prepares and warms up with `work`, says {"ready": true, ...} with `about`, then answers every line of stdin with
/// {"seconds": ..., "processor_seconds": ...} of one call, the latter of all threads, and the end of stdin with
/// {"peak_bytes": ..., "start_bytes": ...}. A measurement repeats `work` for at least `least` seconds.
///
/// @param start  bytes resident before the case was made
inline void serve(const std::function<void()>& work, nlohmann::ordered_json about, double start, double least = 0.05) {
  work();
  const double once = seconds_of(work);
  const int calls = std::max(1, static_cast<int>(least / std::max(once, 1e-7)));
  about["ready"] = true;
  about["calls"] = calls;
  std::cout << about.dump() << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    const std::clock_t before = std::clock();
    const double seconds = seconds_of([&] {
      for (int call = 0; call < calls; ++call) work();
    });
    const double processor = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
    std::cout << nlohmann::ordered_json{{"seconds", seconds / calls}, {"processor_seconds", processor / calls}}.dump()
              << std::endl;
  }
  std::cout << nlohmann::ordered_json{{"peak_bytes", peak_memory()}, {"start_bytes", start}}.dump() << std::endl;
}

}  // namespace bench
