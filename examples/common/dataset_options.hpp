#pragma once

#include <saccade/training/run_data.hpp>

#include <CLI/CLI.hpp>

#include <optional>
#include <string>

#include "common/loader_choice.hpp"
#include "common/options.hpp"

/// Options of the programs that read a data set.
namespace program {

/// A sentence where `text` is no split; nothing where it is one.
inline std::string split_problem(const std::string& text) {
  try {
    static_cast<void>(saccade::data::parse_split(text));
    return {};
  } catch (const saccade::ConfigError& error) {
    return error.what();
  }
}

inline CLI::Option* add_data_option(Options& options, saccade::DataChoice& choice) {
  return options
      .add_option("--data", choice.folder,
                  "folder of the images or whole slides: BreakHis, a folder for each class, IDX files, or one with a "
                  "manifest.csv")
      ->required();
}

inline CLI::Option* add_magnification_option(Options& options, saccade::DataChoice& choice) {
  return options
      .add_option("--magnification", choice.options.magnification,
                  "at which the images are looked at: of BreakHis 40, 100, 200 or 400; of whole slides that of the "
                  "scanner, or a half, a quarter, ... of it")
      ->check(CLI::PositiveNumber);
}

/// What full resolution means of whole slides. @param magnification  the option for it, which says the same
inline void add_microns_option(Options& options, std::optional<double>& microns, CLI::Option* magnification) {
  options.add_option("--microns-per-pixel", microns, "of whole slides, in place of --magnification")
      ->check(CLI::PositiveNumber)
      ->excludes(magnification)
      ->default_str("as scanned");
}

inline CLI::Option* add_split_option(Options& options, saccade::DataChoice& choice) {
  return options
      .add_option("--split", choice.split,
                  "by group: random:SEED (70/30), folds:K:I[:SEED] (fold I of K), given (as the data say), official:1 "
                  "to official:5 (BreakHis), or all")
      ->check(split_problem)
      ->default_str("given where the data say, else random:1");
}

inline CLI::Option* add_group_option(Options& options, saccade::DataChoice& choice) {
  return options
      .add_option("--group", choice.options.group,
                  "what counts as one patient of BreakHis: a slide, or the number of its case")
      ->check(CLI::IsMember({"slide", "case"}))
      ->default_str("slide");
}

inline void add_folds_option(Options& options, saccade::DataChoice& choice) {
  options.add_option("--folds", choice.folds, "folder of dsfold1.txt to dsfold5.txt, if it is not beside the data");
}

inline void add_loader_options(Options& options, LoaderChoice& choice) {
  options.add_option("--decode-threads", choice.decode_threads, "that decode images")->check(CLI::Range(1, 1024));
  options.add_option("--cache-mb", choice.cache_megabytes, "MiB of decoded images that are kept")
      ->check(CLI::Range(0, 1 << 24));
  options.add_option("--max-bad-images", choice.max_bad_images, "images that cannot be used are left out up to here")
      ->check(CLI::Range(0, 1 << 24));
}

inline void add_kind_option(Options& options, saccade::DataChoice& choice) {
  options.add_option("--kind", choice.options.kind, "of the data: breakhis, folders, manifest or idx")
      ->check(CLI::IsMember({"breakhis", "folders", "manifest", "idx"}))
      ->default_str("found out");
}

}  // namespace program
