#pragma once

#include <saccade/core/bad_rows_error.hpp>
#include <saccade/core/component.hpp>
#include <saccade/core/tensor.hpp>
#include <saccade/ops/memory.hpp>

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// Calls `make`, which makes pass number `pass` over a batch, with its update, and returns what that returns. Where
/// streamed images turn out to be damaged in the first one, the running statistics are put back: nothing has changed
/// then.
/// @param images  of the batch, of which the rows are any number of rollouts, all images before the first comes again
/// @throws BadRowsError, by places among the images, each once; a plain FileError in a later pass, after an update
template <class B, class Statistics, class Make>
auto or_as_before(B& b, Statistics& statistics, ImageBatch<B> images, Index pass, const Make& make) {
  if (all_resident<B>(images)) return make();
  std::vector<std::vector<Scalar<B>>> before;
  const auto tensors = named_tensors<B>(statistics);
  for (const auto& named : tensors) before.push_back(to_vector(b, *named.tensor));
  try {
    return make();
  } catch (const BadRowsError& error) {
    if (pass > 0) throw FileError(error.what());  // a slide that has vanished since the first
    for (std::size_t i = 0; i < tensors.size(); ++i)
      ops::upload(b, std::span<const Scalar<B>>(before[i]), *tensors[i].tensor);
    std::map<std::size_t, std::string> bad;
    for (const BadRow& each : error.rows()) bad.try_emplace(each.row % images.size(), each.problem);
    std::vector<BadRow> rows;
    for (auto& [image, problem] : bad) rows.push_back({image, std::move(problem)});
    throw BadRowsError(std::move(rows));
  }
}

}  // namespace saccade
