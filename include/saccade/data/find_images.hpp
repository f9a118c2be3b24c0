#pragma once

#include <saccade/core/error.hpp>
#include <saccade/core/utf8.hpp>
#include <saccade/data/account.hpp>
#include <saccade/data/slide_files.hpp>

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE::data {

/// The path below `folder`, with slashes, in UTF-8.
[[nodiscard]] inline std::string name_below(const std::filesystem::path& folder, const std::filesystem::path& path) {
  return to_utf8(path.lexically_relative(folder).generic_string());
}

/// Whether a file is taken for an image by its name: .png, .jpg or .jpeg, in small letters or capitals.
[[nodiscard]] inline bool has_image_ending(const std::filesystem::path& path) {
  std::string ending = path.extension().string();
  for (char& letter : ending) letter = letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter;
  return ending == ".png" || ending == ".jpg" || ending == ".jpeg";
}

/// What lies at `path`, links followed; `not_found` where nothing does.
/// @throws FileError where that cannot be told: a folder above it may not be entered
[[nodiscard]] inline std::filesystem::file_type file_type_of(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::file_type type = std::filesystem::status(path, error).type();
  if (type != std::filesystem::file_type::none) return type;
  if (error == std::errc::too_many_symbolic_link_levels) return std::filesystem::file_type::not_found;
  throw FileError('"' + path.string() + "\": cannot be read: " + error.message());
}

/// What a folder holds itself, sorted. @throws FileError naming the folder where it cannot be read
[[nodiscard]] inline std::vector<std::filesystem::path> list_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::filesystem::path> entries;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    entries.push_back(entry->path());
  if (error) throw FileError('"' + folder.string() + "\": the folder cannot be read: " + error.message());
  std::sort(entries.begin(), entries.end());
  return entries;
}

/// Why slides are passed over where nobody can open them.
inline constexpr const char* slides_passed_over = "whole slides, which this program does not read";

namespace detail {

/// `above`: the folders that lead here, without links, to see a link to one of them.
inline void find_images(const std::filesystem::path& root, const std::filesystem::path& folder, bool slides,
                        std::vector<std::filesystem::path>& above, std::vector<std::filesystem::path>& images,
                        Account& account) {
  std::error_code error;
  above.push_back(std::filesystem::canonical(folder, error));
  for (const std::filesystem::path& path : list_folder(folder)) {
    const std::filesystem::file_type type = file_type_of(path);
    const auto pass_over = [&](const char* reason) { account.pass_over(reason, name_below(root, path)); };
    const bool is_folder = type == std::filesystem::file_type::directory;
    if (path.filename().string().starts_with('.')) {
      pass_over(is_folder ? "hidden folders" : "hidden files");
    } else if (is_folder) {
      const std::filesystem::path target = std::filesystem::canonical(path, error);
      if (std::find(above.begin(), above.end(), target) == above.end()) {
        find_images(root, path, slides, above, images, account);
      } else {
        pass_over("links to a folder above them");
      }
    } else if (type == std::filesystem::file_type::not_found) {
      pass_over("links to nothing");
    } else if (type != std::filesystem::file_type::regular) {
      pass_over("neither files nor folders");
    } else if (!has_image_ending(path) && !has_slide_ending(path)) {
      pass_over("files that are not .png, .jpg or .jpeg");
    } else if (has_slide_ending(path) && !slides) {
      pass_over(slides_passed_over);
    } else if (is_slide_of_several_files(path)) {
      pass_over("parts of slides of several files, of which a manifest names the first");
    } else {
      images.push_back(path);
    }
  }
  above.pop_back();
}

}  // namespace detail

/// Every PNG and JPEG file at or below `folder`, by its ending, sorted by path. Links are followed.
/// @param account  told what is passed over, by the path below `folder`
/// @param slides   whether whole slides are taken as well
/// @throws FileError where a folder is missing or cannot be read, naming it
[[nodiscard]] inline std::vector<std::filesystem::path> find_images(const std::filesystem::path& folder,
                                                                    Account& account, bool slides = false) {
  std::vector<std::filesystem::path> images, above;
  detail::find_images(folder, folder, slides, above, images, account);
  std::sort(images.begin(), images.end());
  return images;
}

}  // namespace saccade::data
