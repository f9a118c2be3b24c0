// Starts NCCL, or says why it cannot.
#include <saccade/nccl.hpp>

#include <string>

int main() {
  try {
    static_cast<void>(saccade::make_nccl_id());
  } catch (const saccade::Error& error) {
    return std::string(error.what()).find("nccl: cannot start: no GPU is there") != std::string::npos ? 0 : 1;
  }
}
