#pragma once

#include <filesystem>

#include <nlohmann/json.hpp>

#include "tiny_run.hpp"

namespace programs {

/// What a JSON file holds, its members in alphabetical order.
inline nlohmann::json json_of(const std::filesystem::path& file) { return nlohmann::json::parse(text(file)); }

}  // namespace programs
