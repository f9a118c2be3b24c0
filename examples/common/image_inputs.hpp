#pragma once

#include <saccade/core/slide_resolution.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace program {

/// Images as a command line names them.
struct ImageInputs {
  std::vector<std::string> names;            ///< of files and folders; "-" for names on standard input, one a line
  std::vector<std::filesystem::path> lists;  ///< files that hold names of files and folders, one a line
  saccade::SlideResolution resolution{};     ///< of whole slides; not given: that of the training

  [[nodiscard]] bool empty() const { return names.empty() && lists.empty(); }
};

}  // namespace program
