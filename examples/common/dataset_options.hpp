#pragma once

#include <saccade/data/loader.hpp>
#include <saccade/training/breakhis_dataset.hpp>

#include <CLI/CLI.hpp>

#include <cstddef>
#include <iostream>
#include <string>
#include <vector>

/// Options of the programs that read a data set.
namespace program {

/// How images are read.
struct LoaderChoice {
  int decode_threads = 2;
  saccade::Index cache_megabytes = 1024;
  saccade::Index max_bad_images = 0;

  [[nodiscard]] saccade::data::LoaderOptions options(saccade::Index batch) const {
    return {.threads = decode_threads,
            .prefetch = 2 * batch,
            .cache_bytes = static_cast<std::size_t>(cache_megabytes) << 20,
            .max_bad_images = max_bad_images};
  }
};

/// A sentence where `text` is no split; nothing where it is one.
inline std::string split_problem(const std::string& text) {
  try {
    static_cast<void>(saccade::data::parse_split(text));
    return {};
  } catch (const saccade::ConfigError& error) {
    return error.what();
  }
}

inline CLI::Option* add_data_option(CLI::App& options, saccade::DatasetChoice& choice) {
  return options.add_option("--data", choice.folder, "BreakHis or a part of it: a folder at or above its images")
      ->required();
}

inline CLI::Option* add_magnification_option(CLI::App& options, saccade::DatasetChoice& choice) {
  return options.add_option("--magnification", choice.magnification, "of the images")
      ->check(CLI::IsMember({40, 100, 200, 400}));
}

inline CLI::Option* add_split_option(CLI::App& options, saccade::DatasetChoice& choice) {
  return options
      .add_option("--split", choice.split, "by patient: official:1 to official:5, random:SEED (70/30), or all")
      ->check(split_problem);
}

inline CLI::Option* add_group_option(CLI::App& options, saccade::DatasetChoice& choice) {
  using saccade::data::Grouping;
  return options
      .add_option_function<std::string>(
          "--group",
          [&choice](const std::string& word) {
            choice.grouping = word == "case" ? Grouping::case_number : Grouping::slide;
          },
          "what counts as one patient: a slide, or the number of its case")
      ->check(CLI::IsMember({"slide", "case"}))
      ->default_str("slide");
}

inline void add_folds_option(CLI::App& options, saccade::DatasetChoice& choice) {
  options.add_option("--folds", choice.folds, "folder of dsfold1.txt to dsfold5.txt, if it is not beside the data");
}

inline void add_loader_options(CLI::App& options, LoaderChoice& choice) {
  options.add_option("--decode-threads", choice.decode_threads, "that decode images")->check(CLI::Range(1, 1024));
  options.add_option("--cache-mb", choice.cache_megabytes, "MiB of decoded images that are kept")
      ->check(CLI::Range(0, 1 << 24));
  options.add_option("--max-bad-images", choice.max_bad_images, "images that cannot be used are left out up to here")
      ->check(CLI::Range(0, 1 << 24));
}

/// Warns on stderr of bad images from number `known` on. @returns how many there are
inline std::size_t warn_of_bad_images(const std::string& name, const std::vector<saccade::data::BadImage>& bad,
                                      std::size_t known) {
  for (; known < bad.size(); ++known)
    std::cerr << name << ": warning: left out: " << bad[known].problem << " (bad image number " << known + 1 << ")\n";
  return known;
}

}  // namespace program
