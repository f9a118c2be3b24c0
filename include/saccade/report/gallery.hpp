#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/file.hpp>
#include <saccade/data/jpeg_encode.hpp>
#include <saccade/model/whole_number.hpp>
#include <saccade/report/explanation.hpp>
#include <saccade/report/predictions.hpp>
#include <saccade/report/provenance.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

/// Pictures of evaluated images in the folder `gallery` of a run: for each the path of the glimpses, and the glimpses
/// with their masks; gallery.json lists them. Opt-in: needs nlohmann/json, stb_image and libjpeg-turbo.
namespace saccade::inline SACCADE_NAMESPACE::report {

/// Positions of the images to show: up to `each` that are right and `each` that are wrong, evenly spread over the list,
/// so that nobody picks the pretty ones. The right ones come first.
/// @param right  of each image, whether its answer is
[[nodiscard]] inline std::vector<std::size_t> choose_for_gallery(const std::vector<bool>& right, std::size_t each) {
  std::vector<std::size_t> chosen;
  for (const bool wanted : {true, false}) {
    std::vector<std::size_t> candidates;
    for (std::size_t i = 0; i < right.size(); ++i)
      if (right[i] == wanted) candidates.push_back(i);
    const std::size_t count = std::min(each, candidates.size());
    for (std::size_t k = 0; k < count; ++k) chosen.push_back(candidates[(2 * k + 1) * candidates.size() / (2 * count)]);
  }
  return chosen;
}

/// The glimpses side by side in the order of looking, each framed in the colour of its step, `width` pixels in all;
/// below each its soft mask as heat over the grey glimpse, where it has one. Colours are stretched as in
/// `draw_explanation`.
[[nodiscard]] inline RgbImage draw_glimpse_strip(const Explanation& explanation, Index width) {
  constexpr Index gap = 4;
  const std::vector<GlimpseStep>& steps = explanation.steps;
  const auto count = static_cast<Index>(steps.size());
  bool any_mask = false;
  for (const GlimpseStep& step : steps) any_mask = any_mask || !step.mask.values.empty();
  const Index tile = std::max<Index>((width - (count - 1) * gap) / std::max<Index>(count, 1), 1);
  RgbImage strip(width, any_mask ? 2 * tile + gap : tile);
  fill_rectangle(strip, {0, 0, strip.width, strip.height}, white);
  const MaskRange range = detail::mask_range(steps, true);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const GlimpseStep& step = steps[i];
    const Index x = static_cast<Index>(i) * (tile + gap);
    const Colour colour = time_colour(i, steps.size());
    RgbImage view = resize(step.patch.pixels.empty() ? crop(explanation.image, step.box) : step.patch, tile, tile);
    paste(strip, x, 0, view);
    draw_rectangle(strip, {x + 1, 1, tile - 2, tile - 2}, 3, colour);
    if (step.mask.values.empty()) continue;
    view = to_grey(std::move(view));
    draw_mask_heat(view, {0, 0, tile, tile}, step.mask, ExplanationStyle{}.mask_alpha, range);
    paste(strip, x, tile + gap, view);
    draw_rectangle(strip, {x + 1, tile + gap + 1, tile - 2, tile - 2}, 3, colour);
  }
  return strip;
}

/// An image of the gallery, its pictures named by their files in the folder.
struct GalleryImage {
  std::string image;
  std::string group{};                               ///< empty: not known
  Index truth = 0;                                   ///< class
  std::vector<std::vector<double>> probabilities{};  ///< of each class, after each glimpse
  std::string path_picture{};
  std::string glimpses_picture{};
  bool masks = false;  ///< whether `glimpses_picture` has them
};

struct Gallery {
  std::string policy{};  ///< whose glimpses are shown
  Provenance provenance{};
  std::vector<GalleryImage> images{};
};

/// Writes the pictures of a gallery and, at the end, its list.
class GalleryWriter {
 public:
  static constexpr Index picture_width = 480;

  /// @throws FileError
  GalleryWriter(std::filesystem::path folder, std::string policy, Provenance provenance = {})
      : folder_(std::move(folder)) {
    gallery_.policy = std::move(policy);
    gallery_.provenance = std::move(provenance);
    create_folders(folder_);
  }

  /// @throws FileError
  void add(const PredictionRecord& record, const Explanation& explanation) {
    char number[16];
    std::snprintf(number, sizeof number, "%02zu", gallery_.images.size() + 1);
    GalleryImage image{
        .image = record.image, .group = record.group, .truth = record.truth, .probabilities = record.probabilities};
    image.path_picture = std::string(number) + "_path.jpg";
    image.glimpses_picture = std::string(number) + "_glimpses.jpg";
    for (const GlimpseStep& step : explanation.steps) image.masks = image.masks || !step.mask.values.empty();
    write_file_atomically(folder_ / image.path_picture,
                          data::encode_jpeg(draw_path(explanation, picture_width).view()));
    write_file_atomically(folder_ / image.glimpses_picture,
                          data::encode_jpeg(draw_glimpse_strip(explanation, picture_width).view()));
    gallery_.images.push_back(std::move(image));
  }

  /// @throws FileError
  void finish() const {
    nlohmann::ordered_json json{{"schema", "saccade.gallery.2"}, {"policy", gallery_.policy}};
    if (gallery_.provenance.known()) json["provenance"] = to_json(gallery_.provenance);
    json["images"] = nlohmann::ordered_json::array();
    for (const GalleryImage& image : gallery_.images) {
      json["images"].push_back({{"image", image.image},
                                {"group", image.group},
                                {"truth", image.truth},
                                {"probabilities", image.probabilities},
                                {"path", image.path_picture},
                                {"glimpses", image.glimpses_picture},
                                {"masks", image.masks}});
    }
    write_file_atomically(folder_ / "gallery.json", json_text(json, 2) + '\n');
  }

 private:
  std::filesystem::path folder_;
  Gallery gallery_;
};

/// @param folder  with gallery.json
/// @throws FileError where it cannot be read or is not such a list
[[nodiscard]] inline Gallery read_gallery(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "gallery.json";
  try {
    const auto json = read_json(read_file(file), file.string());
    Gallery gallery{.policy = json.at("policy").get<std::string>(), .provenance = provenance_of(json)};
    for (const auto& each : json.at("images")) {
      GalleryImage image{.image = each.at("image").get<std::string>(),
                         .group = each.value("group", each.value("patient", "")),
                         .truth = whole_number<Index>(each.at("truth")).value_or(-1),
                         .probabilities = each.at("probabilities").get<std::vector<std::vector<double>>>(),
                         .path_picture = each.at("path").get<std::string>(),
                         .glimpses_picture = each.at("glimpses").get<std::string>(),
                         .masks = each.at("masks").get<bool>()};
      bool whole = !image.probabilities.empty() && image.truth >= 0;
      for (const std::vector<double>& step : image.probabilities)
        whole = whole && image.truth < static_cast<Index>(step.size());
      // A list may name files beside it, and no others.
      for (const std::string& name : {image.path_picture, image.glimpses_picture})
        whole = whole && !name.empty() && std::filesystem::path(name).filename() == name;
      if (!whole) throw FileError('"' + file.string() + "\": image \"" + image.image + "\" is not described whole");
      gallery.images.push_back(std::move(image));
    }
    return gallery;
  } catch (const nlohmann::json::exception&) {
    throw FileError('"' + file.string() + "\": is not the list of a gallery");
  }
}

/// Removes pictures of an earlier gallery, told by their names, that the list does not name. Others' files stay.
/// @throws FileError where the list cannot be read
inline void remove_unlisted_pictures(const std::filesystem::path& folder) {
  if (!file_exists(folder / "gallery.json")) return;
  std::set<std::string> listed;
  for (const GalleryImage& image : read_gallery(folder).images)
    for (const std::string& name : {image.path_picture, image.glimpses_picture}) listed.insert(name);
  std::vector<std::filesystem::path> others;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const std::size_t digits = name.find_first_not_of("0123456789");
    const bool ours = digits >= 2 && digits != name.npos &&
                      (name.substr(digits) == "_path.jpg" || name.substr(digits) == "_glimpses.jpg");
    if (ours && !listed.contains(name)) others.push_back(entry->path());
  }
  for (const std::filesystem::path& picture : others) std::filesystem::remove(picture, error);
}

}  // namespace saccade::report
