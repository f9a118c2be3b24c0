#include <saccade/data/augmentation.hpp>
#include <saccade/data/epoch_order.hpp>
#include <saccade/data/loader.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <memory>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace saccade;
using namespace saccade::data;

namespace {

std::vector<std::filesystem::path> numbered(int count) {
  std::vector<std::filesystem::path> paths;
  for (int i = 0; i < count; ++i) paths.emplace_back(std::to_string(i));
  return paths;
}

/// A 4 x 2 image (24 bytes) whose first byte is the number that its path says; "3 bad" is not an image.
RgbImage decode(const std::filesystem::path& path) {
  const int number = std::stoi(path.string());
  // Later images are often ready before earlier ones.
  std::this_thread::sleep_for(std::chrono::microseconds(number * 7919 % 400));
  if (path.string().ends_with("bad")) throw FileError('"' + path.string() + "\": not a PNG or JPEG image");
  RgbImage image(4, 2);
  image.pixels[0] = static_cast<std::uint8_t>(number);
  return image;
}

/// What a Loader decodes with: image i lies at paths[i].
template <class DecodePath>
Loader::Decode decode_of(const std::vector<std::filesystem::path>& paths, DecodePath decode_path) {
  return [paths, decode_path](Index image) { return decode_path(paths.at(static_cast<std::size_t>(image))); };
}

std::vector<Index> read_epoch(Loader& loader, const std::vector<Index>& order, Index batch_size) {
  std::vector<Index> seen;
  loader.start(order);
  for (auto batch = loader.next(batch_size); !batch.empty(); batch = loader.next(batch_size)) {
    for (const LoadedImage& loaded : batch) {
      CHECK(loaded.image->pixels()->pixels[0] == loaded.index);
      seen.push_back(loaded.index);
    }
  }
  return seen;
}

}  // namespace

TEST_CASE("an image that cannot be read at this moment is not bad, and ends the run however many may be bad",
          "[data][loader]") {
  for (const auto& [reason, ends] : {std::pair{EMFILE, true}, {EIO, true}, {ENOMEM, true}, {ENOENT, false}}) {
    INFO(reason);
    Loader loader(2,
                  [reason = reason](Index image) -> AnyImage {
                    if (image == 0) throw UnreadableError("\"0.png\": cannot be read", reason);
                    return RgbImage(4, 2);
                  },
                  {.threads = 1, .max_bad_images = 1});
    loader.start({0, 1});
    if (ends) {
      CHECK_THROWS_WITH(loader.next(2), "\"0.png\": cannot be read");
      CHECK(loader.bad_images().empty());
    } else {
      CHECK(loader.next(2).size() == 1);
      CHECK(loader.bad_images().size() == 1);
    }
  }
}

TEST_CASE("images come in the order asked for, for any number of threads", "[loader]") {
  std::vector<Index> everything(60);
  for (std::size_t i = 0; i < 60; ++i) everything[i] = static_cast<Index>(i);
  for (const int threads : {1, 2, 4}) {
    for (const std::size_t cache : {std::size_t{0}, std::size_t{500}, std::size_t{1} << 20}) {
      Loader loader(60, decode_of(numbered(60), decode), {.threads = threads, .prefetch = 5, .cache_bytes = cache});
      for (std::uint64_t epoch = 0; epoch < 3; ++epoch) {
        const auto order = epoch_order(everything, 1, epoch);
        CHECK(read_epoch(loader, order, 7) == order);
      }
    }
  }
}

TEST_CASE("batches are full but for the last", "[loader]") {
  Loader loader(10, decode_of(numbered(10), decode));
  loader.start({9, 8, 7, 6, 5, 4, 3});
  CHECK(loader.next(3).size() == 3);
  CHECK(loader.next(3).size() == 3);
  CHECK(loader.next(3).size() == 1);
  CHECK(loader.next(3).empty());
}

TEST_CASE("an epoch can be dropped half-way", "[loader]") {
  Loader loader(40, decode_of(numbered(40), decode), {.threads = 3, .prefetch = 8});
  for (int repeat = 0; repeat < 20; ++repeat) {
    loader.start({30, 31, 32, 33, 34, 35, 36, 37, 38, 39});
    CHECK(loader.next(2).front().index == 30);
    CHECK(read_epoch(loader, {5, 4, 3}, 2) == std::vector<Index>{5, 4, 3});
  }
}

TEST_CASE("no more images are decoded ahead than allowed", "[loader]") {
  std::atomic<int> decoded = 0;
  const auto counting = [&](const std::filesystem::path& path) {
    ++decoded;
    return decode(path);
  };
  Loader loader(100, decode_of(numbered(100), counting), {.threads = 4, .prefetch = 6});
  std::vector<Index> order(100);
  for (std::size_t i = 0; i < 100; ++i) order[i] = static_cast<Index>(i);
  loader.start(order);
  int taken = 0;
  for (auto batch = loader.next(1); !batch.empty(); batch = loader.next(1)) {
    CHECK(decoded <= taken + 1 + 6);
    ++taken;
  }
  CHECK(taken == 100);
}

TEST_CASE("the cache keeps as many images as it has room for, and these are decoded once", "[loader]") {
  std::atomic<int> decoded = 0;
  const auto counting = [&](const std::filesystem::path& path) {
    ++decoded;
    return decode(path);
  };
  Loader loader(10, decode_of(numbered(10), counting), {.threads = 2, .prefetch = 3, .cache_bytes = 4 * 24 + 23});
  const std::vector<Index> order = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  read_epoch(loader, order, 4);
  CHECK(decoded == 10);
  CHECK(loader.cached_bytes() == 4 * 24);
  read_epoch(loader, order, 4);
  CHECK(decoded == 16);
  CHECK(loader.cached_bytes() == 4 * 24);
}

TEST_CASE("the first bad image ends the run by default", "[loader]") {
  auto paths = numbered(6);
  paths[3] = "3 bad";
  Loader loader(static_cast<Index>(paths.size()), decode_of(paths, decode));
  loader.start({0, 1, 2, 3, 4, 5});
  CHECK(loader.next(3).size() == 3);
  CHECK_THROWS_WITH(loader.next(3), "\"3 bad\": not a PNG or JPEG image");
}

TEST_CASE("allowed bad images are named once, counted and passed over, for any number of threads", "[loader]") {
  auto paths = numbered(8);
  paths[2] = "2 bad";
  paths[5] = "5 bad";
  for (const int threads : {1, 2, 4}) {
    for (const std::size_t cache : {std::size_t{0}, std::size_t{1000}}) {
      Loader loader(static_cast<Index>(paths.size()), decode_of(paths, decode),
                    {.threads = threads, .prefetch = 4, .cache_bytes = cache, .max_bad_images = 2});
      for (int epoch = 0; epoch < 2; ++epoch) {
        loader.start({7, 5, 6, 2, 1, 0});
        const auto batch = loader.next(3);  // the gap is filled from what follows
        REQUIRE(batch.size() == 3);
        CHECK(batch[1].index == 6);
        CHECK(batch[2].index == 1);
        CHECK(loader.next(3).size() == 1);
      }
      REQUIRE(loader.bad_images().size() == 2);
      CHECK(loader.bad_images()[0].index == 5);
      CHECK(loader.bad_images()[1].problem == "\"2 bad\": not a PNG or JPEG image");
    }
  }
}

TEST_CASE("one bad image too many ends the run with its name and the limit", "[loader]") {
  auto paths = numbered(4);
  paths[0] = "0 bad";
  paths[1] = "1 bad";
  Loader loader(static_cast<Index>(paths.size()), decode_of(paths, decode), {.threads = 2, .max_bad_images = 1});
  loader.start({0, 1, 2, 3});
  CHECK_THROWS_WITH(loader.next(4), "\"1 bad\": not a PNG or JPEG image (bad image number 2; at most 1 are allowed)");
}

TEST_CASE("what is no fault of the image ends the run in any case", "[loader]") {
  Loader loader(3, [](Index) -> RgbImage { throw std::bad_alloc(); }, {.max_bad_images = 100});
  loader.start({0});
  CHECK_THROWS_AS(loader.next(1), std::bad_alloc);
}

TEST_CASE("options and positions out of range are refused", "[loader]") {
  CHECK_THROWS_WITH(Loader(1, decode_of(numbered(1), decode), {.threads = 0}),
                    contains("threads must be at least 1, but is 0"));
  CHECK_THROWS_WITH(Loader(-1, decode_of(numbered(1), decode)), contains("must be at least 0, but is -1"));
  CHECK_THROWS_WITH(Loader(1, decode_of(numbered(1), decode), {.prefetch = 0}),
                    contains("prefetch must be at least 1, but is 0"));
  Loader loader(3, decode_of(numbered(3), decode));
  CHECK_THROWS_WITH(loader.start({0, 3}), contains("image 3 is not one of 3"));
}

TEST_CASE("each epoch has an order of its own, kept by the seed", "[loader]") {
  const std::vector<Index> part = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29};
  const auto order = epoch_order(part, 1, 0);
  CHECK(order == epoch_order(part, 1, 0));
  CHECK(order != epoch_order(part, 1, 1));
  CHECK(order != epoch_order(part, 2, 0));
  CHECK(order != part);
  CHECK(std::set<Index>(order.begin(), order.end()) == std::set<Index>(part.begin(), part.end()));
}

TEST_CASE("each symmetry is drawn as often, anew each epoch", "[loader]") {
  std::array<int, symmetry_count> counts{};
  int changed = 0;
  for (Index image = 0; image < 8000; ++image) {
    ++counts[static_cast<std::size_t>(draw_symmetry(1, 0, image))];
    changed += draw_symmetry(1, 0, image) != draw_symmetry(1, 1, image) ? 1 : 0;
  }
  // 1000 expected of each; the standard deviation is 30.
  for (const int count : counts) CHECK(count == Approx(1000).margin(150));
  CHECK(changed == Approx(7000).margin(150));
  CHECK(draw_symmetry(1, 0, 5) == draw_symmetry(1, 0, 5));
}

TEST_CASE("an image may be opened instead of decoded, and a bounded number stays open", "[loader]") {
  /// Image i: i pixels wide. Counts how often it is opened, and how many of its like are open.
  struct Opened {
    std::shared_ptr<int> open;
    Index width_;
    [[nodiscard]] Index width() const { return width_; }
    [[nodiscard]] Index height() const { return 1; }
    void read_region(Index, Index, Index, Index, Index, std::span<std::uint8_t>) const {}
  };
  const auto token = std::make_shared<int>();
  std::atomic<int> opened = 0;
  Loader loader(10,
                [&](Index index) -> AnyImage {
                  if (index % 2 == 0) return RgbImage(index + 1, 1);
                  ++opened;
                  return StreamedImage(Opened{token, index + 1});
                },
                {.threads = 2, .prefetch = 2, .open_sources = 3});
  for (int epoch = 0; epoch < 3; ++epoch) {
    loader.start({0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
    Index next = 0;
    for (auto batch = loader.next(1); !batch.empty(); batch = loader.next(1), ++next) {
      CHECK(batch[0].index == next);
      CHECK(batch[0].image->width() == next + 1);
      CHECK((batch[0].image->source() != nullptr) == (next % 2 == 1));
      CHECK((batch[0].image->pixels() != nullptr) == (next % 2 == 0));
    }
  }
  CHECK(opened == 3 + 3 * 2);  // two of the five are opened in every epoch
  CHECK(token.use_count() == 1 + 3);
  CHECK(loader.cached_bytes() == 3 * (1 + 3 + 5 + 7 + 9));
  CHECK_THROWS_WITH(Loader(1, nullptr, {.open_sources = -1}), "loader: open_sources must be at least 0, but is -1");
}

TEST_CASE("an image that is left out later is bad from then on, and not decoded again", "[loader]") {
  const bool cached = GENERATE(true, false);
  std::atomic<int> decoded = 0;
  Loader loader(4,
                [&](Index image) -> AnyImage {
                  ++decoded;
                  RgbImage drawn(4, 2);
                  drawn.pixels[0] = static_cast<std::uint8_t>(image);
                  return drawn;
                },
                {.threads = 1, .cache_bytes = cached ? std::size_t{1000} : 0, .max_bad_images = 1});
  CHECK(read_epoch(loader, {0, 1, 2, 3}, 2) == std::vector<Index>{0, 1, 2, 3});
  CHECK(loader.cached_bytes() == (cached ? 96 : 0));
  loader.leave_out(2, "\"2.tif\": a tile is damaged");
  CHECK(loader.cached_bytes() == (cached ? 72 : 0));
  const int before = decoded;
  CHECK(read_epoch(loader, {3, 2, 1, 0}, 4) == std::vector<Index>{3, 1, 0});
  CHECK(decoded - before == (cached ? 0 : 3));
  loader.leave_out(2, "again");  // is known
  CHECK(loader.left_out() == std::vector<Index>{2});
  REQUIRE(loader.bad_images().size() == 1);
  CHECK(loader.bad_images()[0].problem == "\"2.tif\": a tile is damaged");
  CHECK_THROWS_WITH(loader.leave_out(0, "\"0.tif\": a tile is damaged"),
                    contains("0.tif\": a tile is damaged (bad image number 2; at most 1 are allowed)"));
  CHECK_THROWS_AS(loader.leave_out(4, ""), ConfigError);
}
