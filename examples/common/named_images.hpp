#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/file.hpp>
#include <saccade/core/utf8.hpp>
#include <saccade/data/find_images.hpp>
#include <saccade/data/idx_dataset.hpp>
#include <saccade/training/run_data.hpp>

#include <cstdint>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "common/image_inputs.hpp"

namespace program {

/// An image as it is looked at.
struct LoadedNamedImage {
  saccade::AnyImage image;
  saccade::Index base = 1;  ///< of a slide: pixels as scanned for one of the image, on each axis
};

/// An image to look at: a file, or one of the pictures of an IDX file.
struct NamedImage {
  std::string name;            ///< as the user wrote it, or as it lies below the folder that the user named
  std::filesystem::path path;  ///< of its file
  std::string label{};         ///< where the file tells it; else empty
  saccade::data::Dataset::Read read{};
  saccade::data::Sample sample{};

  /// Whether it is a whole slide, by its name.
  [[nodiscard]] bool is_slide() const { return !read && saccade::data::has_slide_ending(path); }

  /// @throws FileError where it is no image that the model can look at
  [[nodiscard]] LoadedNamedImage load(const saccade::HybridAttentionConfig& model,
                                      const saccade::data::SlideReader& slides) const {
    if (!read && !is_slide()) return {.image = saccade::load_image_for(path, model)};
    if (!is_slide()) return checked({.image = read(sample)}, model);
    const saccade::data::OpenedSlide slide = slides(path);
    return checked({.image = slide.image, .base = slide.base}, model);
  }

  /// What pictures of it are called, without ending.
  [[nodiscard]] std::string stem() const { return read ? sample.name : path.stem().string(); }

 private:
  [[nodiscard]] LoadedNamedImage checked(LoadedNamedImage loaded, const saccade::HybridAttentionConfig& model) const {
    saccade::expect_size({loaded.image.width(), loaded.image.height()}, model, name);
    return loaded;
  }
};

/// Finds images by their names, one after the other, so that a program on the other side of a pipe need not wait.
/// Visit: bool(const NamedImage&), false to stop. Problem: void(const std::string&), told of what leads to no image.
template <class Visit, class Problem>
class ImageVisitor {
 public:
  /// @param slides  whether whole slides in folders are taken
  ImageVisitor(Visit visit, Problem problem, bool slides)
      : visit_(std::move(visit)), problem_(std::move(problem)), slides_(slides) {}

  void visit(const ImageInputs& inputs) {
    for (const std::filesystem::path& list : inputs.lists) {
      if (stopped_) return;
      guarded([&] {
        const std::vector<std::uint8_t> bytes = saccade::read_file(list);
        std::istringstream lines(std::string(bytes.begin(), bytes.end()));
        visit_lines(lines);
      });
    }
    for (const std::string& name : inputs.names) {
      if (stopped_) return;
      name == "-" ? visit_lines(std::cin) : visit_name(name);
    }
  }

 private:
  template <class Work>
  void guarded(Work work) {
    try {
      work();
    } catch (const saccade::FileError& error) {
      problem_(error.what());
    }
  }

  void visit_lines(std::istream& lines) {
    for (std::string line; !stopped_ && std::getline(lines, line);) {
      if (line.ends_with('\r')) line.pop_back();
      if (!line.empty()) visit_name(line);
    }
  }

  void visit_name(const std::string& name) {
    std::error_code error;
    if (!std::filesystem::is_directory(name, error)) return show({.name = name, .path = name});
    guarded([&] { visit_folder(name); });
  }

  void visit_folder(const std::filesystem::path& folder) {
    saccade::data::Account account;
    const std::vector<std::filesystem::path> images = saccade::data::find_images(folder, account, slides_);
    if (images.empty() && !saccade::data::find_idx_pairs(folder).empty()) return visit_idx(folder);
    std::cerr << describe(account);
    if (images.empty())
      throw saccade::FileError('"' + folder.string() + "\": no PNG, JPEG or IDX file in it" +
                               (slides_ ? ", and no whole slide" : ""));
    for (const std::filesystem::path& path : images) show({.name = path.string(), .path = path});
  }

  void visit_idx(const std::filesystem::path& folder) {
    const saccade::data::Dataset dataset = saccade::data::read_idx(folder).dataset;
    for (const saccade::data::Sample& sample : dataset.samples) {
      if (stopped_) return;
      show({.name = (folder / sample.name).string(),
            .path = sample.path,
            .label = dataset.classes[static_cast<std::size_t>(sample.label)],
            .read = dataset.read,
            .sample = sample});
    }
  }

  void show(const NamedImage& image) {
    if (!stopped_) stopped_ = !visit_(image);
  }

  Visit visit_;
  Problem problem_;
  bool slides_;
  bool stopped_ = false;
};

}  // namespace program
