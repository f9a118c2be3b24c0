// Runs every case of the conformance kit on the backend, in single and double precision, and prints each.
#include <saccade/testing.hpp>

#include "torch_backend.hpp"

#include <cstdio>

namespace {

constexpr int threads = 2;

/// Prints every case; the number of those that failed.
template <class Scalar>
int check(const char* precision) {
  using Backend = torch_example::TorchBackend<Scalar>;
  int cases = 0, failed = 0;
  for (const auto& c : saccade::testing::conformance_cases<Backend>([] { return Backend(threads); })) {
    const saccade::testing::Report report = c.run();
    std::printf("%s  %s: %s\n", report.passed() ? "ok    " : "FAILED", precision, c.name.c_str());
    if (!report.passed()) std::printf("        %s\n", report.message().c_str());
    ++cases;
    if (!report.passed()) ++failed;
  }
  std::printf("%s: %d of %d cases passed\n", precision, cases - failed, cases);
  return failed;
}

}  // namespace

int main() {
  const int failed = check<float>("float") + check<double>("double");
  return failed == 0 ? 0 : 1;
}
