// expect: ok
// flags: -ffast-math -fno-finite-math-only
#include <saccade/core/shape.hpp>

int main() {}
