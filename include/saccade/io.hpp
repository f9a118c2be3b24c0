#pragma once

/// Opt-in: files. Image files, data sets, checkpoints, the folders of runs, progress on a terminal. Needs
/// nlohmann/json, libpng with zlib, libjpeg-turbo and POSIX: link saccade::io.
#include <saccade/classify.hpp>
#include <saccade/data/annotations.hpp>
#include <saccade/data/equal_images.hpp>
#include <saccade/data/idx.hpp>
#include <saccade/data/official_split.hpp>
#include <saccade/data/open_dataset.hpp>
#include <saccade/data/write_slide_tissue.hpp>
#include <saccade/data/write_synthetic_tissue.hpp>
#include <saccade/data/write_two_region_tissue.hpp>
#include <saccade/report/evaluation_json.hpp>
#include <saccade/report/evaluation_table.hpp>
#include <saccade/report/event_file.hpp>
#include <saccade/report/geojson.hpp>
#include <saccade/report/progress.hpp>
#include <saccade/report/run_folder.hpp>
#include <saccade/report/run_report.hpp>
#include <saccade/training/known_groups.hpp>
#include <saccade/training/trained_classifier.hpp>
#include <saccade/training/training_run.hpp>
