#pragma once

#include <saccade/ops/glimpse.hpp>
#include <saccade/testing/suite.hpp>

#include <array>
#include <memory>

namespace saccade::inline SACCADE_NAMESPACE::testing {

namespace detail {
/// An image as it is to be looked at.
struct Picture {
  RgbImage image;
  Symmetry symmetry = Symmetry::identity;
};

/// A batch of pictures in the hands of a backend; they have to outlive it, for the backend may read their pixels in
/// place. A move would leave the pointers behind.
template <class B>
class PictureBatch {
 public:
  PictureBatch(const PictureBatch&) = delete;
  PictureBatch& operator=(const PictureBatch&) = delete;

  PictureBatch(B&, const std::vector<Picture>&&) = delete;
  PictureBatch(B& b, const std::vector<Picture>& pictures) {
    images_.reserve(pictures.size());
    for (const Picture& picture : pictures) {
      images_.push_back(ops::make_image(b, picture.image.view()));
      oriented_.push_back({&images_.back(), picture.symmetry});
    }
  }

  [[nodiscard]] ImageBatch<B> view() const { return oriented_; }

 private:
  std::vector<Image<B>> images_;
  std::vector<OrientedImage<B>> oriented_;
};

/// Pixels hold their own place: red is the column, green the row, blue their sum.
[[nodiscard]] inline RgbImage map_image(Index width, Index height) {
  RgbImage image(width, height);
  for (Index y = 0; y < height; ++y) {
    for (Index x = 0; x < width; ++x) {
      image.at(x, y)[0] = static_cast<std::uint8_t>(x);
      image.at(x, y)[1] = static_cast<std::uint8_t>(y);
      image.at(x, y)[2] = static_cast<std::uint8_t>(x + y);
    }
  }
  return image;
}

/// A geometry that delivers the bytes as they are, to a rounding error.
[[nodiscard]] inline GlimpseGeometry raw_pixels(Index side, Index scales, Border border) {
  const float unit = 1.0f / 255.0f;
  return {.side = side, .scales = scales, .border = border, .mean = {0, 0, 0}, .deviation = {unit, unit, unit}};
}

/// Mirrored left to right, at the diagonal, and both, one after the other: enough to build all eight symmetries.
[[nodiscard]] inline RgbImage flipped(const RgbImage& source) {
  RgbImage result(source.width, source.height);
  for (Index y = 0; y < source.height; ++y) {
    for (Index x = 0; x < source.width; ++x) {
      std::copy_n(source.at(source.width - 1 - x, y), 3, result.at(x, y));
    }
  }
  return result;
}
[[nodiscard]] inline RgbImage transposed(const RgbImage& source) {
  RgbImage result(source.height, source.width);
  for (Index y = 0; y < source.width; ++y) {
    for (Index x = 0; x < source.height; ++x) std::copy_n(source.at(y, x), 3, result.at(x, y));
  }
  return result;
}
[[nodiscard]] inline RgbImage seen_through(Symmetry symmetry, const RgbImage& source) {
  // Turning by 90 degrees clockwise makes columns into rows and then exchanges left and right.
  const auto turned = [](const RgbImage& image) { return flipped(transposed(image)); };
  switch (symmetry) {
    case Symmetry::rotate_90:
      return turned(source);
    case Symmetry::rotate_180:
      return turned(turned(source));
    case Symmetry::rotate_270:
      return turned(turned(turned(source)));
    case Symmetry::flip_horizontal:
      return flipped(source);
    case Symmetry::flip_vertical:
      return turned(turned(flipped(source)));
    case Symmetry::transpose:
      return transposed(source);
    case Symmetry::anti_transpose:
      return turned(turned(transposed(source)));
    case Symmetry::identity:
      break;
  }
  return source;
}

/// The patches (B, g, g, S*3) of `pictures` at `location`, (B, 2), or (B, 3) with a zoom.
template <class B>
[[nodiscard]] std::vector<double> crop(B& b, const std::vector<Picture>& pictures, const std::vector<double>& location,
                                       const GlimpseGeometry& geometry) {
  const Index batch = static_cast<Index>(pictures.size());
  const PictureBatch<B> images(b, pictures);
  const Tensor<B> at = make_tensor_of(b, {batch, geometry.location_size()}, location);
  Tensor<B> patches = b.zeros(ops::glimpse_shape(batch, geometry));
  b.fill(std::numeric_limits<Scalar<B>>::quiet_NaN(), patches);
  ops::crop_glimpses(b, images.view(), at, geometry, patches);
  return values_of(b, patches);
}

/// On, near, across and far beyond the border; whole, half and odd positions.
inline const std::vector<double> locations = {0,        0,       -1,    -1,    1,     1,     -1,   1,       1,
                                              -1,       0.5,     -0.25, 0.375, 0.875, -3,    0.5,  0,       2.5,
                                              -0.96875, 0.03125, 100,   -100,  1.125, 0.875, -0.5, 0.984375};

/// `locations`, each with one of `zooms` zooms, or with a number that stands for one.
[[nodiscard]] inline std::vector<double> zoomed_locations(Index zooms) {
  std::vector<double> result;
  for (std::size_t i = 0; i < locations.size(); i += 2) {
    const double zoom = static_cast<double>(i / 2 % static_cast<std::size_t>(zooms));
    result.insert(result.end(), {locations[i], locations[i + 1], i == 4 ? 1e9 : i == 8 ? -1 : zoom});
  }
  return result;
}

template <class B, class R>
[[nodiscard]] Problems<B, R> crop_problems() {
  const Index batch = static_cast<Index>(locations.size()) / 2;
  Problems<B, R> problems;
  for (const Border border : {Border::inside, Border::zero}) {
    for (const auto& [side, scales, zooms] :
         {std::array<Index, 3>{1, 1, 1}, {7, 1, 1}, {8, 2, 1}, {5, 3, 1}, {8, 1, 3}, {5, 2, 2}}) {
      const GlimpseGeometry geometry{.side = side,
                                     .scales = scales,
                                     .zooms = zooms,
                                     .border = border,
                                     .mean = {0.75f, 0.5f, 0.25f},
                                     .deviation = {0.25f, 0.5f, 0.125f}};
      // Wide and tall like a slide and its turned twin, exactly as large as the glimpse, square, and a line.
      auto pictures = std::make_shared<std::vector<Picture>>();
      for (Index i = 0; i < batch; ++i) {
        const Index width = i % 4 == 0 ? 70 : i % 4 == 1 ? 46 : i % 4 == 2 ? side : 23;
        const Index height = i % 4 == 0 ? 46 : i % 4 == 1 ? 70 : i % 4 == 2 ? side + i : 23;
        pictures->push_back(
            {random_image("picture " + std::to_string(i), width, height), static_cast<Symmetry>(i % symmetry_count)});
      }
      problems.add(
          {{"location", {batch, geometry.location_size()}, zooms > 1 ? zoomed_locations(zooms) : locations}},
          {{"patches", ops::glimpse_shape(batch, geometry)}}, 1,
          [pictures, geometry]<class Any>(Any& b, const Inputs<Any>& in, const Outputs<Any>& out, const Writes&) {
            const PictureBatch<Any> images(b, *pictures);
            ops::crop_glimpses(b, images.view(), in[0], geometry, out[0]);
          });
    }
  }
  return problems;
}
}  // namespace detail

template <class B, class R>
void add_glimpse_cases(Suite<B, R>& suite) {
  suite.operation_with_setup("crop_glimpses", [] { return detail::crop_problems<B, R>(); });

  suite.add("crop_glimpses: places by hand", [](B& b, Report& report) {
    struct Place {
      Border border;
      double x, y;
      Index column, row;  ///< of the first pixel
    };
    // The image is 13 wide and 9 high, the glimpse 3: at (0, 0) it begins at 6.5 - 1.5 = 5 and 4.5 - 1.5 = 3.
    constexpr Index width = 13, height = 9, side = 3;
    for (const Place& place : std::vector<Place>{{Border::inside, 0, 0, 5, 3},
                                                 {Border::zero, 0, 0, 5, 3},
                                                 {Border::inside, -1, -1, 0, 0},
                                                 {Border::zero, -1, -1, -1, -1},
                                                 {Border::inside, 1, -1, 10, 0},
                                                 {Border::zero, 1, -1, 12, -1},
                                                 {Border::inside, -1, 1, 0, 6},
                                                 {Border::inside, 0.5, -0.5, 8, 1},
                                                 {Border::zero, -0.5, 0.5, 2, 5},
                                                 {Border::inside, 7, -7, 10, 0},
                                                 {Border::zero, 7, -7, 51, -28}}) {
      const std::vector<double> actual = detail::crop(b, {{detail::map_image(width, height)}}, {place.x, place.y},
                                                      detail::raw_pixels(side, 1, place.border));
      std::vector<double> expected;
      for (Index y = place.row; y < place.row + side; ++y) {
        for (Index x = place.column; x < place.column + side; ++x) {
          const bool inside = x >= 0 && x < width && y >= 0 && y < height;
          for (const Index value : {x, y, x + y}) expected.push_back(inside ? static_cast<double>(value) : 0.0);
        }
      }
      expect_values(report, "13 x 9 at (" + number_text(place.x) + ", " + number_text(place.y) + ")", "patches", actual,
                    expected, 1e-4);
    }
  });

  suite.add("crop_glimpses: scales by hand", [](B& b, Report& report) {
    // 12 x 8, centre (6, 4): scale 0 begins at (5, 3), scale 1 at (4, 2) and averages pairs.
    expect_values(report, "12 x 8", "patches",
                  detail::crop(b, {{detail::map_image(12, 8)}}, {0, 0}, detail::raw_pixels(2, 2, Border::inside)),
                  {5, 3, 8, 4.5, 2.5, 7, 6, 3, 9, 6.5, 2.5, 9, 5, 4, 9, 4.5, 4.5, 9, 6, 4, 10, 6.5, 4.5, 11}, 1e-4);
    // 3 x 2: the scale of 4 x 4 is wider and higher than the image, so it is centred: columns 0 to 3, rows -1 to 2.
    expect_values(report, "3 x 2, wider than the image", "patches",
                  detail::crop(b, {{detail::map_image(3, 2)}}, {1, -1}, detail::raw_pixels(2, 2, Border::inside)),
                  {1, 0, 1, 0.25, 0, 0.25, 2, 0, 2, 0.5, 0, 0.5, 1, 1, 2, 0.25, 0.5, 0.75, 2, 1, 3, 0.5, 0.25, 0.75},
                  1e-4);
  });

  suite.add("crop_glimpses: scales further apart by hand", [](B& b, Report& report) {
    // 12 x 8, centre (6, 4): scale 0 begins at (5, 3); scale 1 is 8 pixels wide, begins at (2, 0) and averages 4 x 4.
    GlimpseGeometry geometry = detail::raw_pixels(2, 2, Border::inside);
    geometry.scale_step = 4;
    expect_values(report, "12 x 8, four times as wide", "patches",
                  detail::crop(b, {{detail::map_image(12, 8)}}, {0, 0}, geometry),
                  {5, 3, 8, 3.5, 1.5, 5, 6, 3, 9, 7.5, 1.5, 9, 5, 4, 9, 3.5, 5.5, 9, 6, 4, 10, 7.5, 5.5, 13}, 1e-4);
    // Steps of four are every other one of steps of two.
    const std::vector<detail::Picture> pictures = {{random_image("steps", 70, 90)}};
    const auto every = detail::crop(b, pictures, {0.3, -0.2}, detail::raw_pixels(3, 5, Border::zero));
    geometry = detail::raw_pixels(3, 3, Border::zero);
    geometry.scale_step = 4;
    const auto apart = detail::crop(b, pictures, {0.3, -0.2}, geometry);
    std::vector<double> expected;
    for (std::size_t pixel = 0; pixel < 9; ++pixel)
      for (const std::size_t scale : {0u, 2u, 4u})
        for (std::size_t c = 0; c < 3; ++c) expected.push_back(static_cast<double>(every[15 * pixel + 3 * scale + c]));
    expect_values(report, "70 x 90", "patches", apart, expected, 1e-6);
  });

  suite.add("crop_glimpses: a zoom shows what as many scales further on show", [](B& b, Report& report) {
    // 12 x 8, centre (6, 4), a pixel of 4 x 4: the window of 8 pixels begins at (2, 0).
    GlimpseGeometry zoomed = detail::raw_pixels(2, 1, Border::inside);
    zoomed.scale_step = 4;
    zoomed.zooms = 2;
    const detail::Picture map{detail::map_image(12, 8)};
    expect_values(report, "12 x 8, zoom 0 and 1", "patches", detail::crop(b, {map, map}, {0, 0, 0, 0, 0, 1}, zoomed),
                  {5, 3, 8, 6, 3, 9, 5, 4, 9, 6, 4, 10, 3.5, 1.5, 5, 7.5, 1.5, 9, 3.5, 5.5, 9, 7.5, 5.5, 13}, 1e-4);
    // Each image of a batch has a zoom of its own.
    for (const Border border : {Border::inside, Border::zero}) {
      const RgbImage image = random_image("zooms", 70, 90);
      const GlimpseGeometry every = detail::raw_pixels(3, 5, border);
      GlimpseGeometry two = detail::raw_pixels(3, 2, border);
      two.zooms = 4;
      const std::vector<double> all = detail::crop(b, {{image, Symmetry::rotate_90}}, {0.3, -0.2}, every);
      std::vector<detail::Picture> pictures;
      std::vector<double> places, expected;
      for (const std::size_t zoom : {2u, 0u, 3u, 1u}) {
        pictures.push_back({image, Symmetry::rotate_90});
        places.insert(places.end(), {0.3, -0.2, static_cast<double>(zoom)});
        for (std::size_t pixel = 0; pixel < 9; ++pixel)
          for (std::size_t k = 0; k < 6; ++k) expected.push_back(all[15 * pixel + 3 * zoom + k]);
      }
      expect_values(report, "70 x 90, four zooms", "patches", detail::crop(b, pictures, places, two), expected, 1e-6);
    }
  });

  suite.add("crop_glimpses: normalisation by hand", [](B& b, Report& report) {
    RgbImage image(2, 1);
    for (Index c = 0; c < 3; ++c) image.at(1, 0)[c] = 255;
    const GlimpseGeometry geometry{
        .side = 1, .border = Border::zero, .mean = {0, 0.5f, 1}, .deviation = {1, 0.5f, 0.25f}};
    const std::vector<detail::Picture> pictures = {{image}, {image}, {image}};
    expect_values(report, "black, white and outside", "patches",
                  detail::crop(b, pictures, {-0.5, 0, 0.5, 0, 1.5, 0}, geometry), {0, -1, -4, 1, 1, 0, 0, 0, 0}, 1e-6);
  });

  suite.add("crop_glimpses: the eight symmetries show what a transformed image shows", [](B& b, Report& report) {
    const RgbImage image = random_image("symmetry", 31, 20);
    for (int i = 0; i < symmetry_count; ++i) {
      const Symmetry symmetry = static_cast<Symmetry>(i);
      const RgbImage transformed = detail::seen_through(symmetry, image);
      for (const Border border : {Border::inside, Border::zero}) {
        const GlimpseGeometry geometry{.side = 6, .scales = 2, .border = border};
        const std::vector<double> location = {0.25, -0.375, -1, 0.875};
        expect_values(report, "symmetry " + std::to_string(i), "patches",
                      detail::crop(b, {{image, symmetry}, {image, symmetry}}, location, geometry),
                      detail::crop(b, {{transformed}, {transformed}}, location, geometry), 0);
      }
    }
  });

  suite.add("crop_glimpses: rows may be padded", [](B& b, Report& report) {
    const RgbImage image = random_image("stride", 17, 11);
    constexpr Index stride = 17 * 3 + 5;
    std::vector<std::uint8_t> padded(static_cast<std::size_t>(stride * image.height), 255);
    for (Index y = 0; y < image.height; ++y) std::copy_n(image.at(0, y), 17 * 3, padded.data() + y * stride);
    const Image<B> handle = ops::make_image(b, {padded.data(), image.width, image.height, stride});
    const OrientedImage<B> oriented[] = {{&handle, Symmetry::identity}};
    const auto [width, height] = ops::stored_size(b, oriented[0]);
    report.expect(width == 17 && height == 11,
                  "an image of 17 x 11 says that it is " + std::to_string(width) + " x " + std::to_string(height));
    const GlimpseGeometry geometry{.side = 9};
    const Tensor<B> location = make_tensor_of(b, {1, 2}, {0.25, 0.5});
    Tensor<B> patches = b.zeros(ops::glimpse_shape(1, geometry));
    ops::crop_glimpses(b, ImageBatch<B>(oriented), location, geometry, patches);
    expect_values(report, "padded rows", "patches", values_of(b, patches),
                  detail::crop(b, {{image}}, {0.25, 0.5}, geometry), 0);
  });

  suite.add("crop_glimpses: an empty batch is legal", [](B& b, Report& report) {
    report.expect(detail::crop(b, {}, {}, GlimpseGeometry{.side = 4}).empty(), "an empty batch gives numbers");
  });

  if (suite.options().allocations) {
    suite.add("crop_glimpses: allocates nothing the second time", [count = suite.options().allocations](
                                                                      B& b, Report& report) {
      const std::vector<detail::Picture> pictures = {{random_image("a", 40, 30)}, {random_image("b", 30, 40)}};
      const detail::PictureBatch<B> images(b, pictures);
      const GlimpseGeometry geometry{.side = 16, .scales = 2};
      const Tensor<B> location = make_tensor_of(b, {2, 2}, {0.25, 0.5, -1, 1});
      Tensor<B> patches = b.zeros(ops::glimpse_shape(2, geometry));
      ops::crop_glimpses(b, images.view(), location, geometry, patches);
      b.synchronize();
      const Index before = count();
      ops::crop_glimpses(b, images.view(), location, geometry, patches);
      b.synchronize();
      const Index made = count() - before;  // before the sentence, which allocates
      report.expect(made == 0, "the second call allocates " + std::to_string(made) + " times, but must not");
    });
  }
}

}  // namespace saccade::testing
