#pragma once

/// Opt-in: the conformance kit for backends of your own, and the tools that it is made of.
#include <saccade/testing/archetype_backend.hpp>
#include <saccade/testing/conformance.hpp>
