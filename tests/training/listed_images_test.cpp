#include <saccade/backends/reference/reference_backend.hpp>
#include <saccade/training/listed_images.hpp>

#include <atomic>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/recording_backend.hpp"

using namespace saccade;
using saccade_test::RecordingBackend;

namespace {

/// A source of nothing.
struct Wide {
  Index width_;
  [[nodiscard]] Index width() const { return width_; }
  [[nodiscard]] Index height() const { return 2; }
  void read_region(Index, Index, Index, Index, Index, std::span<std::uint8_t>) const {}
};

/// Twelve images, some of which are bad and some streamed: image i is i + 1 wide and its first byte is i.
struct ListedFiles {
  explicit ListedFiles(std::vector<Index> bad_ones, Index allowed = 12, std::vector<Index> streamed_ones = {})
      : bad(std::move(bad_ones)), streamed(std::move(streamed_ones)), allowed_bad(allowed) {}

  [[nodiscard]] data::Loader loader() {
    return data::Loader(
        12,
        [this](Index index) -> AnyImage {
          ++decoded;
          for (const Index each : bad) {
            if (each == index) throw FileError("image " + std::to_string(index) + " is bad");
          }
          for (const Index each : streamed)
            if (each == index) return StreamedImage(Wide{index + 1});
          RgbImage image(index + 1, 2);
          image.pixels[0] = static_cast<std::uint8_t>(index);
          return image;
        },
        {.threads = 2, .prefetch = 3, .cache_bytes = 0, .open_sources = 1, .max_bad_images = allowed_bad});
  }

  std::vector<Index> bad, streamed;
  Index allowed_bad;
  std::atomic<int> decoded = 0;
};

/// What the epochs give: the indices of every batch, then what stopped them, and the bad images met by then.
template <class B>
std::vector<std::string> told(ListedFiles& files, const std::vector<std::vector<Index>>& epochs) {
  B b;
  data::Loader loader = files.loader();
  ListedImages<B> images(b, loader);
  std::vector<std::string> lines;
  for (const std::vector<Index>& order : epochs) {
    try {
      images.start(order);
      for (auto batch = images.next(3); !batch.empty(); batch = images.next(3)) {
        std::string line;
        for (const auto& [index, image] : batch) {
          line += std::to_string(index) + " ";
          CHECK(ops::stored_size(b, image) == ImageSize{index + 1, 2});
        }
        for (const data::BadImage& each : loader.bad_images()) line += "bad " + std::to_string(each.index) + " ";
        lines.push_back(line);
      }
    } catch (const FileError& error) {
      lines.emplace_back(error.what());
    }
    lines.emplace_back("end");
  }
  return lines;
}

using Views = ReferenceBackend<float>;
using Copies = RecordingBackend<float>;

}  // namespace

TEST_CASE("images that are kept come in the same batches as images made anew", "[listed]") {
  const std::vector<std::vector<Index>> epochs{{3, 1, 4, 0, 5, 9, 2, 6},
                                               {11, 3, 5, 8, 9, 7, 0, 10},
                                               {8, 3, 8, 4, 4, 2, 7},
                                               {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11},
                                               {}};
  const std::vector<Index> bad = GENERATE(std::vector<Index>{}, std::vector<Index>{1, 3, 8}, std::vector<Index>{6},
                                          std::vector<Index>{11, 10, 9, 0});
  const Index allowed = GENERATE(0, 1, 2, 12);
  const std::vector<Index> streamed = GENERATE(std::vector<Index>{}, std::vector<Index>{4, 8, 0, 11});
  ListedFiles anew(bad, allowed, streamed), kept(bad, allowed, streamed);
  CHECK(told<Copies>(kept, epochs) == told<Views>(anew, epochs));
}

TEST_CASE("an image that is kept is decoded once", "[listed]") {
  ListedFiles files({2});
  Copies b;
  data::Loader loader = files.loader();
  ListedImages<Copies> images(b, loader);
  std::map<Index, const Image<Copies>*> places;
  for (int epoch = 0; epoch < 3; ++epoch) {
    images.start({0, 1, 2, 3, 4, 5});
    for (auto batch = images.next(4); !batch.empty(); batch = images.next(4)) {
      for (const auto& [index, image] : batch) {
        CHECK(places.emplace(index, image.image).first->second == image.image);
        CHECK(image.image->view().pixels[0] == index);
      }
    }
  }
  CHECK(files.decoded == 6);
  CHECK(b.images_made == 5);
}

TEST_CASE("streamed images are opened anew, but for those that the loader keeps open", "[listed]") {
  ListedFiles files({}, 0, {1, 2, 3});
  Copies b;
  data::Loader loader = files.loader();
  ListedImages<Copies> images(b, loader);
  for (int epoch = 0; epoch < 3; ++epoch) {
    images.start({0, 1, 2, 3, 1});
    const auto batch = images.next(9);
    REQUIRE(batch.size() == 5);
    CHECK(batch[0].image.image != nullptr);
    for (std::size_t n = 1; n < 5; ++n) CHECK(batch[n].image.source->width() == batch[n].index + 1);
  }
  CHECK(files.decoded >= 1 + 1 + 2 * 3);  // two threads may open the one that is kept at a time
  CHECK(files.decoded <= 1 + 2 + 3 * 4);
  CHECK(b.images_made == 1);
}

TEST_CASE("an epoch may be dropped in the middle", "[listed]") {
  ListedFiles files({});
  Copies b;
  data::Loader loader = files.loader();
  ListedImages<Copies> images(b, loader);
  images.start({0, 1, 2, 3, 4, 5});
  CHECK(images.next(2).size() == 2);
  images.start({5, 1, 4, 0});
  const auto batch = images.next(9);
  REQUIRE(batch.size() == 4);
  CHECK(batch[0].index == 5);
  CHECK(batch[3].index == 0);
  CHECK(b.images_made == 4);
  CHECK_THROWS_WITH(images.start({0, 12}), "loader: image 12 is not one of 12");
}

TEST_CASE("pixels that the backend keeps are not cached twice", "[listed]") {
  CHECK(ListedImages<Copies>::adjusted({.cache_bytes = 100}).cache_bytes == 0);
  CHECK(ListedImages<Views>::adjusted({.cache_bytes = 100}).cache_bytes == 100);
}
