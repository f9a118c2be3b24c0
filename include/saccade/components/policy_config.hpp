#pragma once

#include <saccade/components/patch_readout.hpp>
#include <saccade/core/shape.hpp>

namespace saccade::inline SACCADE_NAMESPACE {

/// How the next location is distributed.
enum class PolicyKind {
  gaussian,  ///< GaussianPolicy, as in the paper
  cell,      ///< CellPolicy, over the cells of the thumbnail
};

/// How the location head's output becomes a mean: as it is, or squashed into (-1, 1).
enum class MeanSquash { none, tanh };

/// Whether the policy gradient goes on from the location head into the recurrent core and the encoder.
enum class StateGradient { attached, detached };

/// Of the policies of the library; a policy of your own may have any other.
struct PolicyConfig {
  PolicyKind kind = PolicyKind::gaussian;
  Index hidden = 256;
  double sigma = 0.15;       ///< standard deviation of the location, in units of half the image
  bool learn_sigma = false;  ///< then `sigma` is where it begins, and it stays between the next two
  double sigma_low = 0.05;
  double sigma_high = 1.0;
  double entropy = 0.0;           ///< weight of each location's entropy, which is subtracted from the loss
  double movement_penalty = 0.0;  ///< weight of the squared distance from a mean to the next one, added to the loss
  MeanSquash squash = MeanSquash::tanh;
  StateGradient state = StateGradient::detached;
  Index patch = 0;  ///< numbers from a PatchReadout that the location head reads beside h; 0 in the paper
  Readout patch_readout = Readout::convolution;
  Index context = 0;  ///< numbers from a ContextNetwork that it reads as well; 0 in the paper
  Index cells = 0;    ///< on each side of the ContextNetwork's map, where the policy is over these
  Index zooms = 1;    ///< of the sensor, among which the policy chooses as well
};

}  // namespace saccade
