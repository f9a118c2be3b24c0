#include "for_the_library.hpp"

#include <saccade/model/config_json.inl>
