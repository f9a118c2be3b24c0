// A group of the one process that this is.
#include <saccade/core/process_group.hpp>
#include <saccade/mpi.hpp>

int main() {
  const saccade::MpiSession session;
  saccade::MpiCommunicator communicator;
  const saccade::ProcessGroup group(communicator);
  return group.size() == 1 && group.leads() && group.together([] {}).size() == 1 ? 0 : 1;
}
