#include <saccade/model/glimpse_policy.hpp>
#include <saccade/version.hpp>

#include <CLI/CLI.hpp>

#include <cstdio>
#include <iostream>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "classify_options.hpp"
#include "common/backend_options.hpp"
#include "common/dataset_options.hpp"
#include "common/feature_cache.hpp"
#include "common/program.hpp"
#include "data_options.hpp"
#include "evaluate_options.hpp"
#include "explain_options.hpp"
#include "processes.hpp"
#include "subcommands.hpp"
#include "tissue_options.hpp"
#include "train_options.hpp"

namespace {

using program::Options;

void add_checkpoint_option(Options& options, std::filesystem::path& checkpoint) {
  options.add_option("--checkpoint", checkpoint, "written by saccade train")->required();
}

void add_image_options(Options& options, program::ImageInputs& images) {
  options
      .add_option("images", images.names,
                  "PNG or JPEG files or whole slides, not smaller than the glimpse and not larger than the model's "
                  "thumbnail covers, folders of such or of IDX files, and - for names on standard input, one a line")
      ->take_all();
  options
      .add_option("--list", images.lists, "file that holds names of images and folders, one a line; may be repeated")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all();
  CLI::Option* const magnification =
      options
          .add_option("--magnification", images.resolution.magnification,
                      "at which whole slides are looked at: that of the scanner, or a half, a quarter, ... of it")
          ->check(CLI::PositiveNumber)
          ->default_str("that of the training");
  program::add_microns_option(options, images.resolution.microns_per_pixel, magnification);
  options.get_option("--microns-per-pixel")->default_str("that of the training");
}

/// How a data set is read and divided.
void add_dataset_options(Options& options, saccade::DataChoice& data) {
  program::add_data_option(options, data);
  program::add_kind_option(options, data);
  program::add_microns_option(options, data.options.microns_per_pixel,
                              program::add_magnification_option(options, data));
  program::add_split_option(options, data);
  program::add_group_option(options, data);
  program::add_folds_option(options, data);
}

void add_validation_option(Options& options, saccade::DataChoice& data) {
  options
      .add_option(
          "--validation", data.validation,
          "share of the training groups to choose the best epoch by; 0.15, or 0 with --split all, or where the data "
          "say which images validate")
      ->check(CLI::Range(0.0, 0.9));
}

int run_train(Options& options, int argc, char* argv[]) {
  program::TrainOptions o;
  add_dataset_options(options, o.data);
  add_validation_option(options, o.data);
  options.add_option("--preset", o.preset, "of the model and of its training")
      ->check(CLI::IsMember({"paper", "large", "compact", "pretrained"}));
  options
      .add_option("--set", o.fields,
                  "NAME=VALUE, a field of the model (encoder.width=32) or of its training (training.decay=0.9); may be "
                  "repeated")
      ->check(program::field_problem)
      ->expected(1)
      ->take_all();
  options.add_option("--weights", o.weights, "safetensors file of the encoder that encoder.backbone.kind names")
      ->check(CLI::ExistingFile);
  options
      .add_option("--start-from", o.start_from,
                  "checkpoint of another run: begin with its weights, wherever they fit by name and shape")
      ->check(CLI::ExistingFile);
  options.add_option("--epochs", o.epochs, "to train; else the preset's")->check(CLI::Range(1, 1 << 24));
  options.add_option("--batch", o.batch, "images in a step; else the preset's")->check(CLI::Range(1, 1 << 16));
  options.add_option("--learning-rate", o.learning_rate, "of the first epoch; else the preset's")
      ->check(CLI::PositiveNumber);
  options
      .add_option("--glimpses", o.glimpses,
                  "of training: learned (once called policy), random or centre; else the preset's")
      ->check(CLI::IsMember({"learned", "policy", "random", "centre"}));
  options.add_flag("--no-augmentation", o.no_augmentation, "do not turn and flip the training images");
  options.add_option("--seed", o.seed, "of the weights and of every draw");
  options.add_option("--out", o.out, "folder of the run")->required();
  options.add_flag("--resume", o.resume, "go on where the folder's checkpoint stands, or begin where there is none");
  options.add_option("--checkpoint-every", o.checkpoint_every, "steps; 0: after each epoch only")
      ->check(CLI::Range(0, 1 << 24));
  options.add_flag(
      "--recompute", o.recompute,
      "compute the activations of a glimpse again on the way back: the same numbers in less memory, slower");
  options.add_flag("--tensorboard", o.tensorboard, "also write event files for TensorBoard into tensorboard/");
  program::add_loader_options(options, o.loader);
  program::add_feature_cache_option(options, o.feature_cache_megabytes);
  program::add_backend_options(options, o.backend);
  return program::run(options, argc, argv, [&] { return program::train(o); });
}

int run_evaluate(Options& options, int argc, char* argv[]) {
  program::EvaluateOptions o;
  add_dataset_options(options, o.data);
  for (const char* of_the_training : {"--magnification", "--microns-per-pixel", "--split", "--group"})
    options.get_option(of_the_training)->default_str("that of the training");
  add_checkpoint_option(options, o.checkpoint);
  options.add_option("--policy", o.policy, "of the headline; the others are reported as controls")
      ->check(CLI::IsMember(
          std::vector<std::string>(saccade::glimpse_policy_names.begin(), saccade::glimpse_policy_names.end())));
  options.add_option("--out", o.out, "folder for evaluation.json and report.html, that of the run for example")
      ->required();
  options.add_option("--gallery", o.gallery, "images with right and as many with wrong answers to draw for the report")
      ->check(CLI::Range(0, 99));
  options.add_option("--batch", o.batch, "images in a step")->check(CLI::Range(1, 1 << 16));
  options
      .add_option("--rollouts", o.rollouts,
                  "also average the probabilities of so many drawn rollouts, beside the one at the means")
      ->check(CLI::Range(1, 1 << 10));
  options.add_option("--seed", o.seed, "of the random policy, of drawn rollouts and of the intervals");
  program::add_loader_options(options, o.loader);
  program::add_backend_options(options, o.backend);
  return program::run(options, argc, argv, [&] { return program::evaluate(o); });
}

int run_explain(Options& options, int argc, char* argv[]) {
  program::ExplainOptions o;
  add_checkpoint_option(options, o.checkpoint);
  options.add_option("--out", o.out, "folder for the pictures")->required();
  add_image_options(options, o.images);
  options.add_option("--pick", o.pick, "explain so many of the images, evenly spread over them; 0: all")
      ->check(CLI::Range(0, 1 << 24));
  program::add_backend_options(options, o.backend);
  return program::run(options, argc, argv, [&] { return program::explain(o); });
}

int run_classify(Options& options, int argc, char* argv[]) {
  program::ClassifyOptions o;
  add_checkpoint_option(options, o.checkpoint);
  bool json = false, csv = false;
  CLI::Option* json_flag = options.add_flag("--json", json, "one JSON object a line (JSON lines)");
  options.add_flag("--csv", csv, "comma-separated values with a header (RFC 4180)")->excludes(json_flag);
  add_image_options(options, o.images);
  program::add_backend_options(options, o.backend);
  return program::run(options, argc, argv, [&] {
    if (json) o.format = program::AnswerFormat::json_lines;
    if (csv) o.format = program::AnswerFormat::csv;
    return program::classify(o);
  });
}

int run_report(Options& options, int argc, char* argv[]) {
  std::filesystem::path folder;
  options.add_option("run", folder, "folder of a training or of an evaluation")->required();
  return program::run(options, argc, argv, [&] { return program::report(folder); });
}

int run_tissue(Options& options, int argc, char* argv[]) {
  program::TissueOptions o;
  options.add_option("--out", o.out, "folder to write to")->required();
  options.add_option("--seed", o.tissue.seed, "the same seed gives the same bytes");
  options.add_option("--patients", o.tissue.patients_per_class, "of each class")->check(CLI::Range(1, 10000));
  options.add_option("--images", o.tissue.images_per_patient, "of each patient")->check(CLI::Range(1, 10000));
  options.add_option("--width", o.tissue.width, "of an image, in pixels");
  options.add_option("--height", o.tissue.height, "of an image, in pixels");
  options.add_option("--region-area", o.tissue.region_area, "of the region, as a share of the image");
  options.add_option("--magnification", o.tissue.magnification, "written into the names; the pictures are the same")
      ->check(CLI::IsMember({40, 100, 200, 400}));
  options.add_flag("--compare", o.compare,
                   "two regions an image, in photographs of a manifest.csv; the class is whether they are of one kind");
  CLI::Option* const slide = options.add_flag("--slide", o.slides,
                                              "draw whole slides: --images of each class, tiled TIFF files with a "
                                              "manifest.csv; one region of a slide tells its class");
  options.add_option("--region", o.slide.region, "side of the region of a slide, in pixels")->needs(slide);
  options.add_option("--threads", o.threads, "that draw")->check(CLI::Range(1, 1024));
  return program::run(options, argc, argv, [&] {
    for (const char* of_photographs : {"--patients", "--region-area", "--magnification", "--compare"}) {
      saccade::expect_config(!o.slides || options.get_option(of_photographs)->count() == 0,
                             std::string(of_photographs) + " is of photographs, not of whole slides");
    }
    saccade::expect_config(!o.compare || options.get_option("--magnification")->count() == 0,
                           "--magnification is written into names of BreakHis, which --compare does not give");
    o.slide.seed = o.tissue.seed;
    if (options.get_option("--width")->count() > 0) o.slide.width = o.tissue.width;
    if (options.get_option("--height")->count() > 0) o.slide.height = o.tissue.height;
    if (options.get_option("--images")->count() > 0) o.slide.slides_per_class = o.tissue.images_per_patient;
    return program::tissue(o);
  });
}

int run_data(Options& options, int argc, char* argv[]) {
  program::DataOptions o;
  add_dataset_options(options, o.data);
  add_validation_option(options, o.data);
  options.add_flag("--pixels", o.pixels,
                   "find images in two parts that show the same, however their files were written: decodes all images");
  return program::run(options, argc, argv, [&] { return program::data(o); });
}

/// A part of the program, with options of its own.
struct Subcommand {
  const char* name;
  const char* summary;
  const char* description;  ///< what the summary leaves out; empty: nothing
  int (*run)(Options& options, int argc, char* argv[]);
  bool by_several = false;  ///< whether processes of an MPI share its work
};

constexpr Subcommand subcommands[] = {
    {"train", "Trains a hybrid attention classifier on labelled images, divided by group.", "", run_train, true},
    {"evaluate", "Evaluates a checkpoint on the test part of a split.",
     "Its learned policy stands beside control policies that look at nothing.", run_evaluate, true},
    {"explain", "Draws where a classifier looked in images, and what its soft masks weighed.",
     "For each image NAME_glimpses.png and NAME_masks.png, of a whole slide NAME.geojson in place of the latter, which "
     "QuPath imports. Prints the files written.",
     run_explain},
    {"classify", "Classifies images.",
     "One line each with the class, its probability, and the top left corners of the glimpses. Goes on after an image "
     "that cannot be used, and then ends with 1.",
     run_classify, true},
    {"report", "Makes report.html, one page that shows a run, from what its folder holds.",
     "Curves, predictions, pictures, configuration. Prints its path.", run_report},
    {"tissue", "Draws a data set of synthetic tissue in the layout of BreakHis.",
     "Each image holds one region of nuclei that tells its class; regions.csv says where. With --compare it holds two, "
     "and the class is whether they are alike; with --slide it draws slides of any size.",
     run_tissue},
    {"data", "Says what a training would take of a data set, and how it would be divided.",
     "What is passed over and why, classes and groups by part, and what is in two parts. Trains nothing.", run_data},
};

std::string names() {
  std::string list;
  for (const Subcommand& each : subcommands) list += (list.empty() ? "" : ", ") + std::string(each.name);
  return list;
}

void print_help() {
  std::cout << "Classifies large images through a few small glimpses.\nUsage: saccade SUBCOMMAND [OPTIONS]\n\n"
               "Subcommands, each with --help:\n";
  for (const Subcommand& each : subcommands) {
    const std::string name = each.name;
    std::cout << "  " << name << std::string(11 - name.size(), ' ') << each.summary << '\n';
  }
  std::cout << "\n  --help     this text\n  --version  the version of Saccade\n";
}

}  // namespace

int main(int argc, char* argv[]) try {
  const std::string_view word = argc > 1 ? argv[1] : "";
  for (const Subcommand& each : subcommands) {
    if (word != each.name) continue;
    const std::string detail = each.description;
    Options options("saccade " + std::string(each.name), each.summary + (detail.empty() ? "" : " " + detail));
    if (each.by_several) return each.run(options, argc - 1, argv + 1);
    return program::run(options.get_name(), [&] {
      program::expect_one_process(options.get_name());
      return each.run(options, argc - 1, argv + 1);
    });
  }
  return program::run("saccade", [&]() -> int {
    if (word == "--help" || word == "-h" || word == "help") {
      print_help();
    } else if (word == "--version") {
      std::cout << "saccade " << SACCADE_VERSION_MAJOR << '.' << SACCADE_VERSION_MINOR << '.' << SACCADE_VERSION_PATCH
                << '\n';
    } else {
      throw saccade::ConfigError((word.empty() ? "which subcommand?" : "there is no subcommand " + std::string(word)) +
                                 std::string(" (known: ") + names() + "); --help describes them");
    }
    return program::success;
  });
} catch (const std::bad_alloc&) {  // while the options were made
  std::fputs("saccade: out of memory\n", stderr);
  return program::failure;
}
