#pragma once

#include <saccade/data/slide_tissue.hpp>

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "tiny_run.hpp"

/// Slides drawn by saccade tissue, and how a model is trained on them.
namespace programs {

inline constexpr saccade::data::SlideTissueOptions drawn_options{
    .width = 1024, .height = 1024, .region = 128, .slides_per_class = 4, .seed = 1};

/// Eight slides, slides/0001.tif and on, made once.
inline const std::filesystem::path& drawn_slides() {
  static const ScratchFolder folder;
  static const std::filesystem::path data = [] {
    const Ending made = run("saccade tissue", {"--slide", "--out", folder / "data", "--width", "1024", "--height",
                                               "1024", "--region", "128", "--images", "4", "--seed", "1"});
    if (made.code != 0) throw std::runtime_error("saccade tissue failed: " + made.err);
    return folder / "data";
  }();
  return data;
}

/// Two steps an epoch, on one thread; the thumbnail covers a slide.
inline Arguments training_on_slides(const std::filesystem::path& data, const std::filesystem::path& out, int epochs,
                                    const Arguments& more = {}) {
  const Arguments usual{"--set", "glance.reduction=64", "--split", "all", "--threads", "1"};
  return training(out, epochs, left_of(usual, more) + more, data);
}

/// A checkpoint after two epochs, made once.
inline const std::filesystem::path& drawn_slides_checkpoint() {
  static const ScratchFolder folder;
  static const std::filesystem::path checkpoint = [] {
    const Ending trained = run("saccade train", training_on_slides(drawn_slides(), folder / "run", 2));
    if (trained.code != 0) throw std::runtime_error("saccade train failed: " + trained.err);
    return folder / "run/checkpoint.safetensors";
  }();
  return checkpoint;
}

/// Overwrites the beginning of every tile: the slide opens, and none of its regions can be read.
inline void damage_tiles(const std::filesystem::path& slide) {
  std::string file = text(slide);
  const std::string begin = "\xff\xd8\xff";
  for (std::size_t at = file.find(begin); at != std::string::npos; at = file.find(begin, at + 1))
    file.replace(at, 16, 16, 'x');
  saccade::write_file(slide, file);
}

}  // namespace programs
