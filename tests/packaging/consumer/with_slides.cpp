// Opens a file that is no slide.
#include <saccade/slides.hpp>

#include <cstdio>
#include <string>

int main() {
  try {
    const saccade::slides::OpenSlideImage slide("CMakeCache.txt");
  } catch (const saccade::FileError& error) {
    return std::string(error.what()).find("no slide") != std::string::npos ||
                   std::string(error.what()).find("cannot be read") != std::string::npos
               ? 0
               : 1;
  }
  std::puts("a text was taken for a slide");
  return 1;
}
