#include "everything.hpp"

const void* address_in_first();

int main() {
  const auto shape_to_string = static_cast<std::string (*)(const saccade::Shape&)>(saccade::to_string);
  return address_in_first() == reinterpret_cast<const void*>(shape_to_string) ? 0 : 1;
}
