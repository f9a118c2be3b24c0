#include "for_the_library.hpp"

#include <saccade/data/image_decode.inl>
