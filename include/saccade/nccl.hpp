#pragma once

/// GPUs that speak to each other by NCCL. Opt-in: needs CUDA and NCCL; link saccade::nccl.

#include <saccade/nccl/nccl_communicator.hpp>
