#include <saccade/core/file.hpp>
#include <saccade/core/streamed_image.hpp>
#include <saccade/data/image_decode.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"
#include "support/slide.hpp"
#include "training/shared_run.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

/// Whole runs over slides that turn out to be damaged, by several ranks that take batches in parts.

using namespace saccade;
using saccade_test::drawn_tissue;
using saccade_test::expect_equal_files;
using saccade_test::expect_sound;
using saccade_test::RunOutcome;
using saccade_test::SharedResult;
using saccade_test::train_shared;

namespace {

/// A slide whose tile `damaged` cannot be read at full resolution.
struct TornSlide {
  std::shared_ptr<const RgbImage> image;
  std::string name;
  Box damaged{};  ///< of no pixels: it is sound

  [[nodiscard]] Index width() const { return image->width; }
  [[nodiscard]] Index height() const { return image->height; }
  void read_region(Index x, Index y, Index width, Index height, Index reduction, std::span<std::uint8_t> pixels) const {
    if (reduction == 1 && std::max(x, damaged.x) < std::min(x + width, damaged.x + damaged.width) &&
        std::max(y, damaged.y) < std::min(y + height, damaged.y + damaged.height))
      throw FileError(name + ": a tile is damaged");
    saccade_test::Slide{image.get()}.read_region(x, y, width, height, reduction, pixels);
  }
};

/// The images of the small run as slides, of which some are damaged, and some cannot be opened.
RunData slides(const std::map<Index, Box>& damaged, const std::vector<Index>& closed = {}) {
  RunData data = drawn_tissue();
  const auto images = std::make_shared<std::map<std::string, TornSlide>>();
  const std::vector<Index>& train = data.split.train;
  for (const data::Sample& sample : data.dataset.samples)
    (*images)[sample.name] = {std::make_shared<const RgbImage>(data::load_image(sample.path)), sample.name};
  for (const auto& [place, tile] : damaged)
    (*images)[data.sample(train[static_cast<std::size_t>(place)]).name].damaged = tile;
  std::vector<std::string> names;
  for (const Index place : closed) names.push_back(data.sample(train[static_cast<std::size_t>(place)]).name);
  data.dataset.read = [images, names](const data::Sample& sample) -> AnyImage {
    if (std::find(names.begin(), names.end(), sample.name) != names.end())
      throw FileError(sample.name + ": a tile is damaged");
    return StreamedImage(images->at(sample.name));
  };
  return data;
}

constexpr Box everywhere{0, 0, 96, 80};

/// Met in the second epoch.
constexpr Box somewhere{64, 48, 12, 12};

/// Numbers of images by their places among those of training.
std::vector<Index> of_training(const std::vector<Index>& places) {
  std::vector<Index> images;
  for (const Index place : places) images.push_back(drawn_tissue().split.train[static_cast<std::size_t>(place)]);
  return images;
}

}  // namespace

TEST_CASE("a run in parts goes on without damaged slides, to the same bytes by any number of ranks", "[ranks]") {
  const ScratchFolder scratch;
  const RunData data = slides({{1, everywhere}, {7, somewhere}});
  const saccade_test::SharedSetting setting{.data = &data, .max_bad_images = 2};
  create_folders(scratch / "1");
  const SharedResult one = train_shared(scratch / "1", 1, setting);
  expect_sound(one);
  CHECK(one.bad_images[0] == of_training({1, 7}));
  for (const Index ranks : {2, 4}) {
    INFO(ranks << " ranks");
    const auto folder = scratch / std::to_string(ranks);
    create_folders(folder);
    const SharedResult several = train_shared(folder, ranks, setting);
    expect_sound(several);
    CHECK(several.metrics == one.metrics);
    for (const auto& bad : several.bad_images) CHECK(bad == one.bad_images[0]);
    expect_equal_files(folder, scratch / "1");
  }
}

TEST_CASE("a slide that turns out to be damaged is left out of parts as one that cannot be opened", "[ranks]") {
  const ScratchFolder scratch;
  for (const char* folder : {"found", "known"}) create_folders(scratch / folder);
  const RunData found = slides({{1, everywhere}, {4, everywhere}}), known = slides({}, {1, 4});
  const SharedResult one = train_shared(scratch / "found", 2, {.data = &found, .max_bad_images = 2});
  const SharedResult other = train_shared(scratch / "known", 2, {.data = &known, .max_bad_images = 2});
  expect_sound(one);
  CHECK(one.metrics.size() == 2);
  CHECK(one.metrics == other.metrics);
  CHECK(one.bad_images == other.bad_images);
}

TEST_CASE("a run in parts that is stopped before or after a damaged slide goes on to the same bytes", "[ranks]") {
  const ScratchFolder scratch;
  const RunData data = slides({{1, everywhere}, {7, somewhere}});
  create_folders(scratch / "whole");
  const SharedResult whole = train_shared(scratch / "whole", 1, {.data = &data, .max_bad_images = 2});
  expect_sound(whole);
  for (const int questions : {1, 2, 4, 5}) {
    INFO("stopped after " << questions << " questions");
    const auto folder = scratch / std::to_string(questions);
    create_folders(folder);
    SharedResult first = train_shared(folder, 2, {.data = &data, .max_bad_images = 2, .questions = questions});
    CHECK(first.outcomes == std::vector<RunOutcome>(2, RunOutcome::stopped));
    const SharedResult second = train_shared(folder, questions % 2 == 1 ? 4 : 1, {.data = &data, .max_bad_images = 2});
    expect_sound(second);
    first.metrics.insert(first.metrics.end(), second.metrics.begin(), second.metrics.end());
    CHECK(first.metrics == whole.metrics);
    expect_equal_files(folder, scratch / "whole");
  }
}

TEST_CASE("one damaged slide too many ends a run in parts, and its checkpoint is sound", "[ranks]") {
  const ScratchFolder scratch;
  const RunData data = slides({{1, everywhere}, {7, somewhere}});
  create_folders(scratch / "whole");
  expect_sound(train_shared(scratch / "whole", 1, {.data = &data, .max_bad_images = 2}));
  for (const Index ranks : {1, 2, 4}) {
    INFO(ranks << " ranks");
    const auto folder = scratch / std::to_string(ranks);
    create_folders(folder);
    const SharedResult ended = train_shared(folder, ranks, {.data = &data, .max_bad_images = 1, .checkpoint_every = 1});
    const std::string sentence =
        data.sample(of_training({7})[0]).name + ": a tile is damaged (bad image number 2; at most 1 are allowed)";
    std::vector<std::string> expected(static_cast<std::size_t>(ranks), "peer: " + sentence);
    expected.front() = sentence;
    CHECK(ended.sentences == expected);
    CHECK(ended.metrics.size() == 1);
    expect_sound(train_shared(folder, 2, {.data = &data, .max_bad_images = 2}));
    expect_equal_files(folder, scratch / "whole");
  }
}
