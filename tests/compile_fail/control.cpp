// expect: ok
#include <saccade/saccade.hpp>

int main() { return saccade::to_string(saccade::Shape{2, 3}).empty() ? 1 : 0; }
