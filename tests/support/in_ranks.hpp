#pragma once

#include <saccade/core/process_group.hpp>
#include <saccade/core/thread_communicator.hpp>

#include <cstddef>
#include <exception>
#include <string>
#include <thread>
#include <vector>

namespace saccade_test {

/// A check within a thread, where Catch's are not safe: `in_ranks` tells what failed.
inline void expect(bool condition, const std::string& what) {
  if (!condition) throw saccade::Error("not so: " + what);
}

/// Calls work(group) in as many threads as there are ranks. What one throws, as it reads; empty where it throws
/// nothing. A thread that throws what the others do not know of aborts the group.
template <class Work>
std::vector<std::string> in_ranks(saccade::Index ranks, const Work& work) {
  saccade::ThreadMeeting meeting(ranks);
  std::vector<std::string> sentences(static_cast<std::size_t>(ranks));
  std::vector<std::thread> threads;
  for (saccade::Index rank = 0; rank < ranks; ++rank) {
    threads.emplace_back([&, rank] {
      std::string& sentence = sentences[static_cast<std::size_t>(rank)];
      saccade::ThreadCommunicator communicator(meeting, rank);
      try {
        work(saccade::ProcessGroup(communicator));
      } catch (const saccade::PeerError& error) {
        sentence = "peer: " + std::string(error.what());
        meeting.abort(error.what());
      } catch (const std::exception& error) {
        sentence = error.what();
        meeting.abort(error.what());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return sentences;
}

}  // namespace saccade_test
