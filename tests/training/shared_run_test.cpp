#include <saccade/core/file.hpp>
#include <saccade/data/write_synthetic_tissue.hpp>

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"
#include "training/shared_run.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

/// Whole runs by several ranks of one process.

using namespace saccade;
using saccade_test::drawn_tissue;
using saccade_test::expect_equal_files;
using saccade_test::expect_sound;
using saccade_test::SharedResult;
using saccade_test::train_shared;

TEST_CASE("a synchronized run repeats and resumes to the same bytes, and says what it leaves out", "[ranks]") {
  const ScratchFolder scratch;
  const auto synchronize = [](RunConfig& config, Index) {
    config.training.batch = 5;
    config.training.batch_statistics = BatchStatistics::synchronized;
  };
  for (const char* folder : {"one", "two", "parts", "refused"}) create_folders(scratch / folder);
  const SharedResult one = train_shared(scratch / "one", 4, {.configure = synchronize});
  expect_sound(one);
  const auto images = static_cast<Index>(drawn_tissue().split.train.size());
  REQUIRE(images % 5 > 0);
  REQUIRE(images % 5 < 4);
  CHECK(one.left_out == std::vector<Index>(2, images % 5));  // of each epoch
  train_shared(scratch / "two", 4, {.configure = synchronize, .questions = 3});
  expect_sound(train_shared(scratch / "two", 4, {.configure = synchronize}));
  expect_equal_files(scratch / "one", scratch / "two");
  train_shared(scratch / "parts", 4, {.configure = [](RunConfig& config, Index) { config.training.batch = 5; }});
  CHECK(read_file(scratch / "one" / "best.safetensors") != read_file(scratch / "parts" / "best.safetensors"));
  for (const Index ranks : {1, 2}) {
    const std::string is = ranks == 1 ? "is 1" : "are 2";
    CHECK(train_shared(scratch / "refused", ranks, {.configure = synchronize}).sentences.front() ==
          "training: with batch_statistics synchronized each of the 4 parts needs a process of its own, but there " +
              is);
  }
}

TEST_CASE("A run of 4 parts writes the same bytes with 1, 2, 3 and 4 ranks", "[ranks]") {
  const ScratchFolder scratch;
  create_folders(scratch / "1");
  const SharedResult one = train_shared(scratch / "1", 1);
  expect_sound(one);
  REQUIRE(one.metrics.size() == 2);
  for (const Index ranks : {2, 3, 4}) {
    INFO(ranks << " ranks");
    const auto folder = scratch / std::to_string(ranks);
    create_folders(folder);
    const SharedResult several = train_shared(folder, ranks);
    expect_sound(several);
    CHECK(several.metrics == one.metrics);
    expect_equal_files(folder, scratch / "1");
  }
}

TEST_CASE("A run that one rank is asked to stop goes on with another number of ranks to the same bytes", "[ranks]") {
  const ScratchFolder scratch;
  create_folders(scratch / "whole");
  const SharedResult whole = train_shared(scratch / "whole", 1);
  for (const int questions : {0, 2, 5}) {
    INFO("stopped after " << questions << " questions");
    const auto folder = scratch / std::to_string(questions);
    create_folders(folder);
    SharedResult first = train_shared(folder, 2, {.questions = questions});
    CHECK(first.outcomes ==
          std::vector<saccade_test::RunOutcome>{saccade_test::RunOutcome::stopped, saccade_test::RunOutcome::stopped});
    const SharedResult second = train_shared(folder, questions == 2 ? 4 : 1);
    expect_sound(second);
    first.metrics.insert(first.metrics.end(), second.metrics.begin(), second.metrics.end());
    CHECK(first.metrics == whole.metrics);
    expect_equal_files(folder, scratch / "whole");
  }
}

TEST_CASE("A rank with another configuration or data set is refused by name", "[ranks]") {
  const ScratchFolder scratch;
  const SharedResult config = train_shared(scratch.path(), 2, {.configure = [](RunConfig& c, Index rank) {
                                             if (rank == 1) c.training.decay = 0.5;
                                           }});
  CHECK(config.sentences[0] ==
        "process 1 of 2 has another configuration than process 0: training.decay is 0.5, not 0.985");
  CHECK_THAT(config.sentences[1], contains("peer: process 1 of 2 has another configuration"));
  CHECK_THAT(train_shared(scratch.path(), 2, {.configure = [](RunConfig& c, Index rank) { c.training.epochs += rank; }})
                 .sentences[0],
             contains("another configuration than process 0: training.epochs is 3, not 2"));
  RunData other = drawn_tissue();
  std::swap(other.split.train.back(), other.split.test.back());
  CHECK_THAT(train_shared(scratch.path(), 2, {.data_of_rank_1 = &other}).sentences[0],
             contains("process 1 of 2 has another data set than process 0: data.fingerprint.train is "));
  CHECK_THAT(
      train_shared(scratch.path(), 4, {.configure = [](RunConfig& c, Index) { c.training.parts = 2; }}).sentences[0],
      contains("training: 4 processes cannot share a batch in 2 parts; set training.parts to 4 or a multiple"));
  CHECK_FALSE(std::filesystem::exists(scratch / "checkpoint.safetensors"));
}

TEST_CASE("Bad images are left out the same by any number of ranks, and too many of them end all", "[ranks]") {
  const ScratchFolder scratch;
  data::write_synthetic_tissue({.width = 96, .height = 80, .patients_per_class = 4, .images_per_patient = 3},
                               scratch / "data");
  const RunData data = open_for_training({.folder = scratch / "data"});
  for (const std::size_t bad : {1u, 7u})
    write_file_atomically(data.sample(data.split.train[bad]).path, std::string("no image"));
  for (const Index ranks : {1, 2, 4}) create_folders(scratch / std::to_string(ranks));
  const SharedResult one = train_shared(scratch / "1", 1, {.data = &data, .max_bad_images = 2});
  expect_sound(one);
  CHECK(one.bad_images[0].size() == 2);
  for (const Index ranks : {2, 4}) {
    const SharedResult several =
        train_shared(scratch / std::to_string(ranks), ranks, {.data = &data, .max_bad_images = 2});
    expect_sound(several);
    CHECK(several.metrics == one.metrics);
    CHECK(several.bad_images[0].size() == 2);
    CHECK(several.bad_images[1] == several.bad_images[0]);
    expect_equal_files(scratch / std::to_string(ranks), scratch / "1");
  }
  std::filesystem::remove(scratch / "4" / "checkpoint.safetensors");
  const SharedResult ended = train_shared(scratch / "4", 4, {.data = &data, .max_bad_images = 1});
  int own = 0;
  for (const std::string& sentence : ended.sentences) {
    CHECK_THAT(sentence, contains("(bad image number 2; at most 1 are allowed)"));
    own += sentence.starts_with("peer: ") ? 0 : 1;
  }
  CHECK(own == 1);
  CHECK_THAT(train_shared(scratch / "4", 4, {.data = &data}).sentences[0], contains("not a PNG or JPEG"));
}

TEST_CASE("A disk that takes no checkpoint and a number that is not finite end all ranks", "[ranks]") {
  const ScratchFolder scratch;
  const SharedResult full = train_shared(scratch / "nowhere", 2);
  CHECK_THAT(full.sentences[0], contains("nowhere"));
  CHECK_THAT(full.sentences[1], contains("peer: ") && contains("nowhere"));
  create_folders(scratch / "steep");
  const SharedResult steep = train_shared(scratch / "steep", 2,
                                          {.configure =
                                               [](RunConfig& c, Index) {
                                                 c.training.learning_rate = 1e30;
                                                 c.training.adam.clip_norm = 0;
                                               },
                                           .checkpoint_every = 1});
  CHECK_THAT(steep.sentences[0], contains("not finite"));
  CHECK_THAT(steep.sentences[1], contains("peer: ") && contains("not finite"));
}
