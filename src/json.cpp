#include "for_the_library.hpp"

#include <saccade/model/json.inl>
