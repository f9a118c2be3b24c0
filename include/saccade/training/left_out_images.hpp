#pragma once

#include <saccade/core/bad_rows_error.hpp>
#include <saccade/core/error.hpp>
#include <saccade/core/message.hpp>
#include <saccade/core/process_group.hpp>
#include <saccade/data/dataset.hpp>
#include <saccade/data/loader.hpp>
#include <saccade/training/agreed_bad_images.hpp>
#include <saccade/training/listed_images.hpp>
#include <saccade/training/parted_batches.hpp>
#include <saccade/training/step_report.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// Images that turned out to be damaged in the middle of a run: it never opens them again, resumed or not.
namespace saccade::inline SACCADE_NAMESPACE {

/// Calls `step` with a batch, and where images of it turn out to be damaged, leaves them out of the loader and calls it
/// again with the others. Nothing where none is left.
/// @throws FileError when there are more bad images than the loader allows
template <class B, class Step>
[[nodiscard]] std::optional<StepReport> over_sound_images(data::Loader& loader, std::span<const ListedImage<B>> batch,
                                                          const Step& step) {
  std::vector<ListedImage<B>> sound(batch.begin(), batch.end());
  while (!sound.empty()) {
    try {
      return step(std::span<const ListedImage<B>>(sound));
    } catch (const BadRowsError& error) {
      for (const BadRow& bad : error.rows()) loader.leave_out(sound[bad.row].index, bad.problem);
      for (auto bad = error.rows().rbegin(); bad != error.rows().rend(); ++bad)
        sound.erase(sound.begin() + static_cast<std::ptrdiff_t>(bad->row));
    }
  }
  return {};
}

/// The same of a batch in parts, by all processes of the group at once.
/// @param step  of what this process has of the batch; it may be nothing
/// @throws FileError, in all of them, when there are more bad images than are allowed
template <class B, class Step>
[[nodiscard]] std::optional<StepReport> over_sound_images(data::Loader& loader, AgreedBadImages& bad,
                                                          PartedBatches<B>& batches, const Step& step) {
  while (batches.images() > 0) {
    try {
      return step(batches.loaded());
    } catch (const BadRowsError& error) {
      batches.leave_out(error.rows(), loader, bad);
    }
  }
  return {};
}

/// Adds those that the loader of any process of the group has left out to `known`.
inline void gather_left_out(const ProcessGroup& group, const data::Loader& loader, std::vector<Index>& known) {
  const std::vector<std::string> told = group.together([&] {
    MessageWriter message;
    message.add_list(std::span<const Index>(loader.left_out()));
    return message.take();
  });
  for (const std::string& text : told) {
    MessageReader message(text);
    for (const Index image : message.read_list<Index>())
      if (std::find(known.begin(), known.end(), image) == known.end()) known.push_back(image);
  }
}

/// Leaves them out of a loader from its first epoch on.
/// @param name  of the checkpoint that says so
/// @throws FileError for one that the data set has not, or where there are more than are allowed
inline void leave_out_again(data::Loader& loader, const std::vector<Index>& images, const data::Dataset& dataset,
                            const std::string& name) {
  for (const Index image : images) {
    if (image < 0 || image >= dataset.size()) {
      throw FileError('"' + name + "\": has left out image " + std::to_string(image) + ", but there are " +
                      std::to_string(dataset.size()));
    }
    loader.leave_out(image, '"' + dataset.sample(image).name + "\": turned out to be damaged before");
  }
}

}  // namespace saccade
