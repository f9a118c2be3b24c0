#include <saccade/saccade.hpp>

int main() { return saccade::to_string(saccade::Shape{2, 3}) == "(2, 3)" ? 0 : 1; }
