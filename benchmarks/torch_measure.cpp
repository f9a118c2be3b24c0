// PyTorch's headers come first: they are not made for what others include before them.
#include "torch_backend.hpp"

#include "common/measurement.hpp"
#include "common/model_network.hpp"

#include <exception>
#include <iostream>
#include <memory>
#include <string>

/// The measuring process of attention_benchmark for the backend over libtorch: answers `--measure CASE`.
namespace {

std::unique_ptr<bench::Network> make_torch_network(const bench::NetworkSpec& spec, int threads) {
  using B = torch_example::TorchBackend<float>;
  return std::make_unique<bench::ModelNetwork<B>>(std::make_unique<B>(threads), spec);
}

}  // namespace

int main(int argc, char* argv[]) {
  if (argc != 3 || std::string(argv[1]) != "--measure") {
    std::cerr << "torch_measure: is run by attention_benchmark --backend torch\n";
    return 2;
  }
  try {
    std::cout << bench::answer_measure(argv[2], {{"torch", make_torch_network}}).dump() << '\n';
  } catch (const std::exception& error) {
    std::cerr << "torch_measure: " << error.what() << '\n';
    return 1;
  }
}
