// expect: Saccade must see numbers that are not finite: behind -ffast-math or -Ofast add -fno-finite-math-only
// flags: -ffast-math
#include <saccade/core/shape.hpp>

int main() {}
