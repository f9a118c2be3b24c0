#include "everything.hpp"

// Something of the library that both translation units hold: one entity, so one address.
const void* address_in_first() {
  const auto shape_to_string = static_cast<std::string (*)(const saccade::Shape&)>(saccade::to_string);
  return reinterpret_cast<const void*>(shape_to_string);
}
