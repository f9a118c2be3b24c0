#include <saccade/math/bilinear.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

using namespace saccade;

namespace {

/// One row stretched to `out` pixels.
std::vector<double> stretch(const std::vector<double>& row, Corners corners, Index out) {
  const Index in = static_cast<Index>(row.size());
  const auto map = math::bilinear_map(corners, in, out);
  std::vector<double> result;
  for (Index o = 0; o < out; ++o) {
    const auto taps = math::bilinear_taps<double>(map, in, o);
    result.push_back(taps.weight0 * row[static_cast<std::size_t>(taps.index0)] +
                     taps.weight1 * row[static_cast<std::size_t>(taps.index1)]);
  }
  return result;
}

/// The source position as PyTorch states it, in floating point.
double pytorch_source(Corners corners, Index in, Index out, Index o) {
  const double i = static_cast<double>(in), n = static_cast<double>(out), x = static_cast<double>(o);
  if (corners == Corners::aligned) return out > 1 ? x * (i - 1) / (n - 1) : 0.0;
  return std::max(0.0, (x + 0.5) * i / n - 0.5);
}

}  // namespace

TEST_CASE("rows stretched and shrunk by hand", "[bilinear]") {
  CHECK(stretch({0, 6}, Corners::aligned, 4) == std::vector<double>{0, 2, 4, 6});
  CHECK(stretch({0, 6}, Corners::half_pixel, 4) == std::vector<double>{0, 1.5, 4.5, 6});
  CHECK(stretch({0, 1, 2, 3}, Corners::aligned, 2) == std::vector<double>{0, 3});
  CHECK(stretch({0, 1, 2, 3}, Corners::half_pixel, 2) == std::vector<double>{0.5, 2.5});
  CHECK(stretch({4, 8, 9}, Corners::half_pixel, 3) == std::vector<double>{4, 8, 9});
  CHECK(stretch({5}, Corners::aligned, 3) == std::vector<double>{5, 5, 5});
  CHECK(stretch({5}, Corners::half_pixel, 3) == std::vector<double>{5, 5, 5});
  CHECK(stretch({2, 4, 9}, Corners::aligned, 1) == std::vector<double>{2});
  CHECK(stretch({2, 4, 9}, Corners::half_pixel, 1) == std::vector<double>{4});
}

TEST_CASE("the value between four neighbours", "[bilinear]") {
  const math::BilinearTaps<double, Index> row{0, 1, 0.75, 0.25}, column{0, 1, 0.5, 0.5};
  CHECK(math::bilinear(row, column, 0.0, 2.0, 4.0, 6.0) == 2.0);  // 0.75 * 1 + 0.25 * 5
}

TEST_CASE("taps stand at PyTorch's source positions, inside the image, with weights that sum to 1", "[bilinear]") {
  for (const Corners corners : {Corners::aligned, Corners::half_pixel}) {
    for (Index in = 1; in <= 24; ++in) {
      for (Index out = 1; out <= 48; ++out) {
        const auto map = math::bilinear_map(corners, in, out);
        double worst = 0;
        bool sound = true;
        for (Index o = 0; o < out; ++o) {
          const auto taps = math::bilinear_taps<double>(map, in, o);
          const double source = pytorch_source(corners, in, out, o);
          // The weight of the next pixel counts nothing where there is none.
          const double position =
              std::min(static_cast<double>(taps.index0) + taps.weight1, static_cast<double>(in - 1));
          worst = std::max(worst, std::abs(position - std::min(source, static_cast<double>(in - 1))));
          sound = sound && taps.index0 >= 0 && taps.index1 == std::min(taps.index0 + 1, in - 1) && taps.weight0 >= 0 &&
                  taps.weight1 >= 0 && taps.weight0 + taps.weight1 == 1.0;
        }
        INFO("in " << in << " out " << out);
        CHECK(sound);
        CHECK(worst < 1e-12);
      }
    }
  }
}

TEST_CASE("the readers of a pixel are exactly the outputs that read it", "[bilinear]") {
  for (const Corners corners : {Corners::aligned, Corners::half_pixel}) {
    for (std::int32_t in = 1; in <= 24; ++in) {
      for (std::int32_t out = 1; out <= 48; ++out) {
        const auto map = math::bilinear_map(corners, in, out);
        // The matrix of the map, written down by scattering.
        std::vector<double> matrix(static_cast<std::size_t>(in * out));  // (out, in)
        for (std::int32_t o = 0; o < out; ++o) {
          const auto taps = math::bilinear_taps<double>(map, in, o);
          matrix[static_cast<std::size_t>(o * in + taps.index0)] += taps.weight0;
          matrix[static_cast<std::size_t>(o * in + taps.index1)] += taps.weight1;
        }
        bool exact = true;
        for (std::int32_t i = 0; i < in; ++i) {
          const auto readers = math::bilinear_readers(map, in, out, i);
          for (std::int32_t o = 0; o < out; ++o) {
            const double weight = matrix[static_cast<std::size_t>(o * in + i)];
            const bool listed = o >= readers.first && o <= readers.last;
            const double gathered = listed ? math::bilinear_weight(math::bilinear_taps<double>(map, in, o), i) : 0.0;
            exact = exact && listed == (weight != 0.0) && gathered == weight;
          }
          exact = exact && readers.first >= 0 && readers.last < out;
        }
        INFO("in " << in << " out " << out);
        CHECK(exact);
      }
    }
  }
}
