#pragma once

#include <saccade/core/backend.hpp>
#include <saccade/core/bad_rows_error.hpp>
#include <saccade/core/image.hpp>
#include <saccade/core/started_threads.hpp>
#include <saccade/core/unreadable_error.hpp>
#include <saccade/math/glimpse.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <thread>
#include <utility>
#include <vector>

/// Glimpses of streamed images: the regions are read on the host, and only they.
namespace saccade::inline SACCADE_NAMESPACE::ops::detail {

/// Corner, in pixels of the image as stored, of the square that `window` covers in the image as seen.
[[nodiscard]] constexpr PixelPosition stored_corner(const math::GlimpseWindow& window, Symmetry symmetry,
                                                    ImageSize stored) {
  const Index right = window.x + window.size - 1, bottom = window.y + window.size - 1;
  const PixelPosition one = source_pixel(symmetry, window.x, window.y, stored.width, stored.height);
  const PixelPosition other = source_pixel(symmetry, right, bottom, stored.width, stored.height);
  return {std::min(one.x, other.x), std::min(one.y, other.y)};
}

/// How many of the `length` pixels from `first` on lie on an axis of `extent` pixels.
[[nodiscard]] constexpr Index pixels_inside(Index first, Index length, Index extent) {
  return std::max<Index>(0, std::min(first + length, extent) - std::max<Index>(first, 0));
}

/// One scale of the glimpse at `location` of `source`, seen through `symmetry`, as a backend's crop makes it: at full
/// resolution bit for bit; at coarser scales the means are the source's, rounded to 8 bits.
/// @param region  scratch (g, g, 3)
/// @param patch   (g, g, S*C)
template <class Scalar>
void read_scale(const StreamedImage& source, Symmetry symmetry, const Scalar* location, const GlimpseGeometry& geometry,
                Index scale, std::span<std::uint8_t> region, Scalar* patch) {
  const Index side = geometry.side;
  const ImageSize stored{source.width(), source.height()};
  const Index width = math::oriented_width(symmetry, stored.width, stored.height);
  const Index height = math::oriented_height(symmetry, stored.width, stored.height);
  const math::GlimpseWindow window = math::glimpse_window(geometry, scale, location, width, height);
  const Index reduction = window.size / side;
  const PixelPosition corner = stored_corner(window, symmetry, stored);
  source.read_region(corner.x, corner.y, side, side, reduction, region);

  std::array<math::PixelNormalization<Scalar>, image_channels> normalization;
  for (std::size_t c = 0; c < normalization.size(); ++c)
    normalization[c] = math::pixel_normalization<Scalar>(geometry.mean[c], geometry.deviation[c]);
  Scalar* out = patch + scale * image_channels;
  for (Index j = 0; j < side; ++j) {
    const Index rows = pixels_inside(window.y + j * reduction, reduction, height);
    for (Index i = 0; i < side; ++i, out += image_channels * geometry.scales) {
      const Index count = rows * pixels_inside(window.x + i * reduction, reduction, width);
      const PixelPosition at = source_pixel(symmetry, i, j, side, side);
      const std::uint8_t* pixel = region.data() + (at.y * side + at.x) * image_channels;
      for (std::size_t c = 0; c < normalization.size(); ++c)
        out[c] = math::patch_value(normalization[c], count == 0 ? 0 : count * pixel[c], count, reduction * reduction);
    }
  }
}

/// Crops the resident images of a mixed batch into their rows of `patches`; the others then hold anything. False where
/// there are none.
template <class B>
[[nodiscard]] bool crop_resident(B& b, ImageBatch<B> images, const Tensor<B>& location, const GlimpseGeometry& geometry,
                                 Tensor<B>& patches) {
  const auto first = std::find_if(images.begin(), images.end(), [](const auto& each) { return each.image != nullptr; });
  if (first == images.end()) return false;
  std::vector<OrientedImage<B>> resident(images.begin(), images.end());
  for (OrientedImage<B>& each : resident)
    if (each.image == nullptr) each = *first;
  b.crop_glimpses(ImageBatch<B>(resident), location, geometry, patches);
  return true;
}

/// Threads that read the images of one batch, at most: a slide decodes tiles, and a store answers late.
inline constexpr std::size_t most_readers = 8;

/// Throws what went wrong with rows of a batch, if anything did: BadRowsError where files are damaged; an error that
/// may pass, or is no file's, as it is.
inline void rethrow_failures(const std::vector<std::exception_ptr>& failures, const std::vector<std::size_t>& rows) {
  std::vector<BadRow> bad;
  for (std::size_t i = 0; i < failures.size(); ++i) {
    if (!failures[i]) continue;
    try {
      std::rethrow_exception(failures[i]);
    } catch (const UnreadableError& error) {
      if (error.passing()) throw;
      bad.push_back({rows[i], error.what()});
    } catch (const FileError& error) {
      bad.push_back({rows[i], error.what()});
    }
  }
  if (!bad.empty()) throw BadRowsError(std::move(bad));
}

/// Calls `read(row)` for each of the rows, several at a time, the caller's included.
/// @throws as rethrow_failures
template <class Read>
void read_at_once(const std::vector<std::size_t>& rows, const Read& read) {
  const std::size_t count = rows.size();
  const std::size_t machine = std::max(1u, std::thread::hardware_concurrency());
  const std::size_t readers = std::min({count, machine, most_readers});
  std::atomic<std::size_t> next = 0;
  std::vector<std::exception_ptr> failures(count);
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      try {
        read(rows[i]);
      } catch (...) {
        failures[i] = std::current_exception();
      }
    }
  };
  std::vector<std::thread> helpers;
  if (readers > 1) {
    start_threads(
        "crop_glimpses", helpers, static_cast<int>(readers) - 1, [&](int) { work(); }, [&] { next = count; });
  }
  work();
  for (std::thread& helper : helpers) helper.join();
  rethrow_failures(failures, rows);
}

/// crop_glimpses of a batch with streamed images in it, several read at a time; where a batch is filled up with one
/// image again and again, it is read once. Waits for the location.
template <class B>
void crop_streamed(B& b, ImageBatch<B> images, const Tensor<B>& location, const GlimpseGeometry& geometry,
                   Tensor<B>& patches) {
  const auto size = static_cast<std::size_t>(geometry.location_size());
  std::vector<Scalar<B>> at(size * images.size());
  std::vector<Scalar<B>> values(static_cast<std::size_t>(b.shape(patches).size()));
  b.download(location, std::span<Scalar<B>>(at));
  if (crop_resident(b, images, location, geometry, patches)) b.download(patches, std::span<Scalar<B>>(values));
  const std::size_t stride = values.size() / images.size();
  const auto again = [&](std::size_t n) {
    return n > 0 && images[n].source == images[n - 1].source && images[n].symmetry == images[n - 1].symmetry &&
           std::equal(&at[n * size], &at[n * size] + size, &at[(n - 1) * size]);
  };
  std::vector<std::size_t> wanted;
  for (std::size_t n = 0; n < images.size(); ++n)
    if (images[n].source != nullptr && !again(n)) wanted.push_back(n);
  read_at_once(wanted, [&](std::size_t n) {
    std::vector<std::uint8_t> region(static_cast<std::size_t>(geometry.side * geometry.side * image_channels));
    for (Index scale = 0; scale < geometry.scales; ++scale)
      read_scale(*images[n].source, images[n].symmetry, &at[n * size], geometry, scale, std::span<std::uint8_t>(region),
                 &values[n * stride]);
  });
  for (std::size_t n = 0; n < images.size(); ++n)
    if (images[n].source != nullptr && again(n)) std::copy_n(&values[(n - 1) * stride], stride, &values[n * stride]);
  b.upload(std::span<const Scalar<B>>(values), patches);
}

}  // namespace saccade::ops::detail
