#pragma once

#include <saccade/data/dataset.hpp>
#include <saccade/data/slide_files.hpp>

#include <string>

namespace program {

/// Opens whole slides, where the program is built with OpenSlide. All share one pool.
saccade::data::SlideReader slide_reader();

/// "slides: at most 32 open, with 1024 MiB of decoded tiles\n" where a data set has slides; else empty.
std::string describe_slides(const saccade::data::Dataset& dataset);

}  // namespace program
