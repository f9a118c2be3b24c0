// expect: ok
#include <saccade/testing.hpp>

#include <cstdio>

// The program that docs/testing.md shows.
int main() {
  using B = saccade::ReferenceBackend<float>;
  bool passed = true;
  for (const auto& c : saccade::testing::conformance_cases<B>([] { return B(); })) {
    const auto report = c.run();
    if (!report.passed()) std::printf("%s: %s\n", c.name.c_str(), report.message().c_str());
    passed = passed && report.passed();
  }
  return passed ? 0 : 1;
}
