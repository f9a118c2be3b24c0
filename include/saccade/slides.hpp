#pragma once

/// Whole-slide images. Opt-in: needs OpenSlide; link saccade::slides.

#include <saccade/slides/openslide_image.hpp>
#include <saccade/slides/slide_pool.hpp>
#include <saccade/slides/slide_reader.hpp>
