#pragma once

/// The whole library but what is opt-in: CUDA, the conformance kit, and the headers that need more than Eigen.

#include <saccade/core/backend.hpp>
#include <saccade/core/box.hpp>
#include <saccade/core/component.hpp>
#include <saccade/core/config.hpp>
#include <saccade/core/error.hpp>
#include <saccade/core/geometry.hpp>
#include <saccade/core/image.hpp>
#include <saccade/core/random_key.hpp>
#include <saccade/core/shape.hpp>
#include <saccade/core/symmetry.hpp>
#include <saccade/core/tensor.hpp>
#include <saccade/version.hpp>
