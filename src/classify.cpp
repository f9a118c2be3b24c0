#include "for_the_library.hpp"

#include <saccade/classify.inl>
