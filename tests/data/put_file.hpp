#pragma once

#include <saccade/core/file.hpp>

#include "support/scratch_folder.hpp"

#include <filesystem>
#include <string>

namespace saccade_test {

/// Writes a file, and the folders that it stands in.
inline void put_file(const ScratchFolder& folder, const std::filesystem::path& path, const std::string& content = "") {
  saccade::create_folders((folder / path).parent_path());
  saccade::write_file(folder / path, content);
}

}  // namespace saccade_test
