#pragma once

/// Every operation of the library.
#include <saccade/ops/activated_convolution.hpp>
#include <saccade/ops/convolution.hpp>
#include <saccade/ops/convolution_epilogue.hpp>
#include <saccade/ops/forwarding_backend.hpp>
#include <saccade/ops/glimpse.hpp>
#include <saccade/ops/image_handle.hpp>
#include <saccade/ops/linear.hpp>
#include <saccade/ops/loss.hpp>
#include <saccade/ops/mask.hpp>
#include <saccade/ops/memory.hpp>
#include <saccade/ops/normalization.hpp>
#include <saccade/ops/optimizer.hpp>
#include <saccade/ops/pointwise.hpp>
#include <saccade/ops/policy.hpp>
#include <saccade/ops/pooling.hpp>
#include <saccade/ops/recurrent.hpp>
#include <saccade/ops/step.hpp>
#include <saccade/ops/upsample.hpp>
