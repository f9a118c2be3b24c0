#pragma once

#include <saccade/core/bad_rows_error.hpp>
#include <saccade/core/component.hpp>
#include <saccade/core/tensor.hpp>
#include <saccade/ops/memory.hpp>
#include <saccade/training/bad_places.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// Calls `make`, which makes pass number `pass` over a batch, with its update, and returns what that returns. Where
/// streamed images turn out to be damaged in the first one, the running statistics are put back: nothing has changed
/// then.
/// @param images  of the batch, of which the rows are any number of rollouts, all images before the first comes again
/// @throws BadRowsError, by places among the images, each once; a plain FileError in a later pass, see in_pass
template <class B, class Statistics, class Make>
auto or_as_before(B& b, Statistics& statistics, ImageBatch<B> images, Index pass, const Make& make) {
  if (pass > 0 || all_resident<B>(images)) return in_pass(pass, make);
  std::vector<std::vector<Scalar<B>>> before;
  const auto tensors = named_tensors<B>(statistics);
  for (const auto& named : tensors) before.push_back(to_vector(b, *named.tensor));
  try {
    return make();
  } catch (const BadRowsError& error) {
    for (std::size_t i = 0; i < tensors.size(); ++i)
      ops::upload(b, std::span<const Scalar<B>>(before[i]), *tensors[i].tensor);
    throw BadRowsError(bad_places(error, images.size()));
  }
}

}  // namespace saccade
