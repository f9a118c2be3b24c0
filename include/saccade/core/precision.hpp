#pragma once

#include <saccade/core/config.hpp>

#include <string>

namespace saccade::inline SACCADE_VERSION_NAMESPACE {

/// How many significant bits a backend keeps of the numbers that convolutions and products of matrices multiply; sums
/// are in single precision. A backend refuses what it does not have.
///
/// * single: 24, as they are
/// * tf32: 11, with the range of a float; numbers in memory keep their 24
/// * bf16: 8, with the range of a float
enum class Precision { single, tf32, bf16 };

/// "fp32", "tf32" or "bf16".
[[nodiscard]] inline std::string name(Precision precision) {
  switch (precision) {
    case Precision::tf32:
      return "tf32";
    case Precision::bf16:
      return "bf16";
    case Precision::single:
      break;
  }
  return "fp32";
}

}  // namespace saccade
