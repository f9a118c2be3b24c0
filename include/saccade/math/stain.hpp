#pragma once

#include <saccade/core/config.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace saccade::inline SACCADE_NAMESPACE::math {

using Vector3 = std::array<double, 3>;
using Matrix3 = std::array<Vector3, 3>;

/// How much light of each colour a stain takes away, as unit vectors of optical density (red, green, blue):
/// haematoxylin, eosin, and what is left, at right angles to both. Source: Ruifrok and Johnston, "Quantification of
/// histochemical staining by color deconvolution", 2001, table 1.
[[nodiscard]] inline Matrix3 stain_vectors() {
  const auto unit = [](const Vector3& v) {
    const double length = std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
    return Vector3{v[0] / length, v[1] / length, v[2] / length};
  };
  const Vector3 h = unit({0.65, 0.70, 0.29}), e = unit({0.07, 0.99, 0.11});
  return {h, e, unit({h[1] * e[2] - h[2] * e[1], h[2] * e[0] - h[0] * e[2], h[0] * e[1] - h[1] * e[0]})};
}

/// Inverse of a matrix that has one, by its cofactors.
[[nodiscard]] SACCADE_HOST_DEVICE constexpr Matrix3 inverse(const Matrix3& m) {
  Matrix3 result{};
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      const std::size_t i1 = (i + 1) % 3, i2 = (i + 2) % 3, j1 = (j + 1) % 3, j2 = (j + 2) % 3;
      result[j][i] = m[i1][j1] * m[i2][j2] - m[i1][j2] * m[i2][j1];
    }
  }
  const double determinant = m[0][0] * result[0][0] + m[0][1] * result[1][0] + m[0][2] * result[2][0];
  for (Vector3& row : result)
    for (double& value : row) value /= determinant;
  return result;
}

/// Another strength of each stain: its concentration c becomes scale * c + shift.
struct StainChange {
  Vector3 scale{1, 1, 1};  ///< of haematoxylin, eosin, and what is left
  Vector3 shift{0, 0, 0};
};

/// What a change of the stains does to optical densities: d' = d matrix + offset, for a row (red, green, blue).
struct StainMap {
  Matrix3 matrix{};
  Vector3 offset{};

  /// With the stain vectors M as rows, d = c M; so matrix = M^-1 diag(scale) M and offset = shift M.
  explicit StainMap(const StainChange& change) {
    const Matrix3 stains = stain_vectors(), unmix = inverse(stains);
    for (std::size_t j = 0; j < 3; ++j) {
      for (std::size_t k = 0; k < 3; ++k) {
        offset[j] += change.shift[k] * stains[k][j];
        for (std::size_t i = 0; i < 3; ++i) matrix[i][j] += unmix[i][k] * change.scale[k] * stains[k][j];
      }
    }
  }

  [[nodiscard]] Vector3 operator()(const Vector3& density) const {
    Vector3 result = offset;
    for (std::size_t i = 0; i < 3; ++i)
      for (std::size_t j = 0; j < 3; ++j) result[j] += density[i] * matrix[i][j];
    return result;
  }
};

/// Optical density of an 8-bit value: -ln((value + 1) / 256), from 0 (white) to 5.55 (black).
[[nodiscard]] SACCADE_HOST_DEVICE inline double optical_density(std::uint8_t value) {
  return -std::log((static_cast<double>(value) + 1.0) / 256.0);
}

/// The value of an optical density, rounded, from 0 to 255: the inverse of the above.
[[nodiscard]] SACCADE_HOST_DEVICE inline std::uint8_t transmitted(double density) {
  const double value = 256.0 * std::exp(-density) - 1.0;
  return static_cast<std::uint8_t>(value <= 0.0 ? 0.0 : value >= 255.0 ? 255.0 : value + 0.5);
}

}  // namespace saccade::math
