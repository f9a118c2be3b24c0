#pragma once

#include <saccade/core/bad_rows_error.hpp>
#include <saccade/core/message.hpp>

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace saccade::inline SACCADE_NAMESPACE {

/// The damaged images of a batch by their places, each once and in order.
/// @param images  of the batch, of which the rows are any number of rollouts, all images before the first comes again
/// @param first   place of the first of them
[[nodiscard]] inline std::vector<BadRow> bad_places(const BadRowsError& error, std::size_t images,
                                                    std::size_t first = 0) {
  std::map<std::size_t, std::string> bad;
  for (const BadRow& each : error.rows()) bad.try_emplace(first + each.row % images, each.problem);
  std::vector<BadRow> places;
  for (auto& [place, problem] : bad) places.push_back({place, std::move(problem)});
  return places;
}

inline void add_bad_rows(MessageWriter& message, const std::vector<BadRow>& bad) {
  message.add(bad.size());
  for (const BadRow& each : bad) {
    message.add(each.row);
    message.add_text(each.problem);
  }
}

/// Appends what `add_bad_rows` has written.
inline void read_bad_rows(MessageReader& message, std::vector<BadRow>& bad) {
  for (auto count = message.read<std::size_t>(); count > 0; --count) {
    const auto row = message.read<std::size_t>();
    bad.push_back({row, message.read_text()});
  }
}

/// Calls `make`, which looks at images in pass number `pass` over a batch. Behind the first pass there has been an
/// update, which cannot be taken back: images that turn out to be damaged then, a slide that has vanished, end a run.
/// @throws BadRowsError in the first pass, a plain FileError in a later one
template <class Make>
auto in_pass(Index pass, const Make& make) {
  try {
    return make();
  } catch (const BadRowsError& error) {
    if (pass > 0) throw FileError(error.what());
    throw;
  }
}

}  // namespace saccade
