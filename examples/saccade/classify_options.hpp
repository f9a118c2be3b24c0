#pragma once

#include <filesystem>

#include "common/backend_choice.hpp"
#include "common/image_inputs.hpp"

namespace program {

enum class AnswerFormat { text, json_lines, csv };

struct ClassifyOptions {
  ImageInputs images;
  BackendChoice backend;
  std::filesystem::path checkpoint;
  AnswerFormat format = AnswerFormat::text;
};

}  // namespace program
